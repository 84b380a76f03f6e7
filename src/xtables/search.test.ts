import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Search } from './search.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

test('finds what a plain look from each place on finds', () => {
  const few = fc.uint8Array({ max: 3, maxLength: 40 });
  const pattern = fc.uint8Array({ max: 3, minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(few, pattern, fc.nat(45), fc.nat(45), (data, wanted, from, limit) => {
      const end = Math.min(data.length, limit);
      let first = -1;
      for (let at = from; at + wanted.length <= end && first < 0; at++) {
        if (wanted.every((byte, index) => data[at + index] === byte)) first = at;
      }
      expect(new Search(wanted, false).find(data, 0, data.length, from, limit)).toBe(first);
    }),
  );
});

test('capital and small letters, of Latin-1 too, are the same if asked for', () => {
  const search = new Search(bytes('gÄr'), true);
  expect(search.find(bytes('a Gär'), 0, 5, 0, 99)).toBe(2);
  expect(new Search(bytes('gÄr'), false).find(bytes('a Gär'), 0, 5, 0, 99)).toBe(-1);
});

test('as the kernel does, a search by jumps misses ß and ÿ where letter case is ignored', () => {
  const text = bytes('xÿab');
  expect(new Search(bytes('ÿab'), true).find(text, 0, 4, 0, 9)).toBe(1);
  expect(new Search(bytes('ÿabz'), true, true).find(bytes('abcÿabz'), 0, 7, 0, 9)).toBe(-1);
  expect(new Search(bytes('ÿabz'), true, false).find(bytes('abcÿabz'), 0, 7, 0, 9)).toBe(3);
});
