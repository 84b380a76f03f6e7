import { get16, get32 } from './bytes.ts';

/**
 * The Internet checksum (RFC 1071). A "sum" is a ones' complement sum of 16-bit words, folded: 0 to 65535, and 0 only
 * if nothing but zeros was added. A "checksum" is its complement, as it stands in a header.
 */

/** A block whose words cannot overflow 31 bits when added: 32 767 words of at most 65535, and a folded sum. */
const BLOCK = 65532;

/** Carries brought back in. `value` is 0 to 2³²-1. */
export function fold(value: number): number {
  const once = (value & 0xffff) + (value >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/**
 * Sum of the bytes from `from` to `to`, added to a folded sum. An odd last byte counts as the upper half of a word, so
 * only the last of several pieces may be odd.
 */
export function sumBytes(b: Uint8Array, from: number, to: number, initial = 0): number {
  let sum = initial;
  let o = from;
  while (o < to) {
    const end = to - o > BLOCK ? o + BLOCK : to;
    for (const last = end - 7; o < last; o += 8) {
      sum =
        (sum +
          ((b[o]! << 8) | b[o + 1]!) +
          ((b[o + 2]! << 8) | b[o + 3]!) +
          ((b[o + 4]! << 8) | b[o + 5]!) +
          ((b[o + 6]! << 8) | b[o + 7]!)) |
        0;
    }
    for (const last = end - 1; o < last; o += 2) sum = (sum + ((b[o]! << 8) | b[o + 1]!)) | 0;
    if (o < end) sum = (sum + (b[o++]! << 8)) | 0;
    sum = fold(sum);
  }
  return sum;
}

/** Checksum of the bytes from `from` to `to` with a folded sum; 0 over bytes that hold their right checksum. */
export function checksum(b: Uint8Array, from: number, to: number, initial = 0): number {
  return ~sumBytes(b, from, to, initial) & 0xffff;
}

/** Two folded sums in one. */
export function addSums(a: number, b: number): number {
  const sum = a + b;
  return (sum & 0xffff) + (sum >>> 16);
}

/** The sum of a 32-bit number's two words. */
export function sum32(value: number): number {
  return addSums(value >>> 16, value & 0xffff);
}

/** The sum that bytes have when they begin at an odd offset of the whole (RFC 1071 section 2 (B)). */
export function swapSum(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8);
}

/** Sum of the pseudo header of the IPv4 header at `ip` (RFC 768) for `length` bytes of `protocol`. */
export function pseudoSum4(b: Uint8Array, ip: number, protocol: number, length: number): number {
  return pseudoSumOf4(get32(b, ip + 12), get32(b, ip + 16), protocol, length);
}

/** The same of two addresses. */
export function pseudoSumOf4(source: number, destination: number, protocol: number, length: number): number {
  const addresses = addSums(sum32(source), sum32(destination));
  return addSums(addresses, addSums(protocol, sum32(length)));
}

/**
 * Sum of the pseudo header of the IPv6 header at `ip` (RFC 8200 section 8.1) for `length` bytes of `protocol`. The
 * destination is the one in the header; where a routing header has another to come, use {@link pseudoSumOf6}.
 */
export function pseudoSum6(b: Uint8Array, ip: number, protocol: number, length: number): number {
  return addSums(sumBytes(b, ip + 8, ip + 40), addSums(protocol, sum32(length)));
}

/** The same of two addresses, 16 bytes each at `so` and `po`. */
export function pseudoSumOf6(
  source: Uint8Array,
  so: number,
  destination: Uint8Array,
  po: number,
  protocol: number,
  length: number,
): number {
  const addresses = sumBytes(destination, po, po + 16, sumBytes(source, so, so + 16));
  return addSums(addresses, addSums(protocol, sum32(length)));
}

/**
 * What UDP and UDP-Lite send: a computed checksum of 0 becomes 0xffff, since 0 means that there is none (RFC 768).
 */
export function udpChecksum(computed: number): number {
  return computed === 0 ? 0xffff : computed;
}

/**
 * The checksum after a 16-bit word changed, by RFC 1624 equation 3 (include/net/checksum.h csum_replace2). Linux's
 * updates of transport headers, also of 16-bit fields, are {@link updateChecksum32}, which never answers 0xffff.
 */
export function updateChecksum16(check: number, from: number, to: number): number {
  return ~fold((~check & 0xffff) + (~from & 0xffff) + (to & 0xffff)) & 0xffff;
}

/**
 * The checksum after a 32-bit number changed (include/net/checksum.h csum_replace4). Also what
 * inet_proto_csum_replace2 and -4 do; a 16-bit field is given as it is.
 */
export function updateChecksum32(check: number, from: number, to: number): number {
  return ~fold(complement(check) + (~from >>> 16) + (~from & 0xffff) + (to >>> 16) + (to & 0xffff)) & 0xffff;
}

/** The checksum after 16 bytes changed, as an IPv6 address does (net/core/utils.c inet_proto_csum_replace16). */
export function updateChecksum128(
  check: number,
  from: Uint8Array,
  fo: number,
  to: Uint8Array,
  o: number,
): number {
  let sum = complement(check);
  for (let i = 0; i < 16; i += 2) sum += (~get16(from, fo + i) & 0xffff) + get16(to, o + i);
  return ~fold(sum) & 0xffff;
}

/**
 * The checksum after a stretch of bytes was replaced by another, possibly of another length: by the sums of both.
 * `odd` says that the stretch begins at an odd offset of what is summed. If an odd number of bytes came or went, what
 * follows them has changed halves: then only a whole new sum is right. Lengths in pseudo headers are the caller's.
 */
export function updateChecksumSums(check: number, from: number, to: number, odd = false): number {
  const was = odd ? swapSum(from) : from;
  const is = odd ? swapSum(to) : to;
  return ~fold(complement(check) + (~was & 0xffff) + is) & 0xffff;
}

/**
 * The sum that a checksum stands for, as csum_unfold's complement has it: with all upper bits set, which add nothing
 * but make that a sum is never 0, nor a checksum 0xffff.
 */
function complement(check: number): number {
  return 0xffff + (~check & 0xffff);
}
