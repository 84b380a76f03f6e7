import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as ah from './ah.ts';
import { buildFrame } from './build/index.ts';
import { fromHex, toHex } from './bytes.ts';
import { BAD_FORMAT, BAD_HEADER_LENGTH, BAD_VERSION, CUT, HEADER_CUT, OK } from './check.ts';
import { checksum } from './checksum.ts';
import * as esp from './esp.ts';
import * as gre from './gre.ts';
import { stretch } from './guarded.fixture.ts';

const maybe = fc.option(fc.integer(), { nil: undefined });

test('a built GRE header reads as it was built', () => {
  fc.assert(
    fc.property(fc.boolean(), maybe, maybe, fc.nat(0xffff), (withChecksum, key, sequence, protocol) => {
      const fields = {
        checksum: withChecksum,
        protocol,
        ...(key === undefined ? {} : { key }),
        ...(sequence === undefined ? {} : { sequence }),
      };
      const b = buildFrame({ gre: fields }, fromHex('010203'));
      expect(gre.checkGre(b, 0, b.length)).toBe(OK);
      expect(gre.greLength(b, 0)).toBe(b.length - 3);
      expect([gre.greVersion(b, 0), gre.greProtocol(b, 0)]).toEqual([0, protocol]);
      if (key !== undefined) expect(gre.greKey(b, 0)).toBe(key);
      if (sequence !== undefined) expect(gre.greSequence(b, 0)).toBe(sequence);
      if (withChecksum) expect(checksum(b, 0, b.length)).toBe(0);
      const flags = gre.greFlags(b, 0);
      expect((flags & gre.GRE_CHECKSUM) !== 0).toBe(withChecksum);
      expect([(flags & gre.GRE_KEY) !== 0, (flags & gre.GRE_SEQUENCE) !== 0]).toEqual([
        key !== undefined,
        sequence !== undefined,
      ]);
    }),
  );
  expect(gre.greChecksum(buildFrame({ gre: { checksum: 0x1234 } }), 0)).toBe(0x1234);
});

test('version 1', () => {
  const fields = { version: 1, protocol: 0x880b, key: 0x00050007, sequence: 9, acknowledgment: -1 };
  const b = buildFrame({ gre: fields }, fromHex('ff03c02101'));
  expect(gre.checkGre(b, 0, b.length)).toBe(OK);
  expect(gre.greLength(b, 0)).toBe(16);
  expect([gre.pptpPayloadLength(b, 0), gre.pptpCallId(b, 0)]).toEqual([5, 7]);
  expect([gre.greSequence(b, 0), gre.greAcknowledgment(b, 0)]).toEqual([9, -1]);
  gre.setPptpCallId(b, 0, 0xabcd);
  expect(gre.greKey(b, 0)).toBe(0x0005abcd);
});

test.each([
  ['cut off', { key: 1 }, 3, CUT],
  ['cut in its key', { key: 1 }, 7, HEADER_CUT],
  ['of version 2', { version: 2 }, 4, BAD_VERSION],
  ['with routing', { flags: gre.GRE_ROUTING }, 4, BAD_FORMAT],
  ['of version 1 without a key', { version: 1 }, 4, BAD_FORMAT],
  ['of version 1 with a checksum', { version: 1, key: 1, checksum: true }, 12, BAD_FORMAT],
])('a GRE header %s', (_, fields, end, code) => {
  expect(gre.checkGre(buildFrame({ gre: fields }), 0, end)).toBe(code);
});

test('what is inside names itself', () => {
  const b = buildFrame({ ipv4: {} }, { gre: {} }, { ipv6: {} }, { tcp: {} });
  expect([b[9], gre.greProtocol(b, 20), b[24 + 6]]).toEqual([47, 0x86dd, 6]);
  expect(gre.greProtocol(buildFrame({ gre: {} }, { ethernet: {} }), 0)).toBe(0x6558);
});

test('AH reads as it was built', () => {
  const icv = fromHex('0102030405060708');
  const b = buildFrame({ ah: { spi: -1, sequence: 5, icv, reserved: 3 } }, { udp: {} });
  expect(ah.checkAh(b, 0, b.length)).toBe(OK);
  expect([ah.ahNextHeader(b, 0), ah.ahLength(b, 0), ah.ahReserved(b, 0)]).toEqual([17, 20, 3]);
  expect([ah.ahSpi(b, 0), ah.ahSequence(b, 0)]).toEqual([-1, 5]);
  expect(b.slice(ah.AH_ICV_AT, 20)).toEqual(icv);
  ah.setAhSpi(b, 0, 7);
  expect(ah.ahSpi(b, 0)).toBe(7);
  expect(ah.checkAh(b, 0, 11)).toBe(CUT);
  expect(ah.checkAh(b, 0, 19)).toBe(HEADER_CUT);
  expect(ah.checkAh(buildFrame({ ah: { length: 8 } }), 0, 24)).toBe(BAD_HEADER_LENGTH);
});

test('ESP reads as it was built', () => {
  const b = buildFrame({ ipv4: {} }, { esp: { spi: 0x100, sequence: 2 } }, fromHex('ff'));
  expect([b[9], toHex(b, 20)]).toEqual([50, '0000010000000002ff']);
  expect([esp.espSpi(b, 20), esp.espSequence(b, 20)]).toEqual([256, 2]);
  esp.setEspSpi(b, 20, -3);
  expect(esp.espSpi(b, 20)).toBe(-3);
  expect([esp.checkEsp(b, 20, 28), esp.checkEsp(b, 20, 27)]).toEqual([OK, CUT]);
});

test('no look beyond the end of a header that passed the check', () => {
  const passed = { gre: 0, ah: 0 };
  fc.assert(
    fc.property(stretch, fc.nat(255), ({ bytes, b, o, end }, first) => {
      if (o < end) bytes[o] = first & 0xb8;
      if (gre.checkGre(b, o, end) === OK) {
        passed.gre++;
        const flags = gre.greFlags(b, o);
        if ((flags & gre.GRE_KEY) !== 0) gre.greKey(b, o);
        if ((flags & gre.GRE_SEQUENCE) !== 0) gre.greSequence(b, o);
        expect(o + gre.greLength(b, o)).toBeLessThanOrEqual(end);
      }
      if (ah.checkAh(b, o, end) === OK) {
        passed.ah++;
        expect(o + ah.ahLength(b, o)).toBeLessThanOrEqual(end);
      }
    }),
    { numRuns: 500 },
  );
  expect(passed.gre).toBeGreaterThan(50);
  expect(passed.ah).toBeGreaterThan(50);
});
