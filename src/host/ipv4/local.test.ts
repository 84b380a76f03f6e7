import { describe, expect, test } from 'vitest';
import { OUTPUT } from '../../netfilter/constants.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { ACCEPT, DROP, dropWithError } from '../../netfilter/verdict.ts';
import { address, Router } from './router.fixture.ts';

const UDP = 'udp 192.0.2.1:1 > 198.51.100.20:2';

describe('what the kernel fills in', () => {
  test('length and checksum always, source and identification where they are 0', () => {
    const router = new Router();
    expect(router.send(`${UDP} ip.length 5 ip.checksum 0 id 9`)).toEqual([`wan0: ${UDP} id 9`]);
    expect(router.send('udp 0.0.0.0:1 > 198.51.100.20:2 udp.checksum 0')).toEqual([
      'wan0: udp 203.0.113.1:1 > 198.51.100.20:2 checksum 0x0 id 7',
    ]);
    expect(router.send(`${UDP} df`)).toEqual([`wan0: ${UDP} df`]);
  });

  test('nothing else: a wrong version, TTL 0, broken options leave as they are', () => {
    for (const odd of ['version 5 id 1', 'ttl 0 id 1', 'option 7 hex:00 id 1']) {
      expect(new Router().send(`${UDP} ${odd}`)).toHaveLength(1);
    }
  });
});

describe('errors', () => {
  test.each([
    ['longer than the MTU', `${UDP} len 1473`, 'EMSGSIZE'],
    ['a header that is too short', `${UDP} ihl 16`, 'EINVAL'],
    ['a header beyond the end', `${UDP} ihl 60`, 'EINVAL'],
    ['unreachable', 'udp 192.0.2.1:1 > 100.64.0.1:2', 'EHOSTUNREACH'],
    ['prohibited', 'udp 192.0.2.1:1 > 100.65.0.1:2', 'EACCES'],
    ['a black hole', 'udp 192.0.2.1:1 > 100.66.0.1:2', 'EINVAL'],
  ])('%s', (_name, text, error) => {
    const router = new Router();
    router.addRoute({ to: '100.64.0.0', length: 16, type: ROUTE_TYPE.UNREACHABLE });
    router.addRoute({ to: '100.65.0.0', length: 16, type: ROUTE_TYPE.PROHIBIT });
    router.addRoute({ to: '100.66.0.0', length: 16, type: ROUTE_TYPE.BLACKHOLE });
    expect(router.send(text)).toBe(error);
  });

  test('a packet without a whole header', () => {
    expect(new Router().host.send(new Uint8Array(19))).toBe('EINVAL');
    expect(new Router().host.send(new Uint8Array(0))).toBe('EINVAL');
    expect(new Router().host.send(new Uint8Array(70000))).toBe('EMSGSIZE');
  });

  test('a drop in OUTPUT gives EPERM, or the error the verdict carries', () => {
    for (const [verdict, error] of [
      [DROP, 'EPERM'],
      [dropWithError(111), 'EINVAL'],
      [dropWithError(113), 'EHOSTUNREACH'],
    ] as const) {
      const router = new Router();
      router.host.hooks.register({ name: 'no', hook: OUTPUT, priority: 0, run: () => verdict });
      expect(router.send(UDP)).toBe(error);
    }
  });
});

describe('to itself', () => {
  test('by lo, and the answer is handled after the packet', () => {
    const router = new Router();
    const seen: string[] = [];
    for (let hook = 0; hook < 5; hook++) {
      router.host.hooks.register({
        name: 'watch',
        hook: hook as 0,
        priority: 0,
        run: (packet, state) => {
          seen.push(`${packet.bytes[packet.network + 9]}:${state.hook}`);
          return ACCEPT;
        },
      });
    }
    expect(router.send('udp 192.0.2.1:1 > 203.0.113.1:9')).toEqual([]);
    // OUTPUT, POSTROUTING, PREROUTING, INPUT of the datagram, then of the error about it.
    expect(seen).toEqual(['17:3', '17:4', '17:0', '17:1', '1:3', '1:4', '1:0', '1:1']);
  });

  test('also from an address that is not its own: the route it left by counts', () => {
    expect(new Router().send('icmp 192.0.2.10 > 192.0.2.1 echo-request id 1 seq 2')).toEqual([
      'lan0: icmp 192.0.2.1 > 192.0.2.10 echo-reply id 1 seq 2 ip.id 7',
    ]);
  });

  test('fragments of its own are put together', () => {
    const router = new Router();
    expect(router.send('ip 192.0.2.10 > 192.0.2.1 proto 1 mf id 3 hex:0800f7fa00010002')).toEqual([]);
    expect(router.send('ip 192.0.2.10 > 192.0.2.1 proto 1 offset 8 id 3 hex:0002')).toHaveLength(1);
  });
});

describe('to many', () => {
  test('a broadcast leaves, and comes back as a copy', () => {
    const router = new Router();
    const got: string[] = [];
    router.host.sockets.bind({
      proto: 'udp',
      address: '0.0.0.0',
      port: 9,
      receive: ({ destination, device }) => got.push(`${destination} ${device}`),
    });
    expect(router.send('udp 192.0.2.1:1 > 192.0.2.255:9 id 4')).toEqual([
      'lan0: udp 192.0.2.1:1 > 192.0.2.255:9 id 4',
    ]);
    expect(router.send('udp 192.0.2.1:1 > 224.0.0.1:9 id 4')).toHaveLength(1);
    expect(router.send('udp 192.0.2.1:1 > 224.0.0.1:9 id 4 ttl 0')).toEqual([]);
    expect(router.send('udp 192.0.2.1:1 > 239.1.2.3:9 id 4')).toHaveLength(1);
    expect(got).toEqual(['192.0.2.255 lan0', '224.0.0.1 wan0', '224.0.0.1 wan0']);
  });
});

describe('the route is looked up again', () => {
  test('for what OUTPUT made of the packet', () => {
    const router = new Router();
    const { host } = router;
    host.hooks.register({
      name: 'elsewhere',
      hook: OUTPUT,
      priority: -150,
      run: (packet) => {
        const view = new DataView(packet.bytes.buffer, packet.network, 20);
        view.setInt32(16, address('10.0.0.80'));
        return host.services.reroute(packet) === 0 ? ACCEPT : DROP;
      },
    });
    expect(router.send(`${UDP} id 1`)[0]).toMatch(/^dmz0: /);
  });
});

test('the neighbour does not answer: after three seconds the sender hears of it', () => {
  const router = new Router();
  expect(router.receive('lan0', 'udp 192.0.2.10:1 > 10.0.0.99:2 id 1')).toEqual([
    expect.stringContaining('dmz0: arp who-has 10.0.0.99'),
  ]);
  router.host.advance(2.5);
  expect(router.take()).toHaveLength(2);
  router.host.advance(1);
  expect(router.take()).toEqual([
    'lan0: icmp 192.0.2.1 > 192.0.2.10 host-unreachable tos 0xc0 id 7 { udp 192.0.2.10:1 > 10.0.0.99:2 ttl 63 id 1 }',
  ]);
});
