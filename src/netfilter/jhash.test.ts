import { expect, test } from 'vitest';
import { hashList, hashWords, scale } from './jhash.ts';

/** "Four score and seven years a": the text of lookup3's own driver, as little-endian words. */
const WORDS = [0x72756f46, 0x6f637320, 0x61206572, 0x7320646e, 0x6e657665, 0x61657920, 0x61207372];

// What lookup3's hashlittle answers for so many bytes of the text.
test.each([
  [1, 0xf0dbeea6, 0x4c161761],
  [2, 0x2ca474f0, 0xe02f9cc0],
  [3, 0xccda323b, 0x410477fa],
  [4, 0x17bd0180, 0xe44aa5f2],
  [6, 0x4eaa9b13, 0xd65c22ce],
  [7, 0xa70fa8be, 0x8bf58c55],
])('hash of %d words', (length, seed0, seed1) => {
  expect(hashList(WORDS.slice(0, length), 0)).toBe(seed0);
  expect(hashList(WORDS.slice(0, length), 1)).toBe(seed1);
});

test('of up to three words without a list', () => {
  const [a, b, c] = WORDS as [number, number, number];
  expect(hashWords(1, a, 0, 0, 1)).toBe(0x4c161761);
  expect(hashWords(2, a, b, 0, 0)).toBe(0x2ca474f0);
  expect(hashWords(3, a, b, c, 0)).toBe(0xccda323b);
});

test('nothing hashes to where it starts', () => expect(hashList([], 7)).toBe(0xdeadbeef + 7));

test('scale spreads all hashes', () => {
  expect([0, 0x7fffffff, 0x80000000, 0xffffffff].map((hash) => scale(hash, 2))).toEqual([0, 0, 1, 1]);
  expect(scale(-1, 32)).toBe(31);
});

test('scale is exact where the product has 64 bits', () => {
  for (const [hash, end] of [
    [0xffffffff, 0xffffffff],
    [0xfffffffe, 0xffffffff],
    [0xdeadbeef, 0xfffffffb],
    [0x80000001, 0xfffffffe],
    [0x87654321, 0xffff0001],
  ] as const) {
    expect(scale(hash, end)).toBe(Number((BigInt(hash) * BigInt(end)) >> 32n));
  }
});
