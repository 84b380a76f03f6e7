import { expect, test } from 'vitest';
import type { Family } from '../netfilter/constants.ts';
import { formatAddress } from './address.ts';
import type { ParseContext } from './extension.ts';
import { addressMask, hostMask, narrow, prefixLengthMask } from './hosts.ts';
import { Names } from './names.ts';

const names = new Names({ hosts: '192.0.2.7 web\n2001:db8::7 web6' });
const context = (family: Family) =>
  ({
    family,
    names,
    extension: 'conntrack',
    option: 'ctorigsrc',
    numeric: true,
  }) as unknown as ParseContext & {
    numeric: boolean;
  };

test.each([
  [4, '10.1.2.3', '10.1.2.3'],
  [4, '10.1.2.3/8', '10.1.2.3/8'],
  [4, '10.1.2.3/255.255.0.0', '10.1.2.3/16'],
  [4, '10.1.2.3/255.0.255.0', '10.1.2.3'],
  [4, '10.1.2.3/33', '10.1.2.3'],
  [4, '10.1.2.3/0', '10.1.2.3/0'],
  [4, '255', '0.0.0.255'],
  [4, 'web', '192.0.2.7'],
  [6, '2001:db8::1/ffff::', '2001:db8::1/16'],
  [6, '2001:db8::1/ff0f::', '2001:db8::1'],
  [6, 'web6/32', '2001:db8::7/32'],
] as const)('IPv%d %s is %s', (family, given, printed) => {
  expect(hostMask.print(hostMask.parse(given, context(family)), context(family))).toBe(printed);
});

test.each([
  [4, '2001:db8::1', 'getaddrinfo: Address family for hostname not supported\n'],
  [6, '10.0.0.1', 'getaddrinfo: Address family for hostname not supported\n'],
  [4, '1,2', 'getaddrinfo: Name or service not known\n'],
  [4, '', 'getaddrinfo: Name or service not known\n'],
  [4, '4294967296', 'getaddrinfo: Name or service not known\n'],
  [4, 'nowhere', 'getaddrinfo: Temporary failure in name resolution\n'],
  [
    6,
    '::/129',
    'conntrack: bad value for option "--ctorigsrc", neither a valid network mask nor valid CIDR (0-128).\n',
  ],
] as const)('IPv%d %s is refused', (family, given, message) => {
  expect(() => hostMask.parse(given, context(family))).toThrow(message);
});

test('a mask in full is another one than no mask, for IPv4', () => {
  const parse = (given: string) => hostMask.parse(given, context(4)).mask;
  expect(parse('10.0.0.1/32')).not.toEqual(parse('10.0.0.1'));
  expect(narrow(parse('10.0.0.1/32'), 4)).toEqual(narrow(parse('10.0.0.1'), 4));
});

test('masks alone', () => {
  expect(prefixLengthMask.print(prefixLengthMask.parse('255.255.255.0', context(4)), context(4))).toBe('24');
  expect(formatAddress(narrow(addressMask.parse('255.0.255.0', context(4)), 4))).toBe('255.0.255.0');
});
