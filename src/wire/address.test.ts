import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ipv6Bytes,
  ipv6Words,
  isLinkLocal6,
  isLoopback6,
  isMulticast4,
  isMulticast6,
  isUnspecified6,
  maskPrefix4,
  maskPrefix6,
  multicastMac4,
  multicastMac6,
  parseIpv4,
  parseIpv6,
  parseMac,
  prefixMask4,
  prefixMask6,
  printIpv4,
  printIpv6,
  printMac,
  samePrefix4,
  samePrefix6,
  solicitedNode6,
} from './address.ts';
import { fromHex, toHex } from './bytes.ts';

const address6 = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // With runs of zeros, which is where printing has its rules.
  fc
    .array(fc.constantFrom(0, 0, 0, 1, 0xffff, 0x0a0b), { minLength: 8, maxLength: 8 })
    .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))),
);

test('IPv4 goes both ways', () => {
  expect(parseIpv4('192.0.2.255')).toBe(0xc00002ff | 0);
  fc.assert(
    fc.property(fc.integer(), (address) => {
      expect(parseIpv4(printIpv4(address))).toBe(address);
    }),
  );
});

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '00.2.3.4',
  '1..3.4',
  '1.2.3.',
  '.1.2.3',
  ' 1.2.3.4',
  '1.2.3.4 ',
  '0x1.2.3.4',
  '1.2.3.+4',
  '1.2.3.4444444444',
])('%j is no IPv4 address', (text) => {
  expect(parseIpv4(text)).toBeUndefined();
});

test('IPv6 goes both ways', () => {
  fc.assert(
    fc.property(address6, (address) => {
      expect(parseIpv6(printIpv6(address))).toEqual(address);
    }),
  );
});

// As glibc's inet_ntop prints them.
test.each([
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000000000001', '::1'],
  ['00000000000000000000000000010000', '::0.1.0.0'],
  ['000000000000000000000000c0000201', '::192.0.2.1'],
  ['00000000000000000000ffffc0000201', '::ffff:192.0.2.1'],
  ['0000000000000000ffff0000c0000201', '::ffff:0:c000:201'],
  ['00000000000000000001ffffc0000201', '::1:ffff:c000:201'],
  ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
  ['20010db8000000010000000000000000', '2001:db8:0:1::'],
  ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
  ['00000001000000010000000100000001', '0:1:0:1:0:1:0:1'],
  ['00010000000000010000000000000001', '1:0:0:1::1'],
  ['fe800000000000000abcdef000000000', 'fe80::abc:def0:0:0'],
])('%s prints as %s', (hex, text) => {
  expect(printIpv6(fromHex(hex))).toBe(text);
  expect(toHex(parseIpv6(text)!)).toBe(hex);
});

test.each([
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ['1::8', '00010000000000000000000000000008'],
  ['ABCD::0001', 'abcd0000000000000000000000000001'],
  ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
  ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ['::1.2.3.4', '00000000000000000000000001020304'],
])('%s reads as %s', (text, hex) => {
  expect(toHex(parseIpv6(text)!)).toBe(hex);
});

test.each([
  '',
  ':',
  ':::',
  '1',
  ':1::2',
  '1::2:',
  '1::2::3',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  '00001::',
  'g::',
  '::1.2.3',
  '::01.2.3.4',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  '1.2.3.4',
  '::1%lo',
  ' ::1',
])('%j is no IPv6 address', (text) => {
  expect(parseIpv6(text)).toBeUndefined();
});

test('MAC addresses have two digits a byte', () => {
  expect([...parseMac('02:00:aB:00:00:fF')!]).toEqual([2, 0, 0xab, 0, 0, 255]);
  expect(printMac(Uint8Array.of(9, 2, 0, 0xab, 0, 0, 255), 1)).toBe('02:00:ab:00:00:ff');
  for (const text of ['', '02:00:00:00:00', '2:0:0:0:0:0', '02-00-00-00-00-00', '02:00:00:00:00:0g']) {
    expect(parseMac(text)).toBeUndefined();
  }
});

test('words and bytes of IPv6', () => {
  fc.assert(
    fc.property(address6, (address) => {
      expect(ipv6Bytes(ipv6Words(address))).toEqual(address);
    }),
  );
  expect([...ipv6Words(parseIpv6('ffff:ffff::1')!)]).toEqual([-1, 0, 0, 1]);
});

test('masks and prefixes', () => {
  for (let bits = 0; bits <= 32; bits++) expect(maskPrefix4(prefixMask4(bits))).toBe(bits);
  for (let bits = 0; bits <= 128; bits++) expect(maskPrefix6(prefixMask6(bits))).toBe(bits);
  expect(printIpv4(prefixMask4(20))).toBe('255.255.240.0');
  expect(printIpv6(prefixMask6(65))).toBe('ffff:ffff:ffff:ffff:8000::');
  expect(maskPrefix4(parseIpv4('255.0.255.0')!)).toBeUndefined();
  expect(maskPrefix4(1)).toBeUndefined();
  expect(maskPrefix6(parseIpv6('ff00::1')!)).toBeUndefined();
});

test('addresses of one prefix', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.integer({ min: 0, max: 32 }), (a, b, bits) => {
      const mask = prefixMask4(bits);
      expect(samePrefix4(a, b, bits)).toBe((a & mask) === (b & mask));
    }),
  );
  fc.assert(
    fc.property(
      address6,
      fc.integer({ min: 0, max: 127 }),
      fc.integer({ min: 0, max: 128 }),
      (a, bit, bits) => {
        const b = a.slice();
        b[bit >> 3]! ^= 0x80 >> (bit & 7);
        expect(samePrefix6(a, 0, b, 0, bits)).toBe(bit >= bits);
      },
    ),
  );
});

test('kinds of addresses', () => {
  expect(isMulticast4(parseIpv4('224.0.0.1')!)).toBe(true);
  expect(isMulticast4(parseIpv4('240.0.0.1')!)).toBe(false);
  expect(isMulticast6(parseIpv6('ff02::1')!)).toBe(true);
  expect(isLinkLocal6(parseIpv6('febf::1')!)).toBe(true);
  expect(isLinkLocal6(parseIpv6('fec0::1')!)).toBe(false);
  expect(isUnspecified6(parseIpv6('::')!)).toBe(true);
  expect(isLoopback6(parseIpv6('::1')!)).toBe(true);
  expect(isLoopback6(parseIpv6('::')!)).toBe(false);
});

test('addresses of groups', () => {
  expect(printMac(multicastMac4(parseIpv4('239.129.2.3')!))).toBe('01:00:5e:01:02:03');
  expect(printMac(multicastMac6(parseIpv6('ff02::1:ff00:1')!))).toBe('33:33:ff:00:00:01');
  expect(printIpv6(solicitedNode6(parseIpv6('2001:db8::ab:cdef')!))).toBe('ff02::1:ffab:cdef');
});
