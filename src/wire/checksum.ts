/** The Internet checksum: 16-bit ones' complement sums (RFC 1071), and changing one without the bytes (RFC 1624). */

const IPV4_SOURCE = 12;
const IPV6_SOURCE = 8;

/**
 * Sum of the 16-bit words from `from` to `to`, not folded; an odd last byte is the upper half of a word. Exact up to
 * 2³² bytes.
 */
export function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  let at = from;
  const even = to - ((to - from) & 1);
  for (; at < even; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  return at < to ? total + (bytes[at]! << 8) : total;
}

/** A sum brought into 16 bits. */
export function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** The checksum to write for a sum: its complement. */
export function complement(total: number): number {
  return ~fold(total) & 0xffff;
}

/** Checksum of a range of bytes. 0 if the range has a checksum in it that is right. */
export function checksum(bytes: Uint8Array, from: number, to: number): number {
  return complement(sum(bytes, from, to));
}

/** Sum of the pseudo header of the IPv4 header at `network` (RFC 9293 section 3.1). `length` is that of what is summed. */
export function pseudo4(bytes: Uint8Array, network: number, protocol: number, length: number): number {
  return sum(bytes, network + IPV4_SOURCE, network + IPV4_SOURCE + 8) + protocol + length;
}

/** Sum of the pseudo header of the IPv6 header at `network` (RFC 8200 section 8.1). */
export function pseudo6(bytes: Uint8Array, network: number, protocol: number, length: number): number {
  return sum(bytes, network + IPV6_SOURCE, network + IPV6_SOURCE + 32) + protocol + length;
}

/** A checksum after one 16-bit word that it covers has changed (RFC 1624 equation 3). */
export function update16(old: number, before: number, after: number): number {
  return complement((~old & 0xffff) + (~before & 0xffff) + after);
}

/** A checksum after a 32-bit number that it covers has changed; any 32-bit numbers, signed or not. */
export function update32(old: number, before: number, after: number): number {
  return update16(update16(old, before >>> 16, after >>> 16), before & 0xffff, after & 0xffff);
}
