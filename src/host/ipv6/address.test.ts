import { describe, expect, it } from 'vitest';
import { isLoopback6, isUnspecified6, solicitedNode6 } from '../../wire/address.ts';
import {
  ADDRESS_ANY,
  ADDRESS_COMPATIBLE,
  ADDRESS_LINK_LOCAL,
  ADDRESS_LOOPBACK,
  ADDRESS_MAPPED,
  ADDRESS_MULTICAST,
  ADDRESS_SITE_LOCAL,
  ADDRESS_UNICAST,
  addressKind,
  isSolicitedNode,
  needsInterface,
  needsStrictRoute,
} from './address.ts';

function address(hex: string): Uint8Array {
  return Uint8Array.from(hex.padEnd(32, '0').match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

const tail = (hex: string) => address(hex.padStart(32, '0'));

describe('kinds of addresses', () => {
  it.each([
    ['::', tail('0'), ADDRESS_ANY],
    ['::1', tail('1'), ADDRESS_LOOPBACK | ADDRESS_UNICAST],
    ['::1.2.3.4', tail('01020304'), ADDRESS_COMPATIBLE | ADDRESS_UNICAST],
    ['::ffff:1.2.3.4', tail('ffff01020304'), ADDRESS_MAPPED],
    ['2001:db8::1', address('20010db8'), ADDRESS_UNICAST],
    ['fd00::1', address('fd'), ADDRESS_UNICAST],
    ['fe80::1', address('fe80'), ADDRESS_LINK_LOCAL | ADDRESS_UNICAST],
    ['febf::1', address('febf'), ADDRESS_LINK_LOCAL | ADDRESS_UNICAST],
    ['fec0::1', address('fec0'), ADDRESS_SITE_LOCAL | ADDRESS_UNICAST],
    ['ff02::1', address('ff02'), ADDRESS_MULTICAST],
    ['0:0:0:1::', address('0000000000000001'), ADDRESS_UNICAST],
  ])('%s', (_text, bytes, kind) => {
    expect(addressKind(bytes, 0)).toBe(kind);
  });

  it('looks at the offset it is given', () => {
    const bytes = new Uint8Array(20);
    bytes[19] = 1;
    expect(isUnspecified6(bytes, 3)).toBe(true);
    expect(isLoopback6(bytes, 4)).toBe(true);
    expect(isLoopback6(bytes, 3)).toBe(false);
  });
});

describe('solicited-node addresses', () => {
  it('have the last three bytes of the address', () => {
    const group = solicitedNode6(tail('20010db800000000000000001234abcd'), 0);
    expect(Buffer.from(group).toString('hex')).toBe('ff0200000000000000000001ff34abcd');
    expect(isSolicitedNode(group, 0)).toBe(true);
    expect(isSolicitedNode(address('ff02'), 0)).toBe(false);
  });
});

it('tells what means something only on an interface', () => {
  expect(needsInterface(address('fe80'), 0)).toBe(true);
  expect(needsInterface(address('ff02'), 0)).toBe(true);
  expect(needsInterface(address('ff0e'), 0)).toBe(false);
  expect(needsInterface(address('fec0'), 0)).toBe(false);
  expect(needsStrictRoute(address('ff0e'), 0)).toBe(true);
  expect(needsStrictRoute(tail('1'), 0)).toBe(true);
  expect(needsStrictRoute(address('2001'), 0)).toBe(false);
});
