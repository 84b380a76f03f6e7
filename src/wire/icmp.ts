import { get16, get32, set16, set32 } from './bytes.ts';
import { CUT, OK } from './check.ts';
import { checksum } from './checksum.ts';

/** ICMP (RFC 792, RFC 950, RFC 1191). */

export const ICMP_LENGTH = 8;
export const ICMP_CHECKSUM_AT = 2;

export const ICMP_ECHO_REPLY = 0;
export const ICMP_DEST_UNREACH = 3;
export const ICMP_SOURCE_QUENCH = 4;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO = 8;
export const ICMP_ROUTER_ADVERTISEMENT = 9;
export const ICMP_ROUTER_SOLICITATION = 10;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETER_PROBLEM = 12;
export const ICMP_TIMESTAMP = 13;
export const ICMP_TIMESTAMP_REPLY = 14;
export const ICMP_INFO_REQUEST = 15;
export const ICMP_INFO_REPLY = 16;
export const ICMP_ADDRESS = 17;
export const ICMP_ADDRESS_REPLY = 18;
export const ICMP_EXT_ECHO = 42;
export const ICMP_EXT_ECHO_REPLY = 43;

/** Codes of {@link ICMP_DEST_UNREACH}. */
export const ICMP_NET_UNREACH = 0;
export const ICMP_HOST_UNREACH = 1;
export const ICMP_PROT_UNREACH = 2;
export const ICMP_PORT_UNREACH = 3;
export const ICMP_FRAG_NEEDED = 4;
export const ICMP_SR_FAILED = 5;
export const ICMP_NET_UNKNOWN = 6;
export const ICMP_HOST_UNKNOWN = 7;
export const ICMP_NET_ANO = 9;
export const ICMP_HOST_ANO = 10;
export const ICMP_NET_UNR_TOS = 11;
export const ICMP_HOST_UNR_TOS = 12;
export const ICMP_PKT_FILTERED = 13;
export const ICMP_PREC_VIOLATION = 14;
export const ICMP_PREC_CUTOFF = 15;

/** Codes of {@link ICMP_REDIRECT}. */
export const ICMP_REDIR_NET = 0;
export const ICMP_REDIR_HOST = 1;
export const ICMP_REDIR_NETTOS = 2;
export const ICMP_REDIR_HOSTTOS = 3;

/** Codes of {@link ICMP_TIME_EXCEEDED}. */
export const ICMP_EXC_TTL = 0;
export const ICMP_EXC_FRAGTIME = 1;

/** OK or CUT. All types have at least 8 bytes. */
export function checkIcmp(_b: Uint8Array, o: number, end: number): number {
  return o + ICMP_LENGTH > end ? CUT : OK;
}

export function icmpType(b: Uint8Array, o: number): number {
  return b[o]!;
}

export function icmpCode(b: Uint8Array, o: number): number {
  return b[o + 1]!;
}

export function icmpChecksum(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

/** Is the checksum of the message up to `end` right? */
export function icmpChecksumFits(b: Uint8Array, o: number, end: number): boolean {
  return checksum(b, o, end) === 0;
}

/** Computes the checksum of the message up to `end` and writes it. */
export function fillIcmpChecksum(b: Uint8Array, o: number, end: number): void {
  set16(b, o + 2, 0);
  set16(b, o + 2, checksum(b, o, end));
}

/** Of echoes, timestamps, address masks. */
export function icmpId(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

export function setIcmpId(b: Uint8Array, o: number, id: number): void {
  set16(b, o + 4, id);
}

export function icmpSequence(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/** MTU of the next hop, in "fragmentation needed". */
export function icmpMtu(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/** Signed 32-bit, in redirects. */
export function icmpGateway(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

/** Offset of the byte in question, in parameter problems. */
export function icmpPointer(b: Uint8Array, o: number): number {
  return b[o + 4]!;
}

/** The four bytes behind the checksum, signed. */
export function icmpRest(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

export function setIcmpRest(b: Uint8Array, o: number, rest: number): void {
  set32(b, o + 4, rest);
}

/** Does this type quote the packet it is about? */
export function isIcmpError(type: number): boolean {
  return (
    type === ICMP_DEST_UNREACH ||
    type === ICMP_SOURCE_QUENCH ||
    type === ICMP_REDIRECT ||
    type === ICMP_TIME_EXCEEDED ||
    type === ICMP_PARAMETER_PROBLEM
  );
}
