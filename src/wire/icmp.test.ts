import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIpv4 } from './address.ts';
import { buildFrame } from './build/index.ts';
import { fromHex, toHex } from './bytes.ts';
import { CUT, OK } from './check.ts';
import * as icmp from './icmp.ts';
import * as icmp6 from './icmpv6.ts';

const message = fc.record({ type: fc.nat(255), code: fc.nat(255), rest: fc.integer() });
const payloads = fc.uint8Array({ maxLength: 30, size: 'max' });

test('an echo request to the byte', () => {
  const b = buildFrame({ icmp: { id: 0x1234, sequence: 1 } }, fromHex('616263'));
  expect(toHex(b)).toBe('0800216812340001616263');
});

test('a built ICMP message reads as it was built', () => {
  fc.assert(
    fc.property(message, payloads, (given, payload) => {
      const b = buildFrame({ icmp: given }, payload);
      expect(icmp.checkIcmp(b, 0, b.length)).toBe(OK);
      expect({ type: icmp.icmpType(b, 0), code: icmp.icmpCode(b, 0), rest: icmp.icmpRest(b, 0) }).toEqual(
        given,
      );
      expect(icmp.icmpChecksumFits(b, 0, b.length)).toBe(true);
      icmp.setIcmpRest(b, 0, given.rest ^ 1);
      expect(icmp.icmpChecksumFits(b, 0, b.length)).toBe(false);
      icmp.fillIcmpChecksum(b, 0, b.length);
      expect(b).toEqual(buildFrame({ icmp: { ...given, rest: given.rest ^ 1 } }, payload));
    }),
  );
  expect(icmp.checkIcmp(new Uint8Array(8), 1, 8)).toBe(CUT);
});

test('parts of ICMP messages', () => {
  const echo = buildFrame({ icmp: { id: 7, sequence: 65535 } });
  expect([icmp.icmpId(echo, 0), icmp.icmpSequence(echo, 0)]).toEqual([7, 65535]);
  icmp.setIcmpId(echo, 0, 8);
  expect(icmp.icmpId(echo, 0)).toBe(8);
  expect(icmp.icmpMtu(buildFrame({ icmp: { type: 3, code: 4, mtu: 1400 } }), 0)).toBe(1400);
  const redirect = buildFrame({ icmp: { type: 5, gateway: '192.0.2.254' } });
  expect(icmp.icmpGateway(redirect, 0)).toBe(parseIpv4('192.0.2.254'));
  const problem = buildFrame({ icmp: { type: 12, pointer: 20, checksum: 0xbad } });
  expect([icmp.icmpPointer(problem, 0), icmp.icmpChecksum(problem, 0)]).toEqual([20, 0xbad]);
});

test('which ICMP messages are errors', () => {
  const errors = Array.from({ length: 256 }, (_, type) => type).filter(icmp.isIcmpError);
  expect(errors).toEqual([3, 4, 5, 11, 12]);
});

test('a built ICMPv6 message reads as it was built', () => {
  fc.assert(
    fc.property(message, payloads, (given, payload) => {
      const b = buildFrame({ ipv6: {} }, { icmpv6: given }, payload);
      expect(icmp6.checkIcmpv6(b, 40, b.length)).toBe(OK);
      const read = {
        type: icmp6.icmpv6Type(b, 40),
        code: icmp6.icmpv6Code(b, 40),
        rest: icmp6.icmpv6Rest(b, 40),
      };
      expect(read).toEqual(given);
      expect(icmp6.icmpv6ChecksumFits(b, 0, 40, b.length)).toBe(true);
      icmp6.setIcmpv6Rest(b, 40, given.rest ^ 1);
      expect(icmp6.icmpv6ChecksumFits(b, 0, 40, b.length)).toBe(false);
      icmp6.fillIcmpv6Checksum(b, 0, 40, b.length);
      expect(b).toEqual(buildFrame({ ipv6: {} }, { icmpv6: { ...given, rest: given.rest ^ 1 } }, payload));
    }),
  );
  expect(icmp6.checkIcmpv6(new Uint8Array(8), 1, 8)).toBe(CUT);
});

test('parts of ICMPv6 messages', () => {
  const echo = buildFrame({ icmpv6: { id: 7, sequence: 65535, checksum: 3 } });
  expect([icmp6.icmpv6Id(echo, 0), icmp6.icmpv6Sequence(echo, 0), icmp6.icmpv6Checksum(echo, 0)]).toEqual([
    7, 65535, 3,
  ]);
  icmp6.setIcmpv6Id(echo, 0, 8);
  expect(icmp6.icmpv6Id(echo, 0)).toBe(8);
  expect(icmp6.icmpv6Mtu(buildFrame({ icmpv6: { type: 2, mtu: 0xffffffff } }), 0)).toBe(0xffffffff);
  expect(icmp6.icmpv6Pointer(buildFrame({ icmpv6: { type: 4, pointer: 40 } }), 0)).toBe(40);
  expect([icmp6.isIcmpv6Error(127), icmp6.isIcmpv6Error(128)]).toEqual([true, false]);
});
