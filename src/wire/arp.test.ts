import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIpv4, printMac } from './address.ts';
import {
  ARP_IEEE802,
  ARP_REPLY,
  ARP_REQUEST,
  arpHardwareType,
  arpOperation,
  arpProtocolType,
  arpSenderIp,
  arpTargetIp,
  checkArp,
  setArpOperation,
  setArpSenderIp,
  setArpTargetIp,
} from './arp.ts';
import { buildFrame } from './build/index.ts';
import { fromHex, toHex } from './bytes.ts';
import { BAD_FORMAT, CUT, OK } from './check.ts';
import { stretch } from './guarded.fixture.ts';

test('a request is built to the byte and to all', () => {
  const frame = buildFrame({ ethernet: {} }, { arp: { targetIp: '192.0.2.77' } });
  const expected =
    'ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001c0000201 000000000000c000024d';
  expect(toHex(frame)).toBe(expected.replaceAll(' ', ''));
  expect(checkArp(frame, 14, frame.length)).toBe(OK);
});

test('a built message reads as it was built', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.integer(), fc.integer(), (operation, senderIp, targetIp) => {
      const b = buildFrame({ arp: { operation, senderIp, targetIp, targetMac: '02:00:00:00:00:09' } });
      expect([arpOperation(b, 0), arpSenderIp(b, 0), arpTargetIp(b, 0)]).toEqual([
        operation,
        senderIp,
        targetIp,
      ]);
      expect(printMac(b, 18)).toBe('02:00:00:00:00:09');
      expect([arpHardwareType(b, 0), arpProtocolType(b, 0)]).toEqual([1, 0x800]);
    }),
  );
});

test('a request becomes an answer', () => {
  const b = buildFrame({ arp: {} });
  expect(arpOperation(b, 0)).toBe(ARP_REQUEST);
  setArpOperation(b, 0, ARP_REPLY);
  setArpSenderIp(b, 0, parseIpv4('203.0.113.1')!);
  setArpTargetIp(b, 0, -1);
  expect(b).toEqual(
    buildFrame({ arp: { operation: ARP_REPLY, senderIp: '203.0.113.1', targetIp: '255.255.255.255' } }),
  );
});

test.each([
  ['cut off', {}, 27, CUT],
  ['whole', {}, 28, OK],
  ['of IEEE 802', { hardwareType: ARP_IEEE802 }, 28, OK],
  ['of other hardware', { hardwareType: 7 }, 28, BAD_FORMAT],
  ['of another protocol', { protocolType: 0x86dd }, 28, BAD_FORMAT],
  ['with long MACs', { hardwareLength: 8 }, 28, BAD_FORMAT],
  ['with long addresses', { protocolLength: 16 }, 28, BAD_FORMAT],
])('a message %s', (_, fields, end, code) => {
  expect(checkArp(buildFrame({ arp: fields }), 0, end)).toBe(code);
});

test('no look beyond the end', () => {
  expect(checkArp(fromHex('0001'), 0, 2)).toBe(CUT);
  fc.assert(
    fc.property(stretch, ({ b, o, end }) => {
      checkArp(b, o, end);
    }),
  );
});
