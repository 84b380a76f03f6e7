import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildHost } from '../../formats/build-host.ts';
import { readHostDescription } from '../../formats/host-description.ts';
import { INPUT, OUTPUT, POSTROUTING } from '../../netfilter/constants.ts';
import { ACCEPT, DROP } from '../../netfilter/verdict.ts';
import type { Host } from '../host.ts';
import { checksum6 } from './checksum.ts';

const RUNS = process.env.FIVEHOOKS_LONG ? 200_000 : 3000;

const OWN = '20010db8000100000000000000000001';
const PEER = '20010db8000100000000000000000010';
const FAR = '20010db8ffff00000000000000000020';
const TO_US = '02000000000102000000011086dd';
const TO_PEER = '02000000011002000000000186dd';

interface Sent {
  readonly device: string;
  readonly hex: string;
}

function setUp(changes: Record<string, unknown> = {}): { host: Host; sent: Sent[]; dropped: string[] } {
  const description = {
    interfaces: [
      { name: 'lan0', mac: '02:00:00:00:00:01', mtu: 1500, addresses: ['2001:db8:1::1/64'] },
      { name: 'wan0', mac: '02:00:00:00:00:02', mtu: 1280, addresses: ['2001:db8:2::1/64'] },
    ],
    neighbors: [
      { dev: 'lan0', ip: '2001:db8:1::10', mac: '02:00:00:00:01:10' },
      { dev: 'wan0', ip: '2001:db8:2::fe', mac: '02:00:00:00:02:fe' },
    ],
    routes: ['-6 default via 2001:db8:2::fe dev wan0'],
    sysctls: { 'net.ipv6.conf.all.forwarding': '1' },
    ...changes,
  };
  const host = buildHost(readHostDescription(description, []), {}, []);
  const sent: Sent[] = [];
  const dropped: string[] = [];
  host.transmit = (device, frame) => sent.push({ device, hex: Buffer.from(frame).toString('hex') });
  host.observer = { drop: (_packet, where, reason) => dropped.push(`${where}: ${reason}`) };
  return { host, sent, dropped };
}

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

/** An IPv6 packet as hex; the checksum field at `sumAt` of the payload is filled in. */
function packet(
  source: string,
  destination: string,
  next: number,
  payload: string,
  hop = 64,
  sumAt = -1,
): string {
  const length = (payload.length / 2).toString(16).padStart(4, '0');
  const fields = [next, hop].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const bytes = bytesOf(`60000000${length}${fields}${source}${destination}${payload}`);
  if (sumAt >= 0) {
    const sum = checksum6(bytes, 0, 40, bytes.length, next);
    bytes[40 + sumAt] = sum >> 8;
    bytes[41 + sumAt] = sum & 255;
  }
  return Buffer.from(bytes).toString('hex');
}

const echo = (type: string, from: string, to: string) => packet(from, to, 58, `${type}00000012340001`, 64, 2);
const udp = (from: string, to: string, hop = 64) => packet(from, to, 17, '03e807d0000a0000abcd', hop, 6);

function receive(host: Host, hex: string): void {
  host.receive('lan0', bytesOf(TO_US + hex));
}

describe('packets for the host', () => {
  it('answers an echo request', () => {
    const { host, sent } = setUp();
    receive(host, echo('80', PEER, OWN));
    expect(sent).toEqual([{ device: 'lan0', hex: TO_PEER + echo('81', OWN, PEER) }]);
  });

  it('says that a port is closed, quoting the packet', () => {
    const { host, sent } = setUp();
    const wrong = udp(PEER, OWN);
    receive(host, wrong);
    expect(sent[0]?.hex).toBe(TO_PEER + packet(OWN, PEER, 58, `0104000000000000${wrong}`, 64, 2));
  });

  it('resets a connection to a closed port', () => {
    const { host, sent } = setUp();
    receive(host, packet(PEER, OWN, 6, '0001000200000064000003845002faf000000000', 64, 16));
    expect(sent[0]?.hex).toBe(
      TO_PEER + packet(OWN, PEER, 6, '0002000100000000000000655014000000000000', 64, 16),
    );
  });

  it('says where an unknown next header is', () => {
    const { host, sent } = setUp();
    const wrong = packet(PEER, OWN, 253, '00');
    receive(host, wrong);
    expect(sent[0]?.hex).toBe(TO_PEER + packet(OWN, PEER, 58, `0401000000000006${wrong}`, 64, 2));
  });

  it('hands datagrams to sockets, and takes theirs', () => {
    const { host, sent } = setUp();
    const received: string[] = [];
    const socket = host.sockets.open({
      proto: 'udp',
      address: '::',
      port: 2000,
      receive: (datagram, self) => {
        received.push(
          `${datagram.source} ${datagram.sourcePort} ${Buffer.from(datagram.payload).toString('hex')}`,
        );
        self.send(datagram.source, datagram.sourcePort, datagram.payload);
      },
    });
    expect(typeof socket).toBe('object');
    receive(host, udp(PEER, OWN));
    expect(received).toEqual(['2001:db8:1::10 1000 abcd']);
    expect(sent[0]?.hex).toBe(TO_PEER + packet(OWN, PEER, 17, '07d003e8000a0000abcd', 64, 6));
  });
});

describe('packets that cross the host', () => {
  it('forwards with one hop less', () => {
    const { host, sent } = setUp();
    receive(host, udp(PEER, FAR));
    expect(sent).toEqual([{ device: 'wan0', hex: `0200000002fe02000000000286dd${udp(PEER, FAR, 63)}` }]);
  });

  it('says that the hop limit is exceeded', () => {
    const { host, sent, dropped } = setUp();
    const last = udp(PEER, FAR, 1);
    receive(host, last);
    expect(sent[0]?.hex).toBe(TO_PEER + packet(OWN, PEER, 58, `0300000000000000${last}`, 64, 2));
    expect(dropped).toEqual(['forwarding: hop limit exceeded']);
  });

  it('says which size would do', () => {
    const { host, sent } = setUp();
    const large = packet(PEER, FAR, 59, '00'.repeat(1300));
    receive(host, large);
    const quoted = large.slice(0, 2 * 1232);
    expect(sent[0]?.hex).toBe(TO_PEER + packet(OWN, PEER, 58, `0200000000000500${quoted}`, 64, 2));
  });
});

describe('packets of the host', () => {
  it('names the error of a send', () => {
    const { host } = setUp({ routes: [] });
    expect(host.send(bytesOf(udp(OWN, FAR)))).toBe('ENETUNREACH');
    expect(host.send(bytesOf(packet(OWN, PEER, 59, '00'.repeat(1500))))).toBe('EMSGSIZE');
    expect(host.send(bytesOf('6000'))).toBe('EINVAL');
    host.hooks.register({ name: 'no', hook: OUTPUT, priority: 0, run: () => DROP });
    expect(host.send(bytesOf(udp(OWN, PEER)))).toBe('EPERM');
  });

  it('reach the host itself by lo', () => {
    const { host, sent } = setUp();
    const seen: string[] = [];
    for (const [name, hook] of [
      ['out', OUTPUT],
      ['post', POSTROUTING],
      ['in', INPUT],
    ] as const) {
      const run = (_packet: unknown, state: { inDevice: number; outDevice: number }) => {
        seen.push(`${name} ${state.inDevice}>${state.outDevice}`);
        return ACCEPT;
      };
      host.hooks.register({ name, hook, priority: 0, run });
    }
    expect(host.send(bytesOf(echo('80', OWN, OWN)))).toBeUndefined();
    expect(seen).toEqual(['out 0>1', 'post 0>1', 'in 1>0', 'out 0>1', 'post 0>1', 'in 1>0']);
    expect(sent).toEqual([]);
  });

  it('are fragmented if nobody forbids it', () => {
    const { host, sent } = setUp();
    const socket = host.sockets.open({ proto: 'udp', address: '::', port: 9 });
    if (typeof socket === 'string') throw new Error(socket);
    expect(socket.send('2001:db8:ffff::20', 7, new Uint8Array(2000))).toBeUndefined();
    expect(sent.map(({ hex }) => hex.length / 2)).toEqual([14 + 1280, 14 + 48 + 8 + 2000 - 1232]);
    const [first, second] = sent.map(({ hex }) => hex.slice(2 * 54, 2 * 62));
    expect(first?.slice(0, 8)).toBe('11000001');
    expect(second?.slice(0, 8)).toBe('110004d0');
    expect(first?.slice(8)).toBe(second?.slice(8));
  });
});

describe('neighbours', () => {
  it('tells who asks', () => {
    const { host, sent } = setUp();
    const group = 'ff0200000000000000000001ff000001';
    const question = packet(PEER, group, 58, `8700000000000000${OWN}0101020000000110`, 255, 2);
    host.receive('lan0', bytesOf(`3333ff00000102000000011086dd${question}`));
    const answer = packet(OWN, PEER, 58, `88000000e0000000${OWN}0201020000000001`, 255, 2);
    expect(sent).toEqual([{ device: 'lan0', hex: TO_PEER + answer }]);
  });

  it('asks for who is unknown, and sends what waited', () => {
    const { host, sent } = setUp();
    const other = '20010db8000100000000000000000012';
    host.send(bytesOf(udp(OWN, other)));
    const group = 'ff0200000000000000000001ff000012';
    const question = packet(OWN, group, 58, `8700000000000000${other}0101020000000001`, 255, 2);
    expect(sent.splice(0)).toEqual([{ device: 'lan0', hex: `3333ff00001202000000000186dd${question}` }]);
    receive(host, packet(other, OWN, 58, `8800000060000000${other}0201020000000112`, 255, 2));
    expect(sent).toEqual([{ device: 'lan0', hex: `02000000011202000000000186dd${udp(OWN, other)}` }]);
  });
});

describe('hostile frames', () => {
  const sockets = [{ proto: 'udp', address: '::', port: 2000 }];
  const router = {
    'all.seg6_enabled': '1',
    'lan0.seg6_enabled': '1',
    'all.forwarding': '1',
    'all.proxy_ndp': '1',
  };
  const guest = { 'lan0.accept_redirects': '1', 'lan0.accept_untracked_na': '2' };
  const hosts = [router, guest].map((settings) => {
    const sysctls = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`net.ipv6.conf.${name}`, value]),
    );
    const { host } = setUp({ sockets, sysctls });
    host.transmit = () => {};
    return host;
  });
  const seeds = [
    echo('80', PEER, OWN),
    udp(PEER, OWN),
    udp(PEER, FAR),
    packet(PEER, OWN, 0, '3c0001040000000011000104000000000000'),
    packet(PEER, OWN, 44, `11000001000000070${'0'.repeat(63)}`),
    packet(PEER, OWN, 43, `1104040101000000${OWN}${FAR}${'00'.repeat(20)}`),
    packet(PEER, 'ff0200000000000000000001ff000001', 58, `8700000000000000${OWN}0101020000000110`, 255, 2),
    packet(PEER, OWN, 58, `0200000000000500${udp(OWN, FAR)}`, 64, 2),
    packet(
      'fe800000000000000000000000000001',
      OWN,
      58,
      `8900000000000000${FAR}${FAR}0401000000000000`,
      255,
      2,
    ),
  ].map((hex) => bytesOf(hex));

  const change = fc.record({ at: fc.nat(200), to: fc.nat(255) });
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 4 }), fc.nat(300))
    .map(([seed, changes, cut]) => {
      const bytes = seed.slice(0, cut < 100 ? cut : seed.length);
      for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
      return bytes;
    });
  const macs = fc.constantFrom('020000000001', '333300000001', 'ffffffffffff');

  it('throw nothing, received or sent', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 120 })), macs, (bytes, mac) => {
        const frame = Uint8Array.from([...bytesOf(`${mac}02000000011086dd`), ...bytes]);
        for (const host of hosts) {
          host.receive('lan0', frame);
          if (bytes.length > 0 && bytes[0]! >> 4 === 6) host.send(bytes);
          host.advance(0.01);
        }
      }),
      { numRuns: RUNS },
    );
    for (const host of hosts) {
      host.advance(120);
      expect(host.ipv6.extensions.fragments.waiting).toBe(0);
      expect(host.ipv6.extensions.fragments.memory).toBe(0);
    }
  });
});
