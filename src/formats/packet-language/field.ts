import { BadValue } from './problem.ts';
import { hex, printIpv4, printIpv6, printMac, readIpv4, readIpv6, readMac, readNumber } from './values.ts';

/** A number, or the bytes of an address. */
export type Value = number | Uint8Array;

/** A field of a header: its word, its bits, and how its value is read and written. */
export interface Field {
  readonly word: string;
  /** Other words for it. */
  readonly aliases?: readonly string[];
  /** The bytes it lies in: offset of the first within the header, and how many. */
  readonly at: number;
  readonly size: number;
  /** Bits of a number, counted from the least significant one of those bytes; 0 bits: the bytes themselves. */
  readonly shift: number;
  readonly bits: number;
  /** A bit whose word stands alone. */
  readonly flag?: boolean;
  /** Follows from the rest of the packet unless it is given. */
  readonly computed?: boolean;
  /** Not printed as a word of its own: the header's own syntax tells it. */
  readonly view?: boolean;
  /** Another view of bits that another field tells too. */
  readonly part?: boolean;
  /** Told in a short line too. */
  readonly short?: boolean;
  /** Told whatever its value is. */
  readonly always?: boolean;
  /** @throws {BadValue} */
  read(text: string): Value;
  print(value: Value): string;
}

type Extra = Partial<Pick<Field, 'aliases' | 'computed' | 'view' | 'part' | 'short' | 'always'>>;

interface NumberExtra extends Extra {
  /** Bytes it is spread over; as many as its bits fill if left out. */
  readonly size?: number;
  readonly shift?: number;
  /** The word counts in units of this many. */
  readonly scale?: number;
  readonly hex?: boolean;
  /** Names that stand for values. */
  readonly names?: Readonly<Record<string, number>>;
}

/** A number of `bits` bits at byte `at`. */
export function number(word: string, at: number, bits: number, extra: NumberExtra = {}): Field {
  const { size = Math.ceil(bits / 8), shift = 0, scale = 1, hex: asHex = false, names = {}, ...rest } = extra;
  const most = 2 ** bits - 1;
  return {
    ...rest,
    word,
    at,
    size,
    shift,
    bits,
    read(text) {
      const named = names[text];
      if (named !== undefined) return named;
      const value = readNumber(text, 0, most * scale);
      if (value % scale !== 0) throw new BadValue(`must be a multiple of ${scale}`);
      return value / scale;
    },
    print(value) {
      const named = Object.entries(names).find(([, number]) => number === value)?.[0];
      return named ?? (asHex ? hex(Number(value)) : String(Number(value) * scale));
    },
  };
}

/** One bit, set by its word alone. `bit` counts from the least significant one of the byte. */
export function flag(word: string, at: number, bit: number, extra: Extra = {}): Field {
  return { ...number(word, at, 1, { ...extra, shift: bit }), flag: true };
}

function bytesField(
  word: string,
  at: number,
  size: number,
  read: (text: string) => Uint8Array,
  print: (bytes: Uint8Array) => string,
  extra: Extra,
): Field {
  return { ...extra, word, at, size, shift: 0, bits: 0, read, print: (value) => print(value as Uint8Array) };
}

export function ipv4(word: string, at: number, extra: Extra = {}): Field {
  return bytesField(word, at, 4, readIpv4, printIpv4, extra);
}

export function ipv6(word: string, at: number, extra: Extra = {}): Field {
  return bytesField(word, at, 16, readIpv6, printIpv6, extra);
}

export function mac(word: string, at: number, extra: Extra = {}): Field {
  return bytesField(word, at, 6, readMac, printMac, extra);
}

/** The field's value in a header; the header holds it. */
export function getField(header: Uint8Array, field: Field): Value {
  if (field.bits === 0) return header.slice(field.at, field.at + field.size);
  return Math.floor(whole(header, field) / 2 ** field.shift) % 2 ** field.bits;
}

export function setField(header: Uint8Array, field: Field, value: Value): void {
  if (typeof value !== 'number') {
    header.set(value, field.at);
    return;
  }
  const old = getField(header, field) as number;
  let rest = whole(header, field) + (value - old) * 2 ** field.shift;
  for (let at = field.at + field.size - 1; at >= field.at; at--) {
    header[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** All bytes of a field as one number: at most six, so arithmetic is exact. */
function whole(header: Uint8Array, field: Field): number {
  let value = 0;
  for (let at = field.at; at < field.at + field.size; at++) value = value * 256 + header[at]!;
  return value;
}

export function sameValue(a: Value, b: Value): boolean {
  return typeof a === 'number' || typeof b === 'number'
    ? a === b
    : a.every((byte, index) => byte === b[index]);
}
