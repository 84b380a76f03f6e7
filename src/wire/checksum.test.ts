import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksum, complement, fold, pseudo4, pseudo6, sum, update16, update32 } from './checksum.ts';

test('the example of RFC 1071', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(fold(sum(bytes, 0, 8))).toBe(0xddf2);
  expect(checksum(bytes, 0, 8)).toBe(0x220d);
});

test('an IPv4 header with its checksum sums to nothing', () => {
  const header = Uint8Array.from('4500003c1c4640004006b1e6ac100a63ac100a0c'.match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );
  expect(checksum(header, 0, 20)).toBe(0);
});

test('an odd byte counts as the upper half of a word', () => {
  expect(sum(Uint8Array.of(1, 2, 3), 0, 3)).toBe(0x0102 + 0x0300);
  expect(sum(Uint8Array.of(9, 1, 2, 3, 9), 1, 4)).toBe(0x0102 + 0x0300);
});

test('pseudo headers are the addresses, the protocol and the length', () => {
  const bytes = Uint8Array.from({ length: 60 }, (_, index) => index);
  expect(fold(pseudo4(bytes, 4, 6, 20))).toBe(fold(sum(bytes, 16, 24) + 6 + 20));
  expect(fold(pseudo6(bytes, 4, 58, 8))).toBe(fold(sum(bytes, 12, 44) + 58 + 8));
});

const even = fc
  .uint8Array({ minLength: 8, maxLength: 64 })
  .map((bytes) => bytes.subarray(0, bytes.length & ~1));

test('a checksum brought up to date is the one of the changed bytes', () => {
  fc.assert(
    fc.property(even, fc.nat(30), fc.integer({ min: 0, max: 0xffff }), (bytes, place, word) => {
      const at = (place % (bytes.length / 2)) * 2;
      const before = (bytes[at]! << 8) | bytes[at + 1]!;
      const old = checksum(bytes, 0, bytes.length);
      bytes[at] = word >> 8;
      bytes[at + 1] = word & 255;
      const fresh = checksum(bytes, 0, bytes.length);
      const updated = update16(old, before, word);
      // The two zeros of ones' complement are one value.
      expect(updated % 0xffff).toBe(fresh % 0xffff);
    }),
  );
});

test('the same for 32-bit numbers, signed ones too', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.nat(0xffff), (before, after, rest) => {
      const total = (value: number) => (value >>> 16) + (value & 0xffff) + rest;
      expect(update32(complement(total(before)), before, after) % 0xffff).toBe(
        complement(total(after)) % 0xffff,
      );
    }),
  );
});
