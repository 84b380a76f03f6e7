import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printIpv6, printMac } from './address.ts';
import {
  buildFrame,
  ndMtuOption,
  ndPrefixOption,
  ndRedirectedOption,
  ndSourceLink,
  ndTargetLink,
} from './build/index.ts';
import { concatBytes, fromHex, toHex } from './bytes.ts';
import { BAD_FORMAT, CUT, OK } from './check.ts';
import { stretch } from './guarded.fixture.ts';
import { icmpv6ChecksumFits, icmpv6Code, icmpv6Type, isNeighbourDiscovery } from './icmpv6.ts';
import { ipv6HopLimit } from './ipv6.ts';
import * as nd from './neighbour-discovery.ts';

test('a solicitation to the byte', () => {
  const b = buildFrame(
    { ethernet: {} },
    { ipv6: { destination: 'ff02::1:ff00:2' } },
    { neighbourSolicitation: { target: '2001:db8::2', options: ndSourceLink('02:00:00:00:00:01') } },
  );
  const expected = [
    '3333ff000002 020000000001 86dd 60000000 0020 3aff 20010db8000000000000000000000001',
    'ff0200000000000000000001ff000002 8700 1c27 00000000 20010db8000000000000000000000002 0101020000000001',
  ];
  expect(toHex(b)).toBe(expected.join('').replaceAll(' ', ''));
  expect(icmpv6ChecksumFits(b, 14, 54, b.length)).toBe(true);
  expect(nd.checkNeighbourDiscovery(b, 54, b.length)).toBe(OK);
});

test('an advertisement', () => {
  const options = ndTargetLink('02:00:00:00:00:09');
  const b = buildFrame({
    neighbourAdvertisement: { target: 'fe80::9', router: true, solicited: true, override: true, options },
  });
  expect(nd.checkNeighbourDiscovery(b, 0, b.length)).toBe(OK);
  expect(nd.naFlags(b, 0)).toBe(nd.NA_ROUTER | nd.NA_SOLICITED | nd.NA_OVERRIDE);
  expect(printIpv6(b, nd.ND_TARGET_AT)).toBe('fe80::9');
  const at = nd.findNdOption(b, 0, b.length, nd.ND_OPTION_TARGET_LINK);
  expect(printMac(b, at + 2)).toBe('02:00:00:00:00:09');
  expect(nd.findNdOption(b, 0, b.length, nd.ND_OPTION_MTU)).toBe(-1);
});

test('what routers say', () => {
  const prefix = { prefix: '2001:db8:5::', length: 60, validLifetime: 0xffffffff, preferredLifetime: 9 };
  const b = buildFrame(
    { ipv6: {} },
    {
      routerAdvertisement: {
        hopLimit: 63,
        flags: nd.RA_MANAGED,
        lifetime: 9000,
        reachableTime: 30000,
        retransTimer: 0xfffffffe,
        options: concatBytes(ndMtuOption(1492), ndPrefixOption(prefix)),
      },
    },
  );
  expect(ipv6HopLimit(b, 0)).toBe(255);
  expect(nd.checkNeighbourDiscovery(b, 40, b.length)).toBe(OK);
  expect([nd.raHopLimit(b, 40), nd.raFlags(b, 40), nd.raLifetime(b, 40)]).toEqual([63, 0x80, 9000]);
  expect([nd.raReachableTime(b, 40), nd.raRetransTimer(b, 40)]).toEqual([30000, 0xfffffffe]);
  expect(nd.ndMtu(b, nd.findNdOption(b, 40, b.length, nd.ND_OPTION_MTU))).toBe(1492);
  const at = nd.findNdOption(b, 40, b.length, nd.ND_OPTION_PREFIX);
  expect([nd.ndPrefixLength(b, at), nd.ndPrefixFlags(b, at)]).toEqual([60, 0xc0]);
  expect([nd.ndPrefixValidLifetime(b, at), nd.ndPrefixPreferredLifetime(b, at)]).toEqual([0xffffffff, 9]);
  expect(printIpv6(b, at + nd.ND_PREFIX_AT)).toBe('2001:db8:5::');
  const ask = buildFrame({ routerSolicitation: { code: 1 } });
  expect([icmpv6Type(ask, 0), icmpv6Code(ask, 0), ask.length]).toEqual([133, 1, 8]);
  expect(nd.checkNeighbourDiscovery(ask, 0, 8)).toBe(OK);
});

test('a redirect quotes its packet', () => {
  const packet = buildFrame({ ipv6: {} }, { udp: {} }, new Uint8Array(5));
  const b = buildFrame({
    redirect: { target: 'fe80::1', destination: '2001:db8::77', options: ndRedirectedOption(packet) },
  });
  expect(nd.checkNeighbourDiscovery(b, 0, b.length)).toBe(OK);
  expect(printIpv6(b, nd.ND_REDIRECT_DESTINATION_AT)).toBe('2001:db8::77');
  const at = nd.findNdOption(b, 0, b.length, nd.ND_OPTION_REDIRECTED);
  expect(b.subarray(at + 8)).toEqual(packet.subarray(0, 48));
  expect(ndRedirectedOption(new Uint8Array(9000)).length).toBe(2040);
});

test('broken messages', () => {
  const of = (options: string) => buildFrame({ neighbourSolicitation: { options: fromHex(options) } });
  const check = (b: Uint8Array, end = b.length) => nd.checkNeighbourDiscovery(b, 0, end);
  expect(check(of(''), 7)).toBe(CUT);
  expect(check(of(''), 23)).toBe(CUT);
  expect(check(of('0100020000000001'))).toBe(BAD_FORMAT);
  expect(check(of('0102020000000001'))).toBe(BAD_FORMAT);
  expect(check(of('01'))).toBe(BAD_FORMAT);
  expect(check(buildFrame({ icmpv6: {} }))).toBe(BAD_FORMAT);
});

test('five types', () => {
  const types = Array.from({ length: 256 }, (_, type) => type);
  expect(types.filter(isNeighbourDiscovery)).toEqual([133, 134, 135, 136, 137]);
  expect(types.filter((type) => nd.ndOptionsAt(type) > 0)).toEqual([133, 134, 135, 136, 137]);
});

test('no look beyond the end, and every walk ends', () => {
  let walked = 0;
  fc.assert(
    fc.property(stretch, fc.integer({ min: 132, max: 138 }), ({ bytes, b, o, end }, type) => {
      if (o < end) bytes[o] = type;
      if (nd.checkNeighbourDiscovery(b, o, end) === OK) nd.findNdOption(b, o, end, 3);
      const walk = new nd.NdOptionWalk();
      let at = o;
      for (walk.start(b, o, end); walk.next(); at += walk.length, walked++) expect(walk.at).toBe(at);
      expect(at).toBeLessThanOrEqual(end);
    }),
    { numRuns: 1000 },
  );
  expect(walked).toBeGreaterThan(50);
});
