import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfText, textOfBytes } from './bytes-text.ts';

test('bytes of a text and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const bytes = bytesOfText(text);
      expect(bytes).toBe(Buffer.from(text, 'utf8').toString('latin1'));
      expect(textOfBytes(bytes)).toBe(text);
    }),
  );
});

test('any bytes become a text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = textOfBytes(Buffer.from(bytes).toString('latin1'));
      expect(bytesOfText(text)).toBe(Buffer.from(text, 'utf8').toString('latin1'));
    }),
  );
  expect(textOfBytes('\xff\xc3')).toBe('\ufffd\ufffd');
});

test('half a surrogate pair', () => {
  expect(textOfBytes(bytesOfText('a\ud800'))).toBe('a\ufffd');
});
