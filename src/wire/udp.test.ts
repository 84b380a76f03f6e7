import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildFrame } from './build/index.ts';
import { fromHex, get16 } from './bytes.ts';
import { BAD_LENGTH, CUT, OK, PACKET_CUT } from './check.ts';
import { checksum, pseudoSum4, pseudoSum6 } from './checksum.ts';
import { stretch } from './guarded.fixture.ts';
import * as udp from './udp.ts';
import * as lite from './udplite.ts';

const ports = fc.record({ sourcePort: fc.nat(0xffff), destinationPort: fc.nat(0xffff) });
const payloads = fc.uint8Array({ maxLength: 40, size: 'max' });

test('a built UDP header reads as it was built', () => {
  fc.assert(
    fc.property(ports, payloads, (given, payload) => {
      const b = buildFrame({ ipv4: {} }, { udp: given }, payload);
      expect(udp.checkUdp(b, 20, b.length)).toBe(OK);
      expect(udp.udpSourcePort(b, 20)).toBe(given.sourcePort);
      expect(udp.udpDestinationPort(b, 20)).toBe(given.destinationPort);
      expect(udp.udpLength(b, 20)).toBe(8 + payload.length);
      expect(udp.udpChecksumField(b, 20)).not.toBe(0);
      expect(checksum(b, 20, b.length, pseudoSum4(b, 0, 17, b.length - 20))).toBe(0);
    }),
  );
});

test('a checksum that comes out as 0 is sent as 0xffff', () => {
  const frame = (word: number) => buildFrame({ ipv6: {} }, { udp: {} }, Uint8Array.of(word >> 8, word & 255));
  // The word that brings the sum to 0xffff is what the checksum is without it.
  const b = frame(get16(frame(0), 46));
  expect(get16(b, 46)).toBe(0xffff);
  expect(checksum(b, 40, b.length, pseudoSum6(b, 0, 17, b.length - 40))).toBe(0);
});

test.each([
  ['whole', {}, 12, OK],
  ['with bytes behind it', { length: 10 }, 12, OK],
  ['cut in its header', {}, 7, CUT],
  ['cut in its payload', {}, 11, PACKET_CUT],
  ['shorter than its header', { length: 7 }, 12, BAD_LENGTH],
  ['of length 0', { length: 0 }, 12, BAD_LENGTH],
])('a datagram %s', (_, given, end, code) => {
  expect(udp.checkUdp(buildFrame({ udp: given }, fromHex('01020304')), 0, end)).toBe(code);
});

test('writers of UDP write what readers read', () => {
  const b = buildFrame({ udp: {} });
  udp.setUdpSourcePort(b, 0, 1);
  udp.setUdpDestinationPort(b, 0, 65535);
  udp.setUdpLength(b, 0, 9);
  udp.setUdpChecksum(b, 0, 0xabcd);
  expect(b).toEqual(
    buildFrame({ udp: { sourcePort: 1, destinationPort: 65535, length: 9, checksum: 0xabcd } }),
  );
});

test('a built UDP-Lite header reads as it was built', () => {
  fc.assert(
    fc.property(ports, payloads, fc.nat(50), (given, payload, part) => {
      const coverage = part < 8 ? 0 : Math.min(part, 8 + payload.length);
      const b = buildFrame({ ipv4: {} }, { udplite: { ...given, coverage } }, payload);
      expect(lite.checkUdplite(b, 20, b.length)).toBe(OK);
      expect(lite.udpliteSourcePort(b, 20)).toBe(given.sourcePort);
      expect(lite.udpliteDestinationPort(b, 20)).toBe(given.destinationPort);
      expect(lite.udpliteCoverage(b, 20)).toBe(coverage);
      const covered = lite.udpliteCovered(b, 20, b.length);
      expect(covered).toBe(coverage || 8 + payload.length);
      // The pseudo header has the length of all, not of what is covered (RFC 3828 section 3.1).
      expect(checksum(b, 20, 20 + covered, pseudoSum4(b, 0, 136, b.length - 20))).toBe(0);
    }),
  );
});

test.each([
  [0, OK],
  [7, BAD_LENGTH],
  [8, OK],
  [12, OK],
  [13, PACKET_CUT],
])('a coverage of %i of 12 bytes', (coverage, code) => {
  const b = buildFrame({ udplite: { coverage } }, fromHex('01020304'));
  expect(lite.checkUdplite(b, 0, 12)).toBe(code);
  expect(lite.checkUdplite(b, 0, 7)).toBe(CUT);
});

test('writers of UDP-Lite write what readers read', () => {
  const b = buildFrame({ udplite: {} });
  lite.setUdpliteSourcePort(b, 0, 1);
  lite.setUdpliteDestinationPort(b, 0, 65535);
  lite.setUdpliteChecksum(b, 0, 0xabcd);
  expect(b).toEqual(buildFrame({ udplite: { sourcePort: 1, destinationPort: 65535, checksum: 0xabcd } }));
  expect(lite.udpliteChecksumField(b, 0)).toBe(0xabcd);
});

test('no look beyond the end', () => {
  fc.assert(
    fc.property(stretch, ({ b, o, end }) => {
      udp.checkUdp(b, o, end);
      if (lite.checkUdplite(b, o, end) === OK) {
        expect(o + lite.udpliteCovered(b, o, end)).toBeLessThanOrEqual(end);
      }
    }),
  );
});
