import { get16, get32, set16, set32 } from './bytes.ts';
import { CUT, OK } from './check.ts';
import { checksum, pseudoSum6 } from './checksum.ts';
import { IPPROTO_ICMPV6 } from './protocols.ts';

/** ICMPv6 (RFC 4443). Neighbour discovery is in neighbour-discovery.ts. */

export const ICMPV6_LENGTH = 8;
export const ICMPV6_CHECKSUM_AT = 2;

export const ICMPV6_DEST_UNREACH = 1;
export const ICMPV6_PACKET_TOO_BIG = 2;
export const ICMPV6_TIME_EXCEEDED = 3;
export const ICMPV6_PARAMETER_PROBLEM = 4;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_MLD_QUERY = 130;
export const ICMPV6_MLD_REPORT = 131;
export const ICMPV6_MLD_DONE = 132;
export const ICMPV6_ROUTER_SOLICITATION = 133;
export const ICMPV6_ROUTER_ADVERTISEMENT = 134;
export const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;
export const ICMPV6_REDIRECT = 137;
export const ICMPV6_MLD2_REPORT = 143;
export const ICMPV6_EXT_ECHO_REQUEST = 160;
export const ICMPV6_EXT_ECHO_REPLY = 161;

/** Codes of {@link ICMPV6_DEST_UNREACH}. */
export const ICMPV6_NO_ROUTE = 0;
export const ICMPV6_ADM_PROHIBITED = 1;
export const ICMPV6_NOT_NEIGHBOUR = 2;
export const ICMPV6_ADDR_UNREACH = 3;
export const ICMPV6_PORT_UNREACH = 4;
export const ICMPV6_POLICY_FAIL = 5;
export const ICMPV6_REJECT_ROUTE = 6;

/** Codes of {@link ICMPV6_TIME_EXCEEDED}. */
export const ICMPV6_EXC_HOPLIMIT = 0;
export const ICMPV6_EXC_FRAGTIME = 1;

/** Codes of {@link ICMPV6_PARAMETER_PROBLEM}. */
export const ICMPV6_HDR_FIELD = 0;
export const ICMPV6_UNK_NEXTHDR = 1;
export const ICMPV6_UNK_OPTION = 2;
export const ICMPV6_HDR_INCOMP = 3;

/** OK or CUT: Linux wants 8 bytes of every type (net/ipv6/icmp.c icmpv6_rcv). */
export function checkIcmpv6(_b: Uint8Array, o: number, end: number): number {
  return o + ICMPV6_LENGTH > end ? CUT : OK;
}

export function icmpv6Type(b: Uint8Array, o: number): number {
  return b[o]!;
}

export function icmpv6Code(b: Uint8Array, o: number): number {
  return b[o + 1]!;
}

export function icmpv6Checksum(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

/** Is the checksum of the message from `o` to `end` right under the IPv6 header at `ip`? */
export function icmpv6ChecksumFits(b: Uint8Array, ip: number, o: number, end: number): boolean {
  return checksum(b, o, end, pseudoSum6(b, ip, IPPROTO_ICMPV6, end - o)) === 0;
}

/** Computes the checksum and writes it. */
export function fillIcmpv6Checksum(b: Uint8Array, ip: number, o: number, end: number): void {
  set16(b, o + 2, 0);
  set16(b, o + 2, checksum(b, o, end, pseudoSum6(b, ip, IPPROTO_ICMPV6, end - o)));
}

/** Of echoes. */
export function icmpv6Id(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

export function setIcmpv6Id(b: Uint8Array, o: number, id: number): void {
  set16(b, o + 4, id);
}

export function icmpv6Sequence(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/** MTU in "packet too big", unsigned. */
export function icmpv6Mtu(b: Uint8Array, o: number): number {
  return get32(b, o + 4) >>> 0;
}

/** Offset of the byte in question, in parameter problems; unsigned. */
export function icmpv6Pointer(b: Uint8Array, o: number): number {
  return get32(b, o + 4) >>> 0;
}

/** The four bytes behind the checksum, signed. */
export function icmpv6Rest(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

export function setIcmpv6Rest(b: Uint8Array, o: number, rest: number): void {
  set32(b, o + 4, rest);
}

/** Errors have types below 128 and quote the packet they are about. */
export function isIcmpv6Error(type: number): boolean {
  return type < 128;
}

/** The five types of neighbour discovery. */
export function isNeighbourDiscovery(type: number): boolean {
  return type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT;
}
