import { BadValue } from './problem.ts';

/** Numbers, addresses and bytes as words, both ways. Readers throw BadValue. */

/** A whole number, decimal or 0x…, within bounds (both included). */
export function readNumber(text: string, least: number, most: number): number {
  const value = /^(0x[0-9a-fA-F]{1,13}|[0-9]{1,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw new BadValue(`must be ${least} to ${most}`);
  return value;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Four bytes from 192.0.2.1. */
export function readIpv4(text: string): Uint8Array {
  const parts = text.split('.');
  const right =
    parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && +part < 256);
  if (!right) throw new BadValue('must be an IPv4 address, as in 192.0.2.1');
  return Uint8Array.from(parts, Number);
}

export function printIpv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** Sixteen bytes from 2001:db8::1 (RFC 4291, section 2.2). */
export function readIpv6(text: string): Uint8Array {
  const bytes = ipv6(text);
  if (!bytes) throw new BadValue('must be an IPv6 address, as in 2001:db8::1');
  return bytes;
}

function ipv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || !/^[0-9a-fA-F:.]*$/.test(text)) return undefined;
  const lists = halves.map((half) => (half === '' ? [] : groups(half)));
  const [front, back] = lists;
  if (!front || (halves.length === 2 && !back)) return undefined;
  const given = front.length + (back?.length ?? 0);
  if (halves.length === 1 ? given !== 8 : given > 7) return undefined;
  const all = [...front, ...Array<number>(8 - given).fill(0), ...(back ?? [])];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function groups(text: string): number[] | undefined {
  const found: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      found.push(Number.parseInt(part, 16));
    } else if (index === parts.length - 1 && part.includes('.')) {
      const quad = part.split('.').map(Number);
      if (quad.length !== 4 || !quad.every((byte) => byte >= 0 && byte < 256)) return undefined;
      found.push((quad[0]! << 8) | quad[1]!, (quad[2]! << 8) | quad[3]!);
    } else {
      return undefined;
    }
  }
  return found;
}

/** RFC 5952: lower case, the longest run of two or more zero groups (the first of equals) as `::`. */
export function printIpv6(bytes: Uint8Array): string {
  const all: number[] = [];
  for (let at = 0; at < 16; at += 2) all.push((bytes[at]! << 8) | bytes[at + 1]!);
  let best = -1;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let end = from;
    while (end < 8 && all[end] === 0) end++;
    if (end - from > length) {
      best = from;
      length = end - from;
    }
  }
  const words = all.map((group) => group.toString(16));
  if (best < 0) return words.join(':');
  return `${words.slice(0, best).join(':')}::${words.slice(best + length).join(':')}`;
}

/** Six bytes from 02:00:00:00:00:01. */
export function readMac(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]{1,2}([:-][0-9a-fA-F]{1,2}){5}$/.test(text)) {
    throw new BadValue('must be a hardware address, as in 02:00:00:00:00:01');
  }
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

export function printMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Bytes from an even number of hex digits; `:` may stand between bytes. A `hex:` before them is taken off. */
export function readHex(text: string): Uint8Array {
  const digits = text.replace(/^hex:/, '').replaceAll(':', '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new BadValue('must be hex digits, two for each byte');
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

export function printHex(bytes: Uint8Array): string {
  let text = 'hex:';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
