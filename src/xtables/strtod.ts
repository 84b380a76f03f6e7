const BLANK = '[ \\t\\n\\v\\f\\r]*';
const DECIMAL = '(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[+-]?[0-9]+)?';
const HEXADECIMAL = '0x(?:[0-9a-f]+\\.?[0-9a-f]*|\\.[0-9a-f]+)(?:p[+-]?[0-9]+)?';
const NUMBER = new RegExp(`^${BLANK}([+-]?)(${HEXADECIMAL}|${DECIMAL}|inf(?:inity)?|nan)`, 'i');

/** A number as C's strtod reads it from a text's begin, and what is left of the text; undefined if there is none. */
export function readDouble(text: string): { value: number; rest: string } | undefined {
  const found = NUMBER.exec(text);
  if (!found) return undefined;
  const size = magnitude(found[2]!.toLowerCase());
  return { value: found[1] === '-' ? -size : size, rest: text.slice(found[0].length) };
}

function magnitude(digits: string): number {
  if (digits.startsWith('inf')) return Number.POSITIVE_INFINITY;
  if (digits === 'nan') return Number.NaN;
  if (!digits.startsWith('0x')) return Number(digits);
  const [number = '', exponent = '0'] = digits.slice(2).split('p');
  const [whole = '', part = ''] = number.split('.');
  return Number(`0x${whole}${part}`) * 2 ** (Number(exponent) - 4 * part.length);
}

/** What x86-64 leaves of a number in an unsigned 32-bit integer: the low half of 64 bits; nothing of what is beyond them. */
export function toUint32(value: number): number {
  return Math.abs(value) < 2 ** 63 ? Number(BigInt.asUintN(32, BigInt(Math.trunc(value)))) : 0;
}
