import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { skipExtensions, unfragmentablePart } from './headers.ts';

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const PAD = '0104000000000000'.slice(0, 12);

describe('passing extension headers', () => {
  it('stops at the first header that is none', () => {
    const bytes = bytesOf(`3c00${PAD}1100${PAD}03e8`);
    expect(skipExtensions(bytes, 0, bytes.length, 0)).toEqual({ offset: 16, nextHeader: 17, fragment: 0 });
  });

  it('passes a first fragment and stops at the data of a later one', () => {
    const first = bytesOf('11000001000000070000');
    expect(skipExtensions(first, 0, first.length, 44)).toEqual({ offset: 8, nextHeader: 17, fragment: 1 });
    const later = bytesOf('11000009000000070000');
    expect(skipExtensions(later, 0, later.length, 44)).toEqual({ offset: 0, nextHeader: 44, fragment: 9 });
  });

  it('knows the length of an authentication header', () => {
    const bytes = bytesOf('3a01000000000001000000010300');
    expect(skipExtensions(bytes, 0, bytes.length, 51)?.offset).toBe(12);
  });

  it('gives up at "no next header" and where a header is cut off', () => {
    expect(skipExtensions(new Uint8Array(8), 0, 8, 59)).toBeUndefined();
    expect(skipExtensions(new Uint8Array(1), 0, 1, 0)).toBeUndefined();
    expect(skipExtensions(new Uint8Array(3), 0, 3, 44)).toBeUndefined();
  });
});

describe('the part that every fragment repeats', () => {
  const header = (next: string) => `6000000000${'00'}${next}40${'00'.repeat(32)}`;
  it.each([
    ['nothing but the IPv6 header', header('11'), 40, 6],
    ['hop-by-hop options', `${header('00')}1100${PAD}`, 48, 40],
    ['destination options alone', `${header('3c')}1100${PAD}`, 48, 40],
    ['all up to the routing header', `${header('2b')}3c00${PAD}1100${PAD}`, 48, 40],
  ])('%s', (_name, hex, length, nextHeaderAt) => {
    const bytes = bytesOf(hex);
    expect(unfragmentablePart(bytes, 0, bytes.length)).toEqual({ length, nextHeaderAt });
  });

  it('is unknown where a header is cut off', () => {
    const bytes = bytesOf(`${header('00')}11`);
    expect(unfragmentablePart(bytes, 0, bytes.length)).toBeUndefined();
  });
});

it('never reads beyond what it is given', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom(0, 43, 44, 51, 59, 60, 17),
      (bytes, next) => {
        const found = skipExtensions(bytes, 0, bytes.length, next);
        expect(found === undefined || Number.isInteger(found.offset)).toBe(true);
        const part = unfragmentablePart(bytes, 0, bytes.length);
        expect(part === undefined || part.nextHeaderAt < bytes.length).toBe(true);
      },
    ),
  );
});
