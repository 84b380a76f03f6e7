import { get16, set16 } from './bytes.ts';
import { BAD_LENGTH, CUT, OK, PACKET_CUT } from './check.ts';

/** UDP (RFC 768). */

export const UDP_LENGTH = 8;
export const UDP_SOURCE_PORT_AT = 0;
export const UDP_DESTINATION_PORT_AT = 2;
export const UDP_LENGTH_AT = 4;
export const UDP_CHECKSUM_AT = 6;

/** OK, CUT, BAD_LENGTH or PACKET_CUT. A length of 0, as in IPv6 jumbograms, is BAD_LENGTH. */
export function checkUdp(b: Uint8Array, o: number, end: number): number {
  if (o + UDP_LENGTH > end) return CUT;
  const length = get16(b, o + 4);
  if (o + length > end) return PACKET_CUT;
  return length < UDP_LENGTH ? BAD_LENGTH : OK;
}

export function udpSourcePort(b: Uint8Array, o: number): number {
  return get16(b, o);
}

export function setUdpSourcePort(b: Uint8Array, o: number, port: number): void {
  set16(b, o, port);
}

export function udpDestinationPort(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

export function setUdpDestinationPort(b: Uint8Array, o: number, port: number): void {
  set16(b, o + 2, port);
}

/** Header and payload in bytes. */
export function udpLength(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

export function setUdpLength(b: Uint8Array, o: number, length: number): void {
  set16(b, o + 4, length);
}

/** 0: none was computed. */
export function udpChecksumField(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

export function setUdpChecksum(b: Uint8Array, o: number, check: number): void {
  set16(b, o + 6, check);
}
