import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildFrame } from './build/index.ts';
import { fromHex, toHex } from './bytes.ts';
import { BAD_FORMAT, CUT, OK } from './check.ts';
import { CRC32C_START, crc32c, finishCrc32c, updateCrc32c } from './crc32c.ts';
import { stretch } from './guarded.fixture.ts';
import * as sctp from './sctp.ts';

const text = (s: string) => new TextEncoder().encode(s);

// RFC 3720 appendix B.4, and the usual check value.
test.each([
  ['123456789', text('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(255), 0x62a8ab43],
  ['32 rising', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 falling', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ['nothing', new Uint8Array(0), 0],
])('the CRC of %s', (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc);
});

test('the CRC of parts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50, size: 'max' }), fc.nat(50), (bytes, at) => {
      const middle = Math.min(at, bytes.length);
      const first = updateCrc32c(CRC32C_START, bytes, 0, middle);
      expect(finishCrc32c(updateCrc32c(first, bytes, middle, bytes.length))).toBe(crc32c(bytes));
    }),
  );
});

const chunk = fc.record({
  type: fc.nat(255),
  flags: fc.nat(255),
  value: fc.uint8Array({ maxLength: 9, size: 'max' }),
});
const fields = fc.record({
  sourcePort: fc.nat(0xffff),
  destinationPort: fc.nat(0xffff),
  tag: fc.integer(),
  chunks: fc.array(chunk, { maxLength: 4, size: 'max' }),
});

test('a built packet reads as it was built', () => {
  const walk = new sctp.SctpChunkWalk();
  fc.assert(
    fc.property(fields, (given) => {
      const b = buildFrame({ ipv4: {} }, { sctp: given });
      expect(sctp.checkSctp(b, 20, b.length)).toBe(OK);
      const chunks = [];
      for (walk.start(b, 20, b.length); walk.next(); ) {
        const { kind: type, flags, at, length } = walk;
        chunks.push({ type, flags, value: b.slice(at + 4, at + length) });
      }
      expect({
        sourcePort: sctp.sctpSourcePort(b, 20),
        destinationPort: sctp.sctpDestinationPort(b, 20),
        tag: sctp.sctpTag(b, 20),
        chunks,
      }).toEqual(given);
      expect(sctp.sctpChecksumFits(b, 20, b.length)).toBe(true);
      b[21]! ^= 1;
      expect(sctp.sctpChecksumFits(b, 20, b.length)).toBe(false);
      sctp.fillSctpChecksum(b, 20, b.length);
      expect(sctp.sctpChecksumFits(b, 20, b.length)).toBe(true);
    }),
  );
});

test('the CRC has its least significant byte first', () => {
  const b = buildFrame({ sctp: { sourcePort: 1, destinationPort: 2, tag: 3, checksum: 0x11223344 } });
  expect(toHex(b)).toBe('000100020000000344332211');
  expect(sctp.sctpChecksum(b, 0)).toBe(0x11223344);
  sctp.setSctpSourcePort(b, 0, 7);
  sctp.setSctpDestinationPort(b, 0, 8);
  expect([sctp.sctpSourcePort(b, 0), sctp.sctpDestinationPort(b, 0)]).toEqual([7, 8]);
});

test.each([
  ['', OK],
  ['0000', BAD_FORMAT],
  ['00000003', BAD_FORMAT],
  ['00000004', OK],
  ['00000005', BAD_FORMAT],
  ['00000005ff', OK],
  ['00000005ff000000 0a000004', OK],
  ['00000000 0a000004', BAD_FORMAT],
])('chunks %j', (hex, code) => {
  const b = buildFrame({ sctp: {} }, fromHex(hex));
  expect(sctp.checkSctp(b, 0, b.length)).toBe(code);
});

test('a chunk that goes on beyond the end is seen', () => {
  const b = buildFrame({ sctp: {} }, fromHex('01000020'));
  const walk = new sctp.SctpChunkWalk().start(b, 0, b.length);
  expect(walk.next()).toBe(true);
  expect(walk).toMatchObject({ kind: sctp.SCTP_INIT, length: 32, cut: true });
  expect([walk.next(), walk.broken]).toEqual([false, false]);
  expect(sctp.checkSctp(b, 0, 11)).toBe(CUT);
});

test('no look beyond the end, and every walk ends', () => {
  const walk = new sctp.SctpChunkWalk();
  let walked = 0;
  fc.assert(
    fc.property(stretch, ({ bytes, b, o, end }) => {
      // Upper halves of lengths 0, so that chunks often fit.
      for (let at = o + 14; at < end; at += 4) bytes[at] = 0;
      for (walk.start(b, o, end); walk.next(); walked++) expect(walk.at + 4).toBeLessThanOrEqual(end);
      sctp.checkSctp(b, o, end);
      if (o + 12 <= end) sctp.sctpChecksumFits(b, o, end);
    }),
  );
  expect(walked).toBeGreaterThan(50);
});
