import { hexDigit } from '../../wire/bytes.ts';
import { isDigit } from './payload.ts';

/** No certain byte ends the address: any that cannot be part of it does. */
export const ANY_END = -1;

const COLON = 58;
const DOT = 46;

/**
 * Reads an IPv4 address of text: four numbers up to 255, with any number of zeros before them.
 * It ends before `end`'s byte, a colon, a zero byte or the end of the bytes; with ANY_END before any byte that is no
 * hexadecimal digit. Answers where it ended, -1 if there is none. (net/core/utils.c in4_pton)
 */
export function readIpv4Text(
  bytes: Uint8Array,
  from: number,
  limit: number,
  end: number,
  into: Uint8Array,
  place = 0,
): number {
  let number = -1;
  let count = 0;
  for (let at = from; ; at++) {
    const byte = at < limit ? bytes[at]! : 0;
    if (isDigit(byte) && byte !== end) {
      number = Math.max(number, 0) * 10 + byte - 48;
      if (number > 255) return -1;
      continue;
    }
    const ends = endsAddress(byte, end) || byte === COLON;
    if ((!ends && byte !== DOT) || number < 0) return -1;
    into[place + count++] = number;
    number = -1;
    if (ends) return count === 4 ? at : -1;
    if (count === 4) return -1;
  }
}

function endsAddress(byte: number, end: number): boolean {
  if (byte === 0 || byte === end) return true;
  return end === ANY_END && byte !== COLON && byte !== DOT && hexDigit(byte) < 0;
}

/**
 * Reads an IPv6 address of text (RFC 4291 section 2.2) that ends as in {@link readIpv4Text}. Leading zeros beyond four
 * digits are taken, as Linux does. (net/core/utils.c in6_pton)
 */
export function readIpv6Text(
  bytes: Uint8Array,
  from: number,
  limit: number,
  end: number,
  into: Uint8Array,
): number {
  const groups = new Uint8Array(16);
  let length = 0;
  /** Where what follows `::` begins, behind a group of zeros of its own; -1: there was none yet. */
  let gap = -1;
  let at = from;
  const byteAt = (o: number): number => (o < limit ? bytes[o]! : 0);
  const isHex = (o: number): boolean => byteAt(o) !== end && hexDigit(byteAt(o)) >= 0;
  if (byteAt(at) === COLON && end !== COLON) {
    if (byteAt(at + 1) !== COLON) return -1;
    length = 2;
    gap = 2;
    at += 2;
  } else if (!isHex(at)) return -1;
  for (;;) {
    if (!isHex(at)) {
      // Only `::` may stand at the end.
      if (!endsAddress(byteAt(at), end) || gap !== length) return -1;
      break;
    }
    const start = at;
    let group = 0;
    for (; isHex(at); at++) {
      if ((group & 0xf000) !== 0) return -1;
      group = (group << 4) | hexDigit(byteAt(at));
    }
    const byte = byteAt(at);
    if (byte === DOT && end !== DOT) {
      if (length !== 12 && (gap < 0 || length > 12)) return -1;
      at = readIpv4Text(bytes, start, limit, end, groups, length);
      if (at < 0) return -1;
      length += 4;
      break;
    }
    if (length >= 16) return -1;
    groups[length++] = group >>> 8;
    groups[length++] = group;
    if (endsAddress(byte, end)) {
      if (gap < 0 && length < 16) return -1;
      break;
    }
    if (byte !== COLON || length >= 16) return -1;
    at++;
    if (byteAt(at) === COLON) {
      if (gap >= 0) return -1;
      length += 2;
      gap = length;
      at++;
    } else if (!isHex(at)) return -1;
  }
  const tail = gap < 0 ? 0 : length - gap;
  into.fill(0, 0, 16);
  into.set(groups.subarray(0, length - tail));
  into.set(groups.subarray(length - tail, length), 16 - tail);
  return at;
}
