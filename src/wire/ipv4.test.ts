import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildFrame, type Ipv4Fields } from './build/index.ts';
import { fromHex, get16, set16 } from './bytes.ts';
import {
  BAD_CHECKSUM,
  BAD_HEADER_LENGTH,
  BAD_LENGTH,
  BAD_VERSION,
  CUT,
  checkText,
  HEADER_CUT,
  OK,
  PACKET_CUT,
} from './check.ts';
import { stretch } from './guarded.fixture.ts';
import * as ip from './ipv4.ts';
import { OptionWalk } from './options.ts';

const fields = fc.record({
  tos: fc.nat(255),
  id: fc.nat(0xffff),
  reservedFlag: fc.boolean(),
  dontFragment: fc.boolean(),
  moreFragments: fc.boolean(),
  fragmentOffset: fc.nat(0x1fff).map((units) => units * 8),
  ttl: fc.nat(255),
  protocol: fc.nat(255),
  source: fc.integer(),
  destination: fc.integer(),
  options: fc.nat(10).chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 })),
});
const payloads = fc.uint8Array({ maxLength: 30, size: 'max' });

test('a built header reads as it was built', () => {
  fc.assert(
    fc.property(fields, payloads, (given, payload) => {
      const b = buildFrame({ ipv4: given }, payload);
      expect(ip.validateIpv4(b, 0, b.length)).toBe(OK);
      expect(ip.ipv4HeaderLength(b, 0)).toBe(20 + given.options.length);
      expect(ip.ipv4TotalLength(b, 0)).toBe(b.length);
      expect({
        tos: ip.ipv4Tos(b, 0),
        id: ip.ipv4Id(b, 0),
        reservedFlag: (ip.ipv4FragmentField(b, 0) & ip.IPV4_RESERVED_FLAG) !== 0,
        dontFragment: ip.ipv4DontFragment(b, 0),
        moreFragments: ip.ipv4MoreFragments(b, 0),
        fragmentOffset: ip.ipv4FragmentOffset(b, 0),
        ttl: ip.ipv4Ttl(b, 0),
        protocol: ip.ipv4Protocol(b, 0),
        source: ip.ipv4Source(b, 0),
        destination: ip.ipv4Destination(b, 0),
        options: b.slice(20, ip.ipv4HeaderLength(b, 0)),
      }).toEqual(given);
      expect(ip.ipv4IsFragment(b, 0)).toBe(given.moreFragments || given.fragmentOffset > 0);
      expect(ip.ipv4Dscp(b, 0) * 4 + ip.ipv4Ecn(b, 0)).toBe(given.tos);
      expect(b.subarray(ip.ipv4HeaderLength(b, 0))).toEqual(payload);
    }),
  );
});

const cases: readonly [string, Ipv4Fields, number, number][] = [
  ['whole', {}, 24, OK],
  ['with bytes behind it', { totalLength: 22 }, 24, OK],
  ['cut in its header', {}, 19, CUT],
  ['of version 6', { version: 6 }, 24, BAD_VERSION],
  ['with a header of 16 bytes', { headerLength: 16 }, 24, BAD_HEADER_LENGTH],
  ['cut in its options', { headerLength: 28 }, 24, HEADER_CUT],
  ['cut in its payload', {}, 23, PACKET_CUT],
  ['that says it is shorter than its header', { totalLength: 19 }, 24, BAD_LENGTH],
];
test.each(cases)('a packet %s', (_, given, end, code) => {
  const b = buildFrame({ ipv4: given }, fromHex('01020304'));
  expect(ip.checkIpv4(b, 0, end)).toBe(code);
  expect(ip.validateIpv4(b, 0, end)).toBe(code);
  expect(checkText(code)).toMatch(/^(the|complete|a) ?/);
});

test('the checksum comes before the total length', () => {
  const b = buildFrame({ ipv4: { checksum: 1, totalLength: 19 } });
  expect(ip.checkIpv4(b, 0, 20)).toBe(BAD_LENGTH);
  expect(ip.validateIpv4(b, 0, 20)).toBe(BAD_CHECKSUM);
  expect(ip.checkIpv4Header(b, 0, 20)).toBe(OK);
});

test('changes keep the checksum right', () => {
  fc.assert(
    fc.property(fields, fc.nat(255), fc.nat(0xffff), fc.integer(), (given, byte, word, address) => {
      const b = buildFrame({ ipv4: given });
      ip.changeIpv4Tos(b, 0, byte);
      expect([ip.ipv4Tos(b, 0), ip.ipv4ChecksumFits(b, 0)]).toEqual([byte, true]);
      ip.changeIpv4Ttl(b, 0, byte);
      expect([ip.ipv4Ttl(b, 0), ip.ipv4Protocol(b, 0)]).toEqual([byte, given.protocol]);
      ip.changeIpv4Word(b, 0, ip.IPV4_ID_AT, word);
      expect(ip.ipv4Id(b, 0)).toBe(word);
      ip.changeIpv4Source(b, 0, address);
      ip.changeIpv4Destination(b, 0, ~address);
      expect([ip.ipv4Source(b, 0), ip.ipv4Destination(b, 0)]).toEqual([address, ~address]);
      expect(ip.ipv4ChecksumFits(b, 0)).toBe(true);
    }),
  );
});

test('one hop less', () => {
  fc.assert(
    fc.property(fields, (given) => {
      const ttl = Math.max(1, given.ttl);
      const b = buildFrame({ ipv4: { ...given, ttl } });
      expect(ip.decreaseIpv4Ttl(b, 0)).toBe(ttl - 1);
      expect(ip.ipv4ChecksumFits(b, 0)).toBe(true);
    }),
  );
  // As ip_decrease_ttl: a checksum never becomes 0xffff.
  const b = buildFrame({ ipv4: { ttl: 9 } });
  for (const [before, after] of [
    [0xfeff, 0x0000],
    [0xff00, 0x0001],
    [0xffff, 0x0100],
    [0x0000, 0x0100],
  ] as const) {
    set16(b, 10, before);
    ip.decreaseIpv4Ttl(b, 0);
    expect(get16(b, 10)).toBe(after);
  }
});

test('writers write what readers read', () => {
  const b = buildFrame({ ipv4: {} });
  ip.setIpv4Tos(b, 0, 0x28);
  ip.setIpv4TotalLength(b, 0, 20);
  ip.setIpv4Id(b, 0, 0x1234);
  ip.setIpv4FragmentField(b, 0, ip.IPV4_DF);
  ip.setIpv4Ttl(b, 0, 3);
  ip.setIpv4Protocol(b, 0, 17);
  ip.setIpv4Source(b, 0, -2);
  ip.setIpv4Destination(b, 0, 5);
  ip.setIpv4Checksum(b, 0, 0xbeef);
  expect([ip.ipv4Version(b, 0), ip.ipv4Checksum(b, 0)]).toEqual([4, 0xbeef]);
  ip.fillIpv4Checksum(b, 0);
  const wanted = {
    tos: 0x28,
    id: 0x1234,
    dontFragment: true,
    ttl: 3,
    protocol: 17,
    source: -2,
    destination: 5,
  };
  expect(b).toEqual(buildFrame({ ipv4: wanted }));
});

test('options one by one', () => {
  const options = fromHex('01 0703 04 94040000 83 07 04 c0000201 00 07 03 00');
  const walk = new OptionWalk();
  const seen: number[][] = [];
  for (walk.start(options, 0, options.length); walk.next(); ) seen.push([walk.kind, walk.at, walk.length]);
  expect(seen).toEqual([
    [ip.IPV4_OPTION_NOP, 0, 1],
    [ip.IPV4_OPTION_RECORD_ROUTE, 1, 3],
    [ip.IPV4_OPTION_ROUTER_ALERT, 4, 4],
    [ip.IPV4_OPTION_LOOSE_ROUTE, 8, 7],
  ]);
  expect([walk.broken, walk.kind, walk.at]).toEqual([false, ip.IPV4_OPTION_END, 15]);
  expect(walk.next()).toBe(false);
});

test.each(['07', '0700', '0701', '070300', '01010704ff'])('options that end in a broken one: %s', (hex) => {
  const b = fromHex(hex);
  const walk = new OptionWalk();
  for (walk.start(b, 0, hex === '070300' ? 2 : b.length); walk.next(); );
  expect([walk.broken, walk.kind]).toEqual([true, 7]);
});

test('no look beyond the end, and every walk ends', () => {
  let walked = 0;
  const walk = new OptionWalk();
  fc.assert(
    fc.property(stretch, fc.boolean(), ({ b, o, end }, dccp) => {
      ip.checkIpv4(b, o, end);
      ip.validateIpv4(b, o, end);
      let at = o;
      for (
        dccp ? walk.startDccp(b, o, end) : walk.start(b, o, end);
        walk.next();
        at += walk.length, walked++
      ) {
        expect(walk.at).toBe(at);
      }
      expect(at).toBeLessThanOrEqual(end);
    }),
  );
  expect(walked).toBeGreaterThan(50);
});
