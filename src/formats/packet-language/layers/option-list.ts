import type { Reader } from '../reader.ts';
import { readHex, readNumber } from '../values.ts';

/** Options as IPv4 and TCP write them: kind 0 ends the list, kind 1 fills a byte, others have kind, length and data. */

/** An option of numbers with their widths in bytes. */
export function readOption(kind: number, numbers: readonly (readonly [number, number])[]): Uint8Array {
  const data = numbers.flatMap(([value, width]) =>
    Array.from({ length: width }, (_, index) => Math.floor(value / 256 ** (width - 1 - index)) % 256),
  );
  return Uint8Array.of(kind, data.length + 2, ...data);
}

/** `option KIND [hex]`: any option, its length computed. */
export function writeOption(reader: Reader): Uint8Array {
  const kind = reader.value('option', (text) => readNumber(text, 0, 255));
  const hasData = reader.peek()?.text.startsWith('hex:') === true;
  const data = hasData ? reader.value('option', readHex) : new Uint8Array(0);
  return Uint8Array.of(kind, data.length + 2, ...data);
}

/**
 * Splits options; the zeros that fill the last word are left out. Undefined if they do not divide into options, or end
 * in another way than a list of words would be written.
 */
export function readOptions(bytes: Uint8Array): Uint8Array[] | undefined {
  const found: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const kind = bytes[at]!;
    if (kind === 0) {
      const rest = bytes.subarray(at);
      if (rest.some((byte) => byte !== 0)) return undefined;
      for (let left = rest.length; left >= 4; left--) found.push(Uint8Array.of(0));
      return found;
    }
    const length = kind === 1 ? 1 : (bytes[at + 1] ?? 0);
    if (length < (kind === 1 ? 1 : 2) || at + length > bytes.length) return undefined;
    found.push(bytes.slice(at, at + length));
    at += length;
  }
  return found;
}
