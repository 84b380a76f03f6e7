import { get16, get32, set16, set32 } from './bytes.ts';
import {
  BAD_CHECKSUM,
  BAD_HEADER_LENGTH,
  BAD_LENGTH,
  BAD_VERSION,
  CUT,
  HEADER_CUT,
  OK,
  PACKET_CUT,
} from './check.ts';
import { checksum, updateChecksum16, updateChecksum32 } from './checksum.ts';

/** IPv4 header (RFC 791 section 3.1). Options: {@link OptionWalk} from {@link ipv4OptionsAt} to the payload. */

/** Without options. */
export const IPV4_LENGTH = 20;
export const IPV4_TOS_AT = 1;
export const IPV4_TOTAL_LENGTH_AT = 2;
export const IPV4_ID_AT = 4;
export const IPV4_FRAGMENT_AT = 6;
export const IPV4_TTL_AT = 8;
export const IPV4_PROTOCOL_AT = 9;
export const IPV4_CHECKSUM_AT = 10;
export const IPV4_SOURCE_AT = 12;
export const IPV4_DESTINATION_AT = 16;
export const IPV4_OPTIONS_AT = 20;

/** Bits of the fragment field. */
export const IPV4_RESERVED_FLAG = 0x8000;
export const IPV4_DF = 0x4000;
export const IPV4_MF = 0x2000;
/** The offset, in units of 8 bytes. */
export const IPV4_OFFSET_MASK = 0x1fff;

/** Kinds of options; the highest bit says that every fragment carries it. */
export const IPV4_OPTION_END = 0;
export const IPV4_OPTION_NOP = 1;
export const IPV4_OPTION_RECORD_ROUTE = 7;
export const IPV4_OPTION_TIMESTAMP = 68;
export const IPV4_OPTION_SECURITY = 130;
export const IPV4_OPTION_LOOSE_ROUTE = 131;
export const IPV4_OPTION_CIPSO = 134;
export const IPV4_OPTION_STREAM_ID = 136;
export const IPV4_OPTION_STRICT_ROUTE = 137;
export const IPV4_OPTION_ROUTER_ALERT = 148;

/**
 * Version and lengths: OK, CUT, BAD_VERSION, BAD_HEADER_LENGTH, HEADER_CUT, PACKET_CUT or BAD_LENGTH. A packet cut off
 * (as ICMP errors quote one) still has a whole header: see {@link checkIpv4Header}.
 */
export function checkIpv4(b: Uint8Array, o: number, end: number): number {
  const code = checkIpv4Header(b, o, end);
  return code === OK ? checkTotalLength(b, o, end) : code;
}

/** Only the header: OK, CUT, BAD_VERSION, BAD_HEADER_LENGTH or HEADER_CUT. */
export function checkIpv4Header(b: Uint8Array, o: number, end: number): number {
  if (o + IPV4_LENGTH > end) return CUT;
  const first = b[o]!;
  if (first >> 4 !== 4) return BAD_VERSION;
  if ((first & 15) < 5) return BAD_HEADER_LENGTH;
  return o + ((first & 15) << 2) > end ? HEADER_CUT : OK;
}

/**
 * All that Linux asks of a packet on arrival, in its order: header, checksum, total length
 * (net/ipv4/ip_input.c ip_rcv_core). As {@link checkIpv4}, or BAD_CHECKSUM.
 */
export function validateIpv4(b: Uint8Array, o: number, end: number): number {
  const code = checkIpv4Header(b, o, end);
  if (code !== OK) return code;
  return ipv4ChecksumFits(b, o) ? checkTotalLength(b, o, end) : BAD_CHECKSUM;
}

function checkTotalLength(b: Uint8Array, o: number, end: number): number {
  const total = get16(b, o + 2);
  if (o + total > end) return PACKET_CUT;
  return total < (b[o]! & 15) << 2 ? BAD_LENGTH : OK;
}

export function ipv4Version(b: Uint8Array, o: number): number {
  return b[o]! >> 4;
}

/** In bytes: 20 to 60 in a checked header. */
export function ipv4HeaderLength(b: Uint8Array, o: number): number {
  return (b[o]! & 15) << 2;
}

export function ipv4Tos(b: Uint8Array, o: number): number {
  return b[o + 1]!;
}

/** The upper six bits of the type of service (RFC 2474). */
export function ipv4Dscp(b: Uint8Array, o: number): number {
  return b[o + 1]! >> 2;
}

/** The lower two bits (RFC 3168). */
export function ipv4Ecn(b: Uint8Array, o: number): number {
  return b[o + 1]! & 3;
}

/** Header and payload in bytes. */
export function ipv4TotalLength(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

export function ipv4Id(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

/** Flags and offset in one. */
export function ipv4FragmentField(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/** Where this fragment's data begins in the whole, in bytes. */
export function ipv4FragmentOffset(b: Uint8Array, o: number): number {
  return (get16(b, o + 6) & IPV4_OFFSET_MASK) << 3;
}

export function ipv4DontFragment(b: Uint8Array, o: number): boolean {
  return (b[o + 6]! & 0x40) !== 0;
}

export function ipv4MoreFragments(b: Uint8Array, o: number): boolean {
  return (b[o + 6]! & 0x20) !== 0;
}

/** A piece of a packet, first or later. */
export function ipv4IsFragment(b: Uint8Array, o: number): boolean {
  return (get16(b, o + 6) & (IPV4_MF | IPV4_OFFSET_MASK)) !== 0;
}

export function ipv4Ttl(b: Uint8Array, o: number): number {
  return b[o + 8]!;
}

export function ipv4Protocol(b: Uint8Array, o: number): number {
  return b[o + 9]!;
}

export function ipv4Checksum(b: Uint8Array, o: number): number {
  return get16(b, o + 10);
}

/** Signed 32-bit. */
export function ipv4Source(b: Uint8Array, o: number): number {
  return get32(b, o + 12);
}

/** Signed 32-bit. */
export function ipv4Destination(b: Uint8Array, o: number): number {
  return get32(b, o + 16);
}

/** Is the header checksum right? The header must be complete. */
export function ipv4ChecksumFits(b: Uint8Array, o: number): boolean {
  return checksum(b, o, o + ((b[o]! & 15) << 2)) === 0;
}

/** Computes the header checksum anew and writes it. */
export function fillIpv4Checksum(b: Uint8Array, o: number): void {
  set16(b, o + 10, 0);
  set16(b, o + 10, checksum(b, o, o + ((b[o]! & 15) << 2)));
}

/*
 * Writers. `set…` only writes the field; `change…` also brings the header checksum up to date, so that a wrong one
 * stays wrong.
 */

export function setIpv4Tos(b: Uint8Array, o: number, tos: number): void {
  b[o + 1] = tos;
}

export function setIpv4TotalLength(b: Uint8Array, o: number, length: number): void {
  set16(b, o + 2, length);
}

export function setIpv4Id(b: Uint8Array, o: number, id: number): void {
  set16(b, o + 4, id);
}

export function setIpv4FragmentField(b: Uint8Array, o: number, field: number): void {
  set16(b, o + 6, field);
}

export function setIpv4Ttl(b: Uint8Array, o: number, ttl: number): void {
  b[o + 8] = ttl;
}

export function setIpv4Protocol(b: Uint8Array, o: number, protocol: number): void {
  b[o + 9] = protocol;
}

export function setIpv4Checksum(b: Uint8Array, o: number, check: number): void {
  set16(b, o + 10, check);
}

export function setIpv4Source(b: Uint8Array, o: number, address: number): void {
  set32(b, o + 12, address);
}

export function setIpv4Destination(b: Uint8Array, o: number, address: number): void {
  set32(b, o + 16, address);
}

/** Changes the 16-bit word at `o + at` (an even offset) and the checksum with it. */
export function changeIpv4Word(b: Uint8Array, o: number, at: number, value: number): void {
  set16(b, o + 10, updateChecksum16(get16(b, o + 10), get16(b, o + at), value));
  set16(b, o + at, value);
}

export function changeIpv4Tos(b: Uint8Array, o: number, tos: number): void {
  changeIpv4Word(b, o, 0, (b[o]! << 8) | (tos & 255));
}

export function changeIpv4Ttl(b: Uint8Array, o: number, ttl: number): void {
  changeIpv4Word(b, o, 8, ((ttl & 255) << 8) | b[o + 9]!);
}

export function changeIpv4Source(b: Uint8Array, o: number, address: number): void {
  set16(b, o + 10, updateChecksum32(get16(b, o + 10), get32(b, o + 12), address));
  set32(b, o + 12, address);
}

export function changeIpv4Destination(b: Uint8Array, o: number, address: number): void {
  set16(b, o + 10, updateChecksum32(get16(b, o + 10), get32(b, o + 16), address));
  set32(b, o + 16, address);
}

/**
 * One hop less, as a router does it: the checksum is added to, and becomes 0 rather than 0xffff
 * (include/net/ip.h ip_decrease_ttl). Answers the new TTL.
 */
export function decreaseIpv4Ttl(b: Uint8Array, o: number): number {
  let check = get16(b, o + 10) + 0x0100;
  if (check >= 0xffff) check++;
  set16(b, o + 10, check);
  const ttl = (b[o + 8]! - 1) & 255;
  b[o + 8] = ttl;
  return ttl;
}
