/**
 * Bob Jenkins' hash as Linux has it (lookup3: http://burtleburtle.net/bob/c/lookup3.c, public domain; include/linux/jhash.h).
 * Numbers are 32-bit; answers are unsigned.
 */

/** An arbitrary number to start from (JHASH_INITVAL). */
const START = 0xdeadbeef | 0;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function final(a: number, b: number, c: number): number {
  let x = a;
  let y = b;
  let z = (c ^ b) - rotate(b, 14);
  z |= 0;
  x = ((x ^ z) - rotate(z, 11)) | 0;
  y = ((y ^ x) - rotate(x, 25)) | 0;
  z = ((z ^ y) - rotate(y, 16)) | 0;
  x = ((x ^ z) - rotate(z, 4)) | 0;
  y = ((y ^ x) - rotate(x, 14)) | 0;
  z = ((z ^ y) - rotate(y, 24)) | 0;
  return z >>> 0;
}

/** Hash of up to three words (jhash_1word, jhash_2words, jhash_3words: `count` says how many there are). */
export function hashWords(count: 1 | 2 | 3, a: number, b: number, c: number, seed: number): number {
  const start = (START + (count << 2) + seed) | 0;
  return final((a + start) | 0, (b + start) | 0, (c + start) | 0);
}

/** Hash of a list of words (jhash2). */
export function hashList(words: readonly number[], seed: number): number {
  let a = (START + (words.length << 2) + seed) | 0;
  let b = a;
  let c = a;
  let at = 0;
  for (; words.length - at > 3; at += 3) {
    a = (a + words[at]!) | 0;
    b = (b + words[at + 1]!) | 0;
    c = (c + words[at + 2]!) | 0;
    a = ((a - c) ^ rotate(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotate(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 4)) | 0;
    b = (b + a) | 0;
  }
  const left = words.length - at;
  if (left === 0) return c >>> 0;
  if (left > 2) c = (c + words[at + 2]!) | 0;
  if (left > 1) b = (b + words[at + 1]!) | 0;
  a = (a + words[at]!) | 0;
  return final(a, b, c);
}

/** Spreads a hash over `0 … end - 1` by its upper bits (reciprocal_scale); `end` is up to 2³²−1. */
export function scale(hash: number, end: number): number {
  // In two parts, as the product may have 64 bits.
  const lower = Math.floor(((hash & 0xffff) * end) / 0x1_0000);
  return Math.floor(((hash >>> 16) * end + lower) / 0x1_0000);
}
