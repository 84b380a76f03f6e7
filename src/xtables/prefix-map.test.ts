import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumBytes } from '../wire/checksum.ts';
import { fromBytes, masked, prefixMask } from './address.ts';
import { PrefixMap } from './prefix-map.ts';

const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Lengths that the kernel takes. */
const length = fc.integer({ min: 0, max: 64 });

function prefixOf(bytes: Uint8Array, bits: number) {
  return masked(fromBytes(bytes), prefixMask(6, bits));
}

/** 0 and 0xffff are the same number in ones' complement. */
const sumOf = (bytes: Uint8Array) => sumBytes(bytes, 0, 16) % 0xffff;

describe('PrefixMap', () => {
  it('maps as RFC 6296 section 2.2 shows', () => {
    const from = fromBytes(Uint8Array.of(0xfd, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    const to = fromBytes(Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    const bytes = Uint8Array.of(0xfd, 1, 2, 3, 4, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0x12, 0x34);
    expect(new PrefixMap(from, 48, to, 48).apply(bytes, 0)).toBe(true);
    expect([...bytes]).toEqual([0x20, 1, 0x0d, 0xb8, 0, 1, 0xd5, 0x50, 0, 0, 0, 0, 0, 0, 0x12, 0x34]);
  });

  it('keeps the sum of the address, and the way back gives it again', () => {
    fc.assert(
      fc.property(address, address, address, length, (host, from, to, bits) => {
        const inside = prefixOf(from, bits);
        const outside = prefixOf(to, bits);
        const bytes = host.slice();
        for (let bit = 0; bit < bits; bit++) {
          const i = bit >> 3;
          const mask = 0x80 >> (bit & 7);
          bytes[i] = (bytes[i]! & ~mask) | (from[i]! & mask);
        }
        const before = bytes.slice();
        const there = new PrefixMap(inside, bits, outside, bits);
        expect(there.fits(bytes, 0)).toBe(true);
        if (!there.apply(bytes, 0)) return;
        // A prefix longer than 48 bits leaves the word with the adjustment outside of it.
        if (bits > 48 || bits === 0 || (bits & 15) === 0) {
          expect(sumOf(bytes)).toBe(sumOf(before));
          const back = new PrefixMap(outside, bits, inside, bits);
          expect(back.fits(bytes, 0)).toBe(true);
          if (back.apply(bytes, 0)) expect(sumOf(bytes)).toBe(sumOf(before));
        }
      }),
    );
  });

  it('refuses an address behind a long prefix whose words are all ones', () => {
    const bytes = new Uint8Array(16).fill(0xff);
    const map = new PrefixMap([0, 0, 0, 0], 64, [0x20010db8, 0, 0, 0], 64);
    expect(map.apply(bytes, 0)).toBe(false);
    bytes[15] = 0xfe;
    expect(map.apply(bytes, 0)).toBe(true);
  });
});
