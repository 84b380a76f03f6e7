import { ipv6Words } from './address.ts';
import { get16, set16 } from './bytes.ts';
import { BAD_VERSION, CUT, OK, PACKET_CUT } from './check.ts';

/** IPv6 header (RFC 8200 section 3). Addresses stay where they lie: 16 bytes at the offsets below. */

export const IPV6_LENGTH = 40;
export const IPV6_PAYLOAD_LENGTH_AT = 4;
export const IPV6_NEXT_HEADER_AT = 6;
export const IPV6_HOP_LIMIT_AT = 7;
export const IPV6_SOURCE_AT = 8;
export const IPV6_DESTINATION_AT = 24;
/** What every link carries in one piece (RFC 8200 section 5). */
export const IPV6_MIN_MTU = 1280;

/**
 * Version and lengths: OK, CUT, BAD_VERSION or PACKET_CUT. A payload length of 0 before hop-by-hop options is that of a
 * jumbogram, and nothing is said about the length (net/ipv6/ip6_input.c ip6_rcv_core).
 */
export function checkIpv6(b: Uint8Array, o: number, end: number): number {
  if (o + IPV6_LENGTH > end) return CUT;
  if (b[o]! >> 4 !== 6) return BAD_VERSION;
  const length = get16(b, o + 4);
  if (length === 0 && b[o + 6] === 0) return OK;
  return o + IPV6_LENGTH + length > end ? PACKET_CUT : OK;
}

export function ipv6Version(b: Uint8Array, o: number): number {
  return b[o]! >> 4;
}

export function ipv6TrafficClass(b: Uint8Array, o: number): number {
  return (get16(b, o) >> 4) & 255;
}

export function setIpv6TrafficClass(b: Uint8Array, o: number, trafficClass: number): void {
  b[o] = (b[o]! & 0xf0) | ((trafficClass >> 4) & 15);
  b[o + 1] = ((trafficClass & 15) << 4) | (b[o + 1]! & 15);
}

/** 20 bits. */
export function ipv6FlowLabel(b: Uint8Array, o: number): number {
  return ((b[o + 1]! & 15) << 16) | get16(b, o + 2);
}

export function setIpv6FlowLabel(b: Uint8Array, o: number, label: number): void {
  b[o + 1] = (b[o + 1]! & 0xf0) | ((label >> 16) & 15);
  set16(b, o + 2, label);
}

/** Bytes behind the header, extension headers included. */
export function ipv6PayloadLength(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

export function setIpv6PayloadLength(b: Uint8Array, o: number, length: number): void {
  set16(b, o + 4, length);
}

export function ipv6NextHeader(b: Uint8Array, o: number): number {
  return b[o + 6]!;
}

export function setIpv6NextHeader(b: Uint8Array, o: number, protocol: number): void {
  b[o + 6] = protocol;
}

export function ipv6HopLimit(b: Uint8Array, o: number): number {
  return b[o + 7]!;
}

export function setIpv6HopLimit(b: Uint8Array, o: number, hops: number): void {
  b[o + 7] = hops;
}

/** The four words of the source, signed, into `words` (or a new array). */
export function ipv6Source(b: Uint8Array, o: number, words = new Int32Array(4)): Int32Array {
  return ipv6Words(b, o + 8, words);
}

/** The four words of the destination. */
export function ipv6Destination(b: Uint8Array, o: number, words = new Int32Array(4)): Int32Array {
  return ipv6Words(b, o + 24, words);
}

/** Writes 16 bytes from `address`. */
export function setIpv6Source(b: Uint8Array, o: number, address: Uint8Array, from = 0): void {
  for (let i = 0; i < 16; i++) b[o + 8 + i] = address[from + i]!;
}

export function setIpv6Destination(b: Uint8Array, o: number, address: Uint8Array, from = 0): void {
  for (let i = 0; i < 16; i++) b[o + 24 + i] = address[from + i]!;
}
