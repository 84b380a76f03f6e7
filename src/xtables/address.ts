import type { Family } from '../netfilter/constants.ts';
import { unsigned } from './values.ts';

/** An address or a mask as 32-bit words (signed) in network order: one of IPv4, four of IPv6. */
export type Address = readonly number[];

export const ANY: { readonly 4: Address; readonly 6: Address } = { 4: [0], 6: [0, 0, 0, 0] };
export const FULL_MASK: { readonly 4: Address; readonly 6: Address } = { 4: [-1], 6: [-1, -1, -1, -1] };

/** Every bit is 0. */
export function isZero(address: Address): boolean {
  return address.every((word) => word === 0);
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

export function masked(address: Address, mask: Address): Address {
  return address.map((word, i) => word & mask[i]!);
}

export function fromBytes(bytes: Uint8Array, offset = 0, length = bytes.length): Address {
  const words: number[] = [];
  for (let i = offset; i < offset + length; i += 4) {
    words.push((bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!);
  }
  return words;
}

export function toBytes(address: Address): Uint8Array {
  return Uint8Array.from(
    address.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]),
  );
}

/** A mask with `bits` leading ones. */
export function prefixMask(family: Family, bits: number): Address {
  return (family === 4 ? [0] : [0, 32, 64, 96]).map((from) => {
    const ones = Math.min(32, Math.max(0, bits - from));
    return ones === 0 ? 0 : (-1 << (32 - ones)) | 0;
  });
}

/** Number of leading ones if the mask has no others, else undefined. */
export function prefixLength(mask: Address): number | undefined {
  let bits = 0;
  for (const word of mask) bits += Math.clz32(~word);
  return sameAddress(mask, prefixMask(mask.length === 1 ? 4 : 6, bits)) ? bits : undefined;
}

export function formatAddress(address: Address): string {
  return address.length === 1 ? formatIpv4(address[0]!) : formatIpv6(address);
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** As glibc's inet_ntop: the longest run of zeros is shortened, and IPv4 addresses inside are shown as such. */
function formatIpv6(words: Address): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
  }
  if (best === 0 && (bestLength === 6 || (bestLength === 5 && groups[5] === 0xffff))) {
    return `${bestLength === 6 ? '::' : '::ffff:'}${formatIpv4(words[3]!)}`;
  }
  const text = (list: readonly number[]) => list.map((group) => group.toString(16)).join(':');
  return best < 0 ? text(groups) : `${text(groups.slice(0, best))}::${text(groups.slice(best + bestLength))}`;
}

/** `/24`, '' for a whole address, or `/255.0.255.0` where it is no prefix (xtables_ipmask_to_numeric). */
export function formatMask(mask: Address): string {
  const bits = prefixLength(mask);
  if (bits === undefined) return `/${formatAddress(mask)}`;
  return bits === mask.length * 32 ? '' : `/${bits}`;
}

/**
 * xtables_numeric_to_ipaddr: dotted IPv4 whose parts are C numbers (`010.0.0.1` is 8.0.0.1) and whose missing parts are 0 on
 * the right; a mask needs all four.
 */
export function parseDotted(given: string, isMask = false): Address | undefined {
  const text = given.slice(0, 19);
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  if (parts.length < 4 && isMask) return undefined;
  let word = 0;
  for (let i = 0; i < 4; i++) {
    const part = parts[i] === undefined ? 0 : unsigned(parts[i]!, 0, 255);
    if (part === undefined) return undefined;
    word = (word << 8) | part;
  }
  return [word];
}

/** inet_pton for IPv4: four decimal numbers without leading zeros. */
export function parseStrictIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    word = (word << 8) | Number(part);
  }
  return word;
}

/** inet_aton, as getaddrinfo uses it: one to four C numbers, the last fills what remains. */
export function parseAton(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  const numbers: number[] = [];
  for (const part of parts) {
    if (!/^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.test(part)) return undefined;
    const value = unsigned(part, 0, 0xffffffff);
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  const last = numbers.pop()!;
  if (numbers.some((value) => value > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  return [(numbers.reduce((word, value, i) => word + value * 256 ** (3 - i), 0) + last) | 0];
}

/** inet_pton for IPv6; undefined if it is none. */
export function parseIpv6(text: string): Address | undefined {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const lists: number[][] = [];
  for (let h = 0; h < halves.length; h++) {
    const groups = parseGroups(halves[h]!, h === halves.length - 1);
    if (groups === undefined) return undefined;
    lists.push(groups);
  }
  const head = lists[0]!;
  const tail = lists[1] ?? [];
  const missing = 8 - head.length - tail.length;
  if (lists.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return [0, 2, 4, 6].map((i) => (groups[i]! << 16) | groups[i + 1]!);
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (part.includes('.')) {
      const word = mayEndInIpv4 && i === parts.length - 1 ? parseStrictIpv4(part) : undefined;
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}
