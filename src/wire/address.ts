import { hexDigit } from './bytes.ts';

/**
 * Addresses as numbers and bytes, and as text. IPv4: a signed 32-bit number. IPv6: 16 bytes, or four signed 32-bit
 * words. MAC: 6 bytes. What is no address is `undefined`.
 */

/** inet_pton for IPv4: four decimal numbers, 0 to 255, without leading zeros. */
export function parseIpv4(text: string): number | undefined {
  return parseIpv4From(text, 0);
}

function parseIpv4From(text: string, from: number): number | undefined {
  let address = 0;
  let part = -1;
  let dots = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (part < 0 || ++dots > 3) return undefined;
      address = (address << 8) | part;
      part = -1;
    } else if (code >= 48 && code <= 57) {
      if (part === 0) return undefined;
      part = (part < 0 ? 0 : part * 10) + code - 48;
      if (part > 255) return undefined;
    } else {
      return undefined;
    }
  }
  return dots === 3 && part >= 0 ? (address << 8) | part : undefined;
}

/** `192.0.2.1` */
export function printIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** inet_pton for IPv6 as glibc has it: `::` stands for at least one group; the last 32 bits may be as IPv4. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const groups: number[] = [];
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === 58) {
    if (text.charCodeAt(1) !== 58) return undefined;
    gap = 0;
    i = 2;
  }
  while (i < text.length) {
    if (groups.length === 8) return undefined;
    const start = i;
    let group = 0;
    for (let digit = hexDigit(text.charCodeAt(i)); digit >= 0; digit = hexDigit(text.charCodeAt(i))) {
      if (i - start === 4) return undefined;
      group = (group << 4) | digit;
      i++;
    }
    if (i < text.length && text.charCodeAt(i) === 46) {
      const last = groups.length > 6 ? undefined : parseIpv4From(text, start);
      if (last === undefined) return undefined;
      groups.push(last >>> 16, last & 0xffff);
      break;
    }
    if (i === start) return undefined;
    groups.push(group);
    if (i === text.length) break;
    if (text.charCodeAt(i++) !== 58 || i === text.length) return undefined;
    if (text.charCodeAt(i) === 58) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      i++;
    }
  }
  return gap < 0 ? exactly(groups) : filled(groups, gap);
}

function exactly(groups: readonly number[]): Uint8Array | undefined {
  return groups.length === 8 ? bytesOfGroups(groups, 8) : undefined;
}

function filled(groups: readonly number[], gap: number): Uint8Array | undefined {
  return groups.length < 8 ? bytesOfGroups(groups, gap) : undefined;
}

function bytesOfGroups(groups: readonly number[], gap: number): Uint8Array {
  const address = new Uint8Array(16);
  const shift = 8 - groups.length;
  for (let i = 0; i < groups.length; i++) {
    const at = 2 * (i < gap ? i : i + shift);
    address[at] = groups[i]! >> 8;
    address[at + 1] = groups[i]!;
  }
  return address;
}

/**
 * The 16 bytes at `o` as glibc's inet_ntop prints them: lower case, the first longest run of two or more zero groups as
 * `::`, and what looks like an IPv4 address within as such (`::192.0.2.1`, `::ffff:192.0.2.1`).
 */
export function printIpv6(b: Uint8Array, o = 0): string {
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    let length = 0;
    while (i + length < 8 && group(b, o, i + length) === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
    i += length + 1;
  }
  if (best === 0 && (bestLength === 6 || (bestLength === 5 && group(b, o, 5) === 0xffff))) {
    const dotted = `${b[o + 12]}.${b[o + 13]}.${b[o + 14]}.${b[o + 15]}`;
    return bestLength === 6 ? `::${dotted}` : `::ffff:${dotted}`;
  }
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === best) {
      text += i + bestLength === 8 ? '::' : ':';
      i += bestLength - 1;
    } else {
      if (i > 0) text += ':';
      text += group(b, o, i).toString(16);
    }
  }
  return text;
}

function group(b: Uint8Array, o: number, i: number): number {
  return (b[o + 2 * i]! << 8) | b[o + 2 * i + 1]!;
}

/** Six bytes, each of two hexadecimal digits, with colons between. */
export function parseMac(text: string): Uint8Array | undefined {
  if (text.length !== 17) return undefined;
  const mac = new Uint8Array(6);
  for (let i = 0; i < 6; i++) {
    const high = hexDigit(text.charCodeAt(3 * i));
    const low = hexDigit(text.charCodeAt(3 * i + 1));
    if (high < 0 || low < 0 || (i < 5 && text.charCodeAt(3 * i + 2) !== 58)) return undefined;
    mac[i] = (high << 4) | low;
  }
  return mac;
}

/** `02:00:00:00:00:01` */
export function printMac(b: Uint8Array, o = 0): string {
  let text = '';
  for (let i = 0; i < 6; i++) text += (i > 0 ? ':' : '') + b[o + i]!.toString(16).padStart(2, '0');
  return text;
}

/** An IPv6 address as four signed words. */
export function ipv6Words(b: Uint8Array, o = 0, words = new Int32Array(4)): Int32Array {
  for (let i = 0, at = o; i < 4; i++, at += 4) {
    words[i] = (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  }
  return words;
}

/** Four words as 16 bytes, into `b` at `o` (or a new array). */
export function ipv6Bytes(words: ArrayLike<number>, b = new Uint8Array(16), o = 0): Uint8Array {
  for (let i = 0; i < 16; i++) b[o + i] = words[i >> 2]! >>> (24 - 8 * (i & 3));
  return b;
}

/** IPv4 mask with `bits` leading ones, 0 to 32. */
export function prefixMask4(bits: number): number {
  return bits === 0 ? 0 : (-1 << (32 - bits)) | 0;
}

/** Number of leading ones if the mask has no others, else undefined. */
export function maskPrefix4(mask: number): number | undefined {
  const bits = Math.clz32(~mask);
  return prefixMask4(bits) === (mask | 0) ? bits : undefined;
}

/** IPv6 mask with `bits` leading ones, 0 to 128. */
export function prefixMask6(bits: number): Uint8Array {
  const mask = new Uint8Array(16);
  for (let i = 0; i < 16; i++) mask[i] = 0xff00 >> Math.min(8, Math.max(0, bits - 8 * i));
  return mask;
}

/** Number of leading ones if the 16 bytes have no others, else undefined. */
export function maskPrefix6(b: Uint8Array, o = 0): number | undefined {
  let bits = 0;
  while (bits < 128 && (b[o + (bits >> 3)]! & (0x80 >> (bits & 7))) !== 0) bits++;
  for (let i = bits; i < 128; i++) if ((b[o + (i >> 3)]! & (0x80 >> (i & 7))) !== 0) return undefined;
  return bits;
}

/** Do two IPv4 addresses agree in their first `bits` bits? */
export function samePrefix4(a: number, b: number, bits: number): boolean {
  return bits === 0 || (a ^ b) >>> (32 - bits) === 0;
}

/** Do two IPv6 addresses agree in their first `bits` bits? */
export function samePrefix6(a: Uint8Array, ao: number, b: Uint8Array, bo: number, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[ao + i] !== b[bo + i]) return false;
  const rest = bits & 7;
  return rest === 0 || (a[ao + whole]! ^ b[bo + whole]!) >> (8 - rest) === 0;
}

/** 224.0.0.0/4 */
export function isMulticast4(address: number): boolean {
  return address >>> 28 === 14;
}

/** 127.0.0.0/8 */
export function isLoopback4(address: number): boolean {
  return address >>> 24 === 127;
}

/** ff00::/8 */
export function isMulticast6(b: Uint8Array, o = 0): boolean {
  return b[o] === 0xff;
}

/** fe80::/10 */
export function isLinkLocal6(b: Uint8Array, o = 0): boolean {
  return b[o] === 0xfe && (b[o + 1]! & 0xc0) === 0x80;
}

/** :: */
export function isUnspecified6(b: Uint8Array, o = 0): boolean {
  for (let i = 0; i < 16; i++) if (b[o + i] !== 0) return false;
  return true;
}

/** ::1 */
export function isLoopback6(b: Uint8Array, o = 0): boolean {
  for (let i = 0; i < 15; i++) if (b[o + i] !== 0) return false;
  return b[o + 15] === 1;
}

/** The Ethernet address of an IPv4 group (RFC 1112 section 6.4). */
export function multicastMac4(address: number): Uint8Array {
  return Uint8Array.of(0x01, 0x00, 0x5e, (address >>> 16) & 0x7f, address >>> 8, address);
}

/** The Ethernet address of an IPv6 group (RFC 2464 section 7). */
export function multicastMac6(b: Uint8Array, o = 0): Uint8Array {
  return Uint8Array.of(0x33, 0x33, b[o + 12]!, b[o + 13]!, b[o + 14]!, b[o + 15]!);
}

/** The solicited-node group of an address (RFC 4291 section 2.7.1). */
export function solicitedNode6(b: Uint8Array, o = 0): Uint8Array {
  const address = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0);
  for (let i = 13; i < 16; i++) address[i] = b[o + i]!;
  return address;
}
