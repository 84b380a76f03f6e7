import { get32, set32 } from './bytes.ts';
import { CUT, OK } from './check.ts';

/** Encapsulating security payload (RFC 4303): the part that is not encrypted. */

export const ESP_LENGTH = 8;
export const ESP_SPI_AT = 0;
export const ESP_SEQUENCE_AT = 4;

/** OK or CUT. */
export function checkEsp(_b: Uint8Array, o: number, end: number): number {
  return o + ESP_LENGTH > end ? CUT : OK;
}

/** Signed 32-bit. */
export function espSpi(b: Uint8Array, o: number): number {
  return get32(b, o);
}

export function setEspSpi(b: Uint8Array, o: number, spi: number): void {
  set32(b, o, spi);
}

/** Signed 32-bit. */
export function espSequence(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}
