import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMac, printMac } from './address.ts';
import { buildFrame } from './build/index.ts';
import { CUT, OK } from './check.ts';
import {
  checkEthernet,
  EthPayload,
  ethIsBroadcast,
  ethIsMulticast,
  ethType,
  setEthDestination,
  setEthSource,
  setEthType,
  vlanDropEligible,
  vlanId,
  vlanPriority,
  vlanType,
} from './ethernet.ts';
import { stretch } from './guarded.fixture.ts';
import { ETHERTYPE_IPV4, ETHERTYPE_QINQ, ETHERTYPE_VLAN } from './protocols.ts';

test('a built header reads as it was built', () => {
  const b = buildFrame({
    ethernet: { source: '02:00:00:00:00:0a', destination: '02:00:00:00:00:0b', type: 0x1234 },
  });
  expect(b.length).toBe(14);
  expect(checkEthernet(b, 0, 14)).toBe(OK);
  expect(checkEthernet(b, 0, 13)).toBe(CUT);
  expect(printMac(b, 0)).toBe('02:00:00:00:00:0b');
  expect(printMac(b, 6)).toBe('02:00:00:00:00:0a');
  expect(ethType(b, 0)).toBe(0x1234);
});

test('writers write what readers read', () => {
  const b = new Uint8Array(16);
  setEthDestination(b, 1, parseMac('ff:ff:ff:ff:ff:ff')!);
  setEthSource(b, 1, Uint8Array.of(9, 2, 0, 0, 0, 0, 7), 1);
  setEthType(b, 1, ETHERTYPE_IPV4);
  expect([...b]).toEqual([0, 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 7, 8, 0, 0]);
  expect(ethIsBroadcast(b, 1)).toBe(true);
  b[6] = 0xfe;
  expect(ethIsBroadcast(b, 1)).toBe(false);
  expect(ethIsMulticast(b, 1)).toBe(true);
});

test('groups have their own destination by default', () => {
  const to = (destination: string) => printMac(buildFrame({ ethernet: {} }, { ipv4: { destination } }));
  expect(to('224.0.0.251')).toBe('01:00:5e:00:00:fb');
  expect(to('255.255.255.255')).toBe('ff:ff:ff:ff:ff:ff');
  expect(to('192.0.2.9')).toBe('02:00:00:00:00:02');
  const tagged = buildFrame({ ethernet: {} }, { vlan: {} }, { ipv6: { destination: 'ff02::1' } });
  expect(printMac(tagged)).toBe('33:33:00:00:00:01');
});

test('tags are passed', () => {
  const frame = buildFrame(
    { ethernet: { type: ETHERTYPE_QINQ } },
    { vlan: { id: 4095, priority: 7, dropEligible: true } },
    { vlan: { id: 2 } },
    { ipv4: {} },
  );
  const found = new EthPayload().find(frame, 0, frame.length);
  expect(found).toMatchObject({ type: ETHERTYPE_IPV4, offset: 22, tags: 2 });
  expect([vlanId(frame, 14), vlanPriority(frame, 14), vlanDropEligible(frame, 14)]).toEqual([4095, 7, true]);
  expect([vlanType(frame, 14), vlanId(frame, 18), vlanDropEligible(frame, 18)]).toEqual([
    ETHERTYPE_VLAN,
    2,
    false,
  ]);
  expect(found.find(frame, 0, 21).type).toBe(-1);
  expect(found.find(frame, 0, 13).type).toBe(-1);
});

test('no look beyond the end', () => {
  const payload = new EthPayload();
  fc.assert(
    fc.property(stretch, ({ b, o, end }) => {
      payload.find(b, o, end);
      if (payload.type >= 0) expect(payload.offset).toBeLessThanOrEqual(end);
    }),
  );
});
