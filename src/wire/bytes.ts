/** Numbers in network byte order, and bytes as hexadecimal text. Nothing here checks bounds; see check.ts. */

/** The 16-bit number at `o`, 0 to 65535. */
export function get16(b: Uint8Array, o: number): number {
  return (b[o]! << 8) | b[o + 1]!;
}

/** Writes the lower 16 bits of `value`. */
export function set16(b: Uint8Array, o: number, value: number): void {
  b[o] = value >>> 8;
  b[o + 1] = value;
}

/** The 24-bit number at `o`, unsigned. */
export function get24(b: Uint8Array, o: number): number {
  return (b[o]! << 16) | (b[o + 1]! << 8) | b[o + 2]!;
}

/** Writes the lower 24 bits of `value`. */
export function set24(b: Uint8Array, o: number, value: number): void {
  b[o] = value >>> 16;
  b[o + 1] = value >>> 8;
  b[o + 2] = value;
}

/** The 32-bit number at `o`, signed (`>>> 0` makes it unsigned). */
export function get32(b: Uint8Array, o: number): number {
  return (b[o]! << 24) | (b[o + 1]! << 16) | (b[o + 2]! << 8) | b[o + 3]!;
}

/** Writes the lower 32 bits of `value`, signed or unsigned. */
export function set32(b: Uint8Array, o: number, value: number): void {
  b[o] = value >>> 24;
  b[o + 1] = value >>> 16;
  b[o + 2] = value >>> 8;
  b[o + 3] = value;
}

/** Do `length` bytes agree? */
export function sameBytes(a: Uint8Array, ao: number, b: Uint8Array, bo: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[ao + i] !== b[bo + i]) return false;
  return true;
}

/** All parts one after the other, in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Two lower-case hexadecimal digits a byte, nothing between. */
export function toHex(b: Uint8Array, from = 0, to = b.length): string {
  let text = '';
  for (let o = from; o < to; o++) text += PAIRS[b[o]!];
  return text;
}

/** Value of a hexadecimal digit by its character code; -1 if it is none. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Bytes of hexadecimal text. White space may stand between bytes, not within one.
 * Throws SyntaxError that names the first character that does not fit, counted from 1.
 */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >>> 1);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 32 || (code >= 9 && code <= 13)) continue;
    const high = hexDigit(code);
    if (high < 0) throw notHex(text, i);
    if (i + 1 === text.length) throw new SyntaxError(`hex text ends within a byte: digit ${i + 1} is alone`);
    const low = hexDigit(text.charCodeAt(++i));
    if (low < 0) throw notHex(text, i);
    bytes[length++] = (high << 4) | low;
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

function notHex(text: string, i: number): SyntaxError {
  const shown = JSON.stringify(String.fromCodePoint(text.codePointAt(i)!));
  return new SyntaxError(`hex text, character ${i + 1}: ${shown} is no hexadecimal digit (0-9, a-f)`);
}
