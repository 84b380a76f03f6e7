import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv6Bytes } from './address.ts';
import { buildFrame } from './build/index.ts';
import { BAD_VERSION, CUT, OK, PACKET_CUT } from './check.ts';
import { stretch } from './guarded.fixture.ts';
import * as ip from './ipv6.ts';

const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
const fields = fc.record({
  trafficClass: fc.nat(255),
  flowLabel: fc.nat(0xfffff),
  nextHeader: fc.nat(255),
  hopLimit: fc.nat(255),
  source: address,
  destination: address,
});

test('a built header reads as it was built', () => {
  fc.assert(
    fc.property(fields, fc.uint8Array({ maxLength: 20, size: 'max' }), (given, payload) => {
      const b = buildFrame({ ipv6: given }, payload);
      expect(ip.checkIpv6(b, 0, b.length)).toBe(OK);
      expect(ip.ipv6Version(b, 0)).toBe(6);
      expect(ip.ipv6PayloadLength(b, 0)).toBe(payload.length);
      expect({
        trafficClass: ip.ipv6TrafficClass(b, 0),
        flowLabel: ip.ipv6FlowLabel(b, 0),
        nextHeader: ip.ipv6NextHeader(b, 0),
        hopLimit: ip.ipv6HopLimit(b, 0),
        source: ipv6Bytes(ip.ipv6Source(b, 0)),
        destination: ipv6Bytes(ip.ipv6Destination(b, 0)),
      }).toEqual(given);
    }),
  );
});

test('writers write what readers read', () => {
  fc.assert(
    fc.property(fields, fields, (before, given) => {
      const b = buildFrame({ ipv6: before });
      ip.setIpv6TrafficClass(b, 0, given.trafficClass);
      ip.setIpv6FlowLabel(b, 0, given.flowLabel);
      ip.setIpv6NextHeader(b, 0, given.nextHeader);
      ip.setIpv6HopLimit(b, 0, given.hopLimit);
      ip.setIpv6Source(b, 0, given.source);
      ip.setIpv6Destination(b, 0, given.destination);
      expect(b).toEqual(buildFrame({ ipv6: given }));
      ip.setIpv6PayloadLength(b, 0, 77);
      expect(ip.ipv6PayloadLength(b, 0)).toBe(77);
    }),
  );
});

test('lengths', () => {
  const b = buildFrame({ ipv6: {} }, new Uint8Array(8));
  expect(ip.checkIpv6(b, 0, 39)).toBe(CUT);
  expect(ip.checkIpv6(b, 0, 47)).toBe(PACKET_CUT);
  expect(ip.checkIpv6(b, 0, 48)).toBe(OK);
  expect(ip.checkIpv6(buildFrame({ ipv6: { version: 4 } }), 0, 40)).toBe(BAD_VERSION);
  const jumbo = buildFrame({ ipv6: { payloadLength: 0 } }, { hopByHop: {} });
  expect(ip.checkIpv6(jumbo, 0, jumbo.length)).toBe(OK);
});

test('no look beyond the end', () => {
  fc.assert(
    fc.property(stretch, ({ b, o, end }) => {
      ip.checkIpv6(b, o, end);
    }),
  );
});
