import { get32, set32 } from './bytes.ts';
import { BAD_HEADER_LENGTH, CUT, HEADER_CUT, OK } from './check.ts';

/** Authentication header (RFC 4302). */

/** Without integrity check value. */
export const AH_LENGTH = 12;
export const AH_SPI_AT = 4;
export const AH_SEQUENCE_AT = 8;
export const AH_ICV_AT = 12;

/** OK, CUT, BAD_HEADER_LENGTH or HEADER_CUT. */
export function checkAh(b: Uint8Array, o: number, end: number): number {
  if (o + AH_LENGTH > end) return CUT;
  const length = ahLength(b, o);
  if (length < AH_LENGTH) return BAD_HEADER_LENGTH;
  return o + length > end ? HEADER_CUT : OK;
}

export function ahNextHeader(b: Uint8Array, o: number): number {
  return b[o]!;
}

/** The whole header in bytes. */
export function ahLength(b: Uint8Array, o: number): number {
  return (b[o + 1]! + 2) << 2;
}

export function ahReserved(b: Uint8Array, o: number): number {
  return (b[o + 2]! << 8) | b[o + 3]!;
}

/** Signed 32-bit. */
export function ahSpi(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

export function setAhSpi(b: Uint8Array, o: number, spi: number): void {
  set32(b, o + 4, spi);
}

/** Signed 32-bit. */
export function ahSequence(b: Uint8Array, o: number): number {
  return get32(b, o + 8);
}
