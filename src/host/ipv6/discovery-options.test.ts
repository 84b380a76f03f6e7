import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEthernetOption, readDiscoveryOptions, writeLinkLayerOption } from './discovery-options.ts';

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('options of neighbour discovery', () => {
  it('finds each kind, and of two of a kind the first', () => {
    const bytes = bytesOf('ff0101020000000001020102000000000201010200000000030401000000000000');
    expect(readDiscoveryOptions(bytes, 1, bytes.length)).toEqual({
      sourceLinkLayer: 1,
      targetLinkLayer: 9,
      redirectedHeader: 25,
    });
  });

  it.each([
    ['of length 0', '0100020000000001'],
    ['longer than the message', '0102020000000001'],
    ['of one byte', '01'],
  ])('refuses a message with an option %s', (_what, hex) => {
    const bytes = bytesOf(`ff${hex}`);
    expect(readDiscoveryOptions(bytes, 1, bytes.length)).toBeUndefined();
  });

  it('writes an address that it reads again', () => {
    const bytes = new Uint8Array(9);
    expect(writeLinkLayerOption(bytes, 1, 2, bytesOf('020000000001'))).toBe(9);
    expect(readDiscoveryOptions(bytes, 1, 9)?.targetLinkLayer).toBe(1);
    expect(isEthernetOption(bytes, 1)).toBe(true);
  });

  it('ends, whatever it reads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const found = readDiscoveryOptions(bytes, 0, bytes.length);
        expect(found === undefined || found.redirectedHeader < Math.max(1, bytes.length)).toBe(true);
      }),
    );
  });
});
