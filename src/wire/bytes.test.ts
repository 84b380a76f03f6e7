import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, fromHex, get16, get24, get32, sameBytes, set16, set24, set32, toHex } from './bytes.ts';

test('numbers are in network order, 32 bits signed', () => {
  const b = Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc, 0);
  expect(get16(b, 1)).toBe(0xfffe);
  expect(get24(b, 1)).toBe(0xfffefd);
  expect(get32(b, 1)).toBe(0xfffefdfc | 0);
});

test('what is written is read, and nothing beside it changes', () => {
  const b = new Uint8Array(8);
  set16(b, 1, 0x12345);
  expect([...b]).toEqual([0, 0x23, 0x45, 0, 0, 0, 0, 0]);
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const c = new Uint8Array(9);
      set32(c, 1, value);
      set24(c, 5, value);
      expect(get32(c, 1)).toBe(value);
      expect(get24(c, 5)).toBe(value & 0xffffff);
      expect([c[0], c[8]]).toEqual([0, 0]);
    }),
  );
});

test('hex goes both ways', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40, size: 'max' }), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes);
      expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes);
    }),
  );
  expect(toHex(Uint8Array.of(1, 2, 0xab, 4), 1, 3)).toBe('02ab');
  expect([...fromHex(' 01\n02\tff ')]).toEqual([1, 2, 255]);
});

test.each([
  ['0g', 'hex text, character 2: "g" is no hexadecimal digit (0-9, a-f)'],
  ['00 0', 'hex text ends within a byte: digit 4 is alone'],
  ['0 0', 'hex text, character 2: " " is no hexadecimal digit (0-9, a-f)'],
  ['é', 'hex text, character 1: "é" is no hexadecimal digit (0-9, a-f)'],
])('%j is no hex text', (text, message) => {
  expect(() => fromHex(text)).toThrow(new SyntaxError(message));
});

test('bytes are compared and joined', () => {
  const joined = concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3));
  expect([...joined]).toEqual([1, 2, 3]);
  expect(sameBytes(joined, 1, Uint8Array.of(9, 2, 3), 1, 2)).toBe(true);
  expect(sameBytes(joined, 0, Uint8Array.of(9, 2, 3), 0, 2)).toBe(false);
});
