import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildFrame, tcpOptions } from './build/index.ts';
import { concatBytes, fromHex, get32 } from './bytes.ts';
import { BAD_HEADER_LENGTH, CUT, HEADER_CUT, OK } from './check.ts';
import { checksum, pseudoSum4, pseudoSum6 } from './checksum.ts';
import { stretch } from './guarded.fixture.ts';
import * as tcp from './tcp.ts';

const fields = fc.record({
  sourcePort: fc.nat(0xffff),
  destinationPort: fc.nat(0xffff),
  sequence: fc.integer(),
  acknowledgment: fc.integer(),
  reserved: fc.nat(15),
  flags: fc.nat(255),
  window: fc.nat(0xffff),
  urgent: fc.nat(0xffff),
  options: fc.nat(10).chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 })),
});

test('a built header reads as it was built, its checksum right under IPv4 and IPv6', () => {
  fc.assert(
    fc.property(
      fields,
      fc.uint8Array({ maxLength: 20, size: 'max' }),
      fc.boolean(),
      (given, payload, six) => {
        const b = six
          ? buildFrame({ ipv6: {} }, { tcp: given }, payload)
          : buildFrame({ ipv4: {} }, { tcp: given }, payload);
        const o = six ? 40 : 20;
        expect(tcp.checkTcp(b, o, b.length)).toBe(OK);
        expect(tcp.tcpHeaderLength(b, o)).toBe(20 + given.options.length);
        expect(tcp.tcpPayloadLength(b, o, b.length)).toBe(payload.length);
        expect({
          sourcePort: tcp.tcpSourcePort(b, o),
          destinationPort: tcp.tcpDestinationPort(b, o),
          sequence: tcp.tcpSequence(b, o),
          acknowledgment: tcp.tcpAcknowledgment(b, o),
          reserved: tcp.tcpReserved(b, o),
          flags: tcp.tcpFlags(b, o),
          window: tcp.tcpWindow(b, o),
          urgent: tcp.tcpUrgent(b, o),
          options: b.slice(o + 20, o + tcp.tcpHeaderLength(b, o)),
        }).toEqual(given);
        expect(tcp.tcpFlags9(b, o)).toBe(given.flags | ((given.reserved & 1) << 8));
        const pseudo = (six ? pseudoSum6 : pseudoSum4)(b, 0, 6, b.length - o);
        expect(checksum(b, o, b.length, pseudo)).toBe(0);
      },
    ),
  );
});

test('writers write what readers read', () => {
  fc.assert(
    fc.property(fields, fields, (before, after) => {
      const { options } = before;
      const given = { ...after, reserved: before.reserved, options, checksum: 0x1234 };
      const b = buildFrame({ tcp: before });
      tcp.setTcpSourcePort(b, 0, given.sourcePort);
      tcp.setTcpDestinationPort(b, 0, given.destinationPort);
      tcp.setTcpSequence(b, 0, given.sequence);
      tcp.setTcpAcknowledgment(b, 0, given.acknowledgment);
      tcp.setTcpFlags(b, 0, given.flags);
      tcp.setTcpWindow(b, 0, given.window);
      tcp.setTcpChecksum(b, 0, given.checksum);
      tcp.setTcpUrgent(b, 0, given.urgent);
      expect(b).toEqual(buildFrame({ tcp: given }));
      expect(tcp.tcpChecksum(b, 0)).toBe(0x1234);
    }),
  );
});

test.each([
  ['whole', 20, 20, OK],
  ['cut off', 20, 19, CUT],
  ['shorter than itself', 16, 20, BAD_HEADER_LENGTH],
  ['cut in its options', 24, 20, HEADER_CUT],
])('a header %s', (_, headerLength, end, code) => {
  expect(tcp.checkTcp(buildFrame({ tcp: { headerLength } }), 0, end)).toBe(code);
});

test('options as a client sends them', () => {
  const options = tcpOptions({ mss: 1460, windowScale: 7, sackPermitted: true, timestamps: [-1, 5] });
  const b = buildFrame({ tcp: { options } });
  expect(new tcp.TcpOptions().read(b, 0)).toMatchObject({
    mss: 1460,
    windowScale: 7,
    sackPermitted: true,
    sackBlocks: 0,
    hasTimestamps: true,
    timestamp: -1,
    timestampEcho: 5,
    broken: false,
  });
  expect(tcp.findTcpOption(b, 0, tcp.TCP_OPTION_WINDOW_SCALE)).toBe(24);
  expect(tcp.findTcpOption(b, 0, tcp.TCP_OPTION_SACK)).toBe(-1);
});

test('SACK blocks', () => {
  const options = tcpOptions({
    sack: [
      [1, 2],
      [3, -4],
    ],
  });
  const b = buildFrame({ tcp: { options } });
  const read = new tcp.TcpOptions().read(b, 0);
  expect(read.sackBlocks).toBe(2);
  expect(get32(b, read.sackAt + 12)).toBe(-4);
});

test('options of a wrong length are passed over, a broken list ends', () => {
  const read = new tcp.TcpOptions();
  const of = (hex: string) => read.read(buildFrame({ tcp: { options: fromHex(hex) } }), 0);
  expect(of('020305 0204 05b4 01')).toMatchObject({ mss: 1460, broken: false });
  expect(of('0204 05b4 0204 0218')).toMatchObject({ mss: 536 });
  expect(of('0306 0000 0000 0101')).toMatchObject({ windowScale: -1, broken: false });
  expect(of('0303 0e 02')).toMatchObject({ windowScale: 14, mss: -1, broken: true });
  expect(of('050b000000000000000000 01')).toMatchObject({ sackBlocks: 0 });
  expect(of('00 0303 07')).toMatchObject({ windowScale: -1, broken: false });
  expect(of('')).toMatchObject({ mss: -1, sackPermitted: false, hasTimestamps: false, timestamp: 0 });
});

test('no look beyond the end of a header that passed the check', () => {
  const read = new tcp.TcpOptions();
  let passed = 0;
  fc.assert(
    fc.property(stretch, fc.integer({ min: 5, max: 15 }), ({ bytes, b, o, end }, words) => {
      if (o + 12 < end) bytes[o + 12] = words << 4;
      if (tcp.checkTcp(b, o, end) !== OK) return;
      passed++;
      read.read(b, o);
      const at = tcp.findTcpOption(b, o, 8);
      expect(at).toBeLessThan(end);
      tcp.tcpUrgent(b, o);
    }),
  );
  expect(passed).toBeGreaterThan(20);
});

test('payload behind options', () => {
  const b = concatBytes(
    new Uint8Array(3),
    buildFrame({ tcp: { options: tcpOptions({ mss: 9 }) } }, fromHex('aabb')),
  );
  expect(tcp.tcpPayloadLength(b, 3, b.length)).toBe(2);
});
