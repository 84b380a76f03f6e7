import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatAddress,
  formatMask,
  fromBytes,
  parseAton,
  parseDotted,
  parseIpv6,
  prefixLength,
  prefixMask,
  toBytes,
} from './address.ts';

describe('IPv4 as the commands read it', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['10.1', '10.1.0.0'],
    ['10', '10.0.0.0'],
    ['010.0.0.1', '8.0.0.1'],
    ['0x0a.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
  ])('%s is %s', (text, address) => {
    expect(formatAddress(parseDotted(text)!)).toBe(address);
  });

  it.each(['256.0.0.1', '1.2.3.4.5', '10.0.0.08', 'foo', '', '1.2.3.4 '])('%j is none', (text) => {
    expect(parseDotted(text)).toBeUndefined();
  });

  it('needs all four numbers in a mask', () => {
    expect(parseDotted('255.255', true)).toBeUndefined();
  });

  it('falls back on inet_aton for names', () => {
    expect(formatAddress(parseAton('0x7f000001')!)).toBe('127.0.0.1');
    expect(formatAddress(parseAton('256')!)).toBe('0.0.1.0');
    expect(formatAddress(parseAton('10.257')!)).toBe('10.0.1.1');
    expect(parseAton('10.16777216')).toBeUndefined();
    expect(parseAton('1.2.3.256')).toBeUndefined();
  });
});

describe('IPv6', () => {
  it.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::1.2.3.4', '::1.2.3.4'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('%s is printed as %s', (text, printed) => {
    expect(formatAddress(parseIpv6(text)!)).toBe(printed);
  });

  it.each(['1::2::3', '1:2:3:4:5:6:7:8:9', '1:2:3', ':::', '12345::', '::1%lo', '::01.2.3.4', '1.2.3.4'])(
    '%j is none',
    (text) => {
      expect(parseIpv6(text)).toBeUndefined();
    },
  );

  it('reads what it prints', () => {
    const word = fc.oneof(fc.constant(0), fc.integer(), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (words) => {
        expect(parseIpv6(formatAddress(words))).toEqual(words);
        expect(fromBytes(toBytes(words))).toEqual(words);
      }),
    );
  });
});

describe('masks', () => {
  it('of a prefix have its length', () => {
    for (let bits = 0; bits <= 128; bits++) expect(prefixLength(prefixMask(6, bits))).toBe(bits);
    for (let bits = 0; bits <= 32; bits++) expect(prefixLength(prefixMask(4, bits))).toBe(bits);
  });

  it('that are no prefix are written out', () => {
    expect(formatMask(parseDotted('255.0.255.0')!)).toBe('/255.0.255.0');
    expect(formatMask(parseDotted('255.255.255.0')!)).toBe('/24');
    expect(formatMask(prefixMask(4, 32))).toBe('');
    expect(formatMask(parseIpv6('ffff:0:ffff::')!)).toBe('/ffff:0:ffff::');
  });
});
