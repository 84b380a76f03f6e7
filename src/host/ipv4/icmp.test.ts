import { describe, expect, test } from 'vitest';
import { OUTPUT } from '../../netfilter/constants.ts';
import { ACCEPT } from '../../netfilter/verdict.ts';
import { Router } from './router.fixture.ts';

const CLOSED = 'udp 192.0.2.10:1 > 192.0.2.1:9';

describe('when there is an error, and when not', () => {
  test.each([
    ['a closed port', CLOSED, true],
    ['a later fragment', 'ip 192.0.2.10 > 198.51.100.20 proto 17 offset 8 ttl 1 len 8', false],
    ['a first fragment', 'ip 192.0.2.10 > 198.51.100.20 proto 17 mf ttl 1 len 8', true],
    [
      'an ICMP error',
      'icmp 192.0.2.10 > 198.51.100.20 host-unreachable ttl 1 { udp 1.1.1.1:1 > 2.2.2.2:2 }',
      false,
    ],
    ['an unknown ICMP type', 'icmp 192.0.2.10 > 198.51.100.20 type 99 code 0 ttl 1', false],
    ['an echo request', 'icmp 192.0.2.10 > 198.51.100.20 echo-request ttl 1', true],
    ['ICMP that is cut off', 'ip 192.0.2.10 > 198.51.100.20 proto 1 ttl 1', false],
    ['a broadcast', 'udp 192.0.2.10:1 > 192.0.2.255:9', false],
    ['a multicast', 'udp 192.0.2.10:1 > 224.0.0.1:9', false],
  ])('%s', (_name, text, told) => {
    expect(new Router().receive('lan0', text)).toHaveLength(told ? 1 : 0);
  });

  test('a packet in a broadcast frame', () => {
    expect(new Router().receive('lan0', CLOSED, 'ffffffffffff')).toEqual([]);
  });

  test('the answer to what OUTPUT makes of an answer', () => {
    const router = new Router();
    const { host } = router;
    host.hooks.register({
      name: 'complains',
      hook: OUTPUT,
      priority: 0,
      run: (packet) => {
        host.services.sendIcmpError(packet, 3, 1, 0);
        return ACCEPT;
      },
    });
    expect(router.receive('lan0', CLOSED)).toHaveLength(1);
  });
});

describe('what an error looks like', () => {
  test('TOS keeps its middle bits under the precedence of network control', () => {
    const tos = (given: number) =>
      /tos (0x\w+)/.exec(new Router().receive('lan0', `${CLOSED} tos ${given}`)[0]!)?.[1];
    expect([tos(0), tos(1), tos(2), tos(0x1f), tos(0xff)]).toEqual(['0xc0', '0xc0', '0xc2', '0xde', '0xde']);
  });

  test('it quotes up to 576 bytes in all', () => {
    const router = new Router();
    router.host.transmit = (_device, frame) => lengths.push(frame.length - 14);
    const lengths: number[] = [];
    for (const length of [0, 519, 520, 521, 1400]) router.receive('lan0', `${CLOSED} len ${length}`);
    expect(lengths).toEqual([56, 575, 576, 576, 576]);
  });

  test('the quoted UDP packet is cut to what its header says', () => {
    expect(new Router().receive('lan0', `${CLOSED} checksum 0 len 12 udp.length 10`)[0]).toContain(
      'length 40',
    );
  });

  test('the source is the address that was asked, else the one of the way back', () => {
    const router = new Router();
    expect(router.receive('lan0', 'udp 192.0.2.10:1 > 203.0.113.1:9')[0]).toContain('icmp 203.0.113.1 >');
    expect(router.receive('lan0', 'udp 10.0.0.80:1 > 198.51.100.20:2 ttl 1')[0]).toContain(
      'dmz0: icmp 10.0.0.1 >',
    );
    router.set('icmp_errors_use_inbound_ifaddr', 1);
    expect(router.receive('lan0', 'udp 10.0.0.80:1 > 198.51.100.20:2 ttl 1')[0]).toContain(
      'dmz0: icmp 192.0.2.1 >',
    );
  });

  test('with fwmark_reflect it has the mark of its cause', () => {
    const router = new Router();
    const marks: number[] = [];
    router.host.hooks.register({
      name: 'in',
      hook: 0,
      priority: 0,
      run: (packet) => {
        packet.mark = 5;
        return ACCEPT;
      },
    });
    router.host.hooks.register({
      name: 'out',
      hook: OUTPUT,
      priority: 0,
      run: (packet) => {
        marks.push(packet.mark);
        return ACCEPT;
      },
    });
    router.receive('lan0', CLOSED);
    router.set('fwmark_reflect', 1);
    router.receive('lan0', CLOSED);
    expect(marks).toEqual([0, 5]);
  });

  test('the connection of its cause is attached, to errors only', () => {
    const router = new Router();
    const attached: string[] = [];
    router.host.attach = (error, about) => attached.push(`${error.bytes[error.transport]} ${about.id > 0}`);
    router.receive('lan0', CLOSED);
    router.receive('lan0', 'icmp 192.0.2.10 > 192.0.2.1 echo-request');
    expect(attached).toEqual(['3 true']);
  });
});

describe('limits', () => {
  test('six at once to each peer, then one a second; errors of types outside the mask are free', () => {
    const router = new Router();
    router.set('icmp_ratelimit', 1000);
    router.set('icmp_ratemask', 1 << 3);
    const burst = (text: string, times: number) => {
      let count = 0;
      for (let i = 0; i < times; i++) count += router.receive('lan0', text).length;
      return count;
    };
    expect(burst(CLOSED, 10)).toBe(6);
    expect(burst('icmp 192.0.2.10 > 192.0.2.1 echo-request', 10)).toBe(10);
    expect(burst('udp 192.0.2.10:1 > 198.51.100.20:2 ttl 1', 10)).toBe(10);
    router.host.advance(2.1);
    expect(burst(CLOSED, 10)).toBe(2);
  });

  test('fragmentation needed is never limited', () => {
    const router = new Router({ wan0: 600 });
    router.set('icmp_ratelimit', 1000);
    router.set('icmp_ratemask', 1 << 3);
    for (let i = 0; i < 20; i++) {
      expect(router.receive('lan0', 'udp 192.0.2.10:1 > 198.51.100.20:2 df len 1000')).toHaveLength(1);
    }
  });

  test('icmp_msgs_per_sec holds for all peers together', () => {
    const router = new Router();
    router.set('icmp_ratelimit', 0);
    router.set('icmp_ratemask', 1 << 3);
    router.set('icmp_msgs_burst', 5);
    let count = 0;
    for (let i = 0; i < 20; i++) count += router.receive('lan0', CLOSED).length;
    // Each takes one credit here: 7 modulo 3.
    expect(count).toBe(5);
    router.host.advance(1);
    expect(router.receive('lan0', CLOSED)).toHaveLength(1);
  });
});

describe('questions', () => {
  test('echo: code, identifier and data come back', () => {
    expect(
      new Router().receive('lan0', 'icmp 192.0.2.10 > 192.0.2.1 type 8 code 1 id 5 seq 6 "data"'),
    ).toEqual(['lan0: icmp 192.0.2.1 > 192.0.2.10 type 0 code 1 id 5 seq 6 ip.id 7 "data"']);
  });

  test('echo to a broadcast address only if icmp_echo_ignore_broadcasts is off', () => {
    const router = new Router();
    const text = 'icmp 192.0.2.10 > 192.0.2.255 echo-request id 1 seq 2';
    expect(router.receive('lan0', text)).toEqual([]);
    router.set('icmp_echo_ignore_broadcasts', 0);
    expect(router.receive('lan0', text)).toEqual([
      'lan0: icmp 192.0.2.1 > 192.0.2.10 echo-reply id 1 seq 2 ip.id 7',
    ]);
    router.set('icmp_echo_ignore_all', 1);
    expect(router.receive('lan0', text)).toEqual([]);
  });

  test('a timestamp is answered with the time of day', () => {
    const router = new Router();
    router.host.advance(86400 + 3.25);
    router.receive(
      'lan0',
      'ip 192.0.2.10 > 192.0.2.1 proto 1 hex:0d00eeb60001000200000040000000000000000000',
    );
    expect(router.out).toEqual([]);
    const request = 'ip 192.0.2.10 > 192.0.2.1 proto 1 hex:0d00f2bc0001000200000040' + '0000000000000000';
    const frames: Uint8Array[] = [];
    router.host.transmit = (_device, frame) => frames.push(frame.slice());
    router.receive('lan0', request);
    const view = new DataView(frames[0]!.buffer, 34);
    expect([view.getUint8(0), view.getUint32(8), view.getUint32(12), view.getUint32(16)]).toEqual([
      14, 64, 3250, 3250,
    ]);
  });

  test('an extended echo is answered only where it is switched on', () => {
    const router = new Router();
    const asks =
      'ip 192.0.2.10 > 192.0.2.1 proto 1 hex:2a00b0f100010201' + '20000000' + '00080302' + '00000002';
    expect(router.receive('lan0', asks)).toEqual([]);
    router.set('icmp_echo_enable_probe', 1);
    const [answer] = router.receive('lan0', asks);
    // The interface is active and has IPv4.
    expect(answer).toContain('type 43 rest 0x10206');
  });
});
