import { get16, set16 } from './bytes.ts';
import { BAD_LENGTH, CUT, OK, PACKET_CUT } from './check.ts';

/** UDP-Lite (RFC 3828): UDP whose checksum covers only the first bytes. */

export const UDPLITE_LENGTH = 8;
export const UDPLITE_COVERAGE_AT = 4;
export const UDPLITE_CHECKSUM_AT = 6;

/** OK, CUT, BAD_LENGTH (coverage below the header) or PACKET_CUT (beyond the end); include/net/udplite.h. */
export function checkUdplite(b: Uint8Array, o: number, end: number): number {
  if (o + UDPLITE_LENGTH > end) return CUT;
  const coverage = get16(b, o + 4);
  if (coverage === 0) return OK;
  if (coverage < UDPLITE_LENGTH) return BAD_LENGTH;
  return o + coverage > end ? PACKET_CUT : OK;
}

export function udpliteSourcePort(b: Uint8Array, o: number): number {
  return get16(b, o);
}

export function setUdpliteSourcePort(b: Uint8Array, o: number, port: number): void {
  set16(b, o, port);
}

export function udpliteDestinationPort(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

export function setUdpliteDestinationPort(b: Uint8Array, o: number, port: number): void {
  set16(b, o + 2, port);
}

/** The field; 0 stands for the whole packet. */
export function udpliteCoverage(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

/** How many bytes of the packet that ends at `end` the checksum covers. */
export function udpliteCovered(b: Uint8Array, o: number, end: number): number {
  return get16(b, o + 4) || end - o;
}

export function udpliteChecksumField(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

export function setUdpliteChecksum(b: Uint8Array, o: number, check: number): void {
  set16(b, o + 6, check);
}
