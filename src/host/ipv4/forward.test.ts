import { describe, expect, test } from 'vitest';
import { FORWARD } from '../../netfilter/constants.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { Router } from './router.fixture.ts';

const UDP = 'udp 192.0.2.10:1 > 198.51.100.20:2';

describe('TTL', () => {
  test('one less, and the checksum follows', () => {
    expect(new Router().receive('lan0', `${UDP} ttl 2`)).toEqual([`wan0: ${UDP} ttl 1`]);
  });

  test.each([0, 1])('%i: time exceeded', (ttl) => {
    expect(new Router().receive('lan0', `${UDP} ttl ${ttl}`)).toEqual([
      `lan0: icmp 192.0.2.1 > 192.0.2.10 ttl-zero-during-transit tos 0xc0 id 7 { ${UDP} ttl ${ttl} }`,
    ]);
  });
});

describe('MTU', () => {
  test('with DF: fragmentation needed, about the packet as it came', () => {
    const [line] = new Router({ wan0: 600 }).receive('lan0', `${UDP} df len 573`);
    expect(line).toContain('fragmentation-needed');
    expect(line).toContain('mtu 600');
  });

  test('with DF and just fitting: forwarded', () => {
    expect(new Router({ wan0: 600 }).receive('lan0', `${UDP} df len 572`)).toHaveLength(1);
  });

  test('without DF: fragments of eight bytes’ multiples that make the whole', () => {
    const router = new Router({ wan0: 300 });
    router.host.receive('lan0', Buffer.from([]));
    const lines = router.receive('lan0', `${UDP} id 5 len 600`);
    expect(lines.map((line) => /offset \d+/.exec(line)?.[0] ?? 'first')).toEqual([
      'first',
      'offset 280',
      'offset 560',
    ]);
    expect(lines.map((line) => / mf( |$)/.test(line))).toEqual([true, true, false]);
  });

  test('a learned path MTU counts only with ip_forward_use_pmtu', () => {
    const router = new Router();
    router.host.routing4.exceptions.learnMtu((198 << 24) | (51 << 16) | (100 << 8) | 20, 600, 600);
    expect(router.receive('lan0', `${UDP} df len 700`)).toHaveLength(1);
    router.set('ip_forward_use_pmtu', 1);
    expect(router.receive('lan0', `${UDP} df len 700`)[0]).toContain('mtu 600');
  });
});

test('a path MTU below 552 is taken for 552, and holds for what is forwarded, too', () => {
  const router = new Router();
  const quote = '{ icmp 203.0.113.1 > 198.51.100.20 echo-reply }';
  router.receive('wan0', `icmp 203.0.113.254 > 203.0.113.1 fragmentation-needed mtu 100 ${quote}`);
  expect(router.receive('lan0', `${UDP} df len 700`)[0]).toContain('mtu 552');
});

test('a broadcast that is forwarded to another link', () => {
  const router = new Router();
  const text = 'udp 192.0.2.10:1 > 10.0.0.255:2';
  expect(router.receive('lan0', text)).toEqual([]);
  router.set('conf/all/bc_forwarding', 1);
  router.set('conf/lan0/bc_forwarding', 1);
  expect(router.receive('lan0', text)).toEqual([`dmz0: ${text} ttl 63`]);
});

describe('redirects that come in', () => {
  const quote = '{ icmp 203.0.113.1 > 198.51.100.20 echo-reply }';
  const told = (router: Router, gateway: string, from = '203.0.113.254') =>
    router.receive('wan0', `icmp ${from} > 203.0.113.1 host-redirect gateway ${gateway} ${quote}`);
  const next = (router: Router) => {
    router.send('udp 203.0.113.1:1 > 198.51.100.20:2');
    return router.next;
  };
  const host = () => {
    const router = new Router();
    router.set('ip_forward', 0);
    router.set('conf/wan0/accept_redirects', 1);
    return router;
  };

  test('are believed if the gateway is a known neighbour', () => {
    const router = host();
    router.addNeighbour('wan0', '203.0.113.253', '0200000002fd');
    expect(next(router)).toBe('0200000002fe');
    told(router, '203.0.113.253');
    expect(next(router)).toBe('0200000002fd');
  });

  test('let an unknown gateway be asked for', () => {
    expect(told(host(), '203.0.113.252')).toEqual([expect.stringContaining('arp who-has 203.0.113.252')]);
  });

  test.each([
    ['not from the gateway', '203.0.113.253', '203.0.113.9'],
    ['to the gateway itself', '203.0.113.254', '203.0.113.254'],
    ['to a broadcast address', '203.0.113.255', '203.0.113.254'],
    ['to a multicast address', '224.0.0.9', '203.0.113.254'],
  ])('%s: ignored', (_name, gateway, from) => {
    const router = host();
    router.addNeighbour('wan0', gateway === '203.0.113.254' ? '203.0.113.7' : gateway, '0200000002fd');
    told(router, gateway, from);
    expect(next(router)).toBe('0200000002fe');
  });
});

describe('redirects', () => {
  const shortcut = () => {
    const router = new Router();
    router.set('conf/all/send_redirects', 1);
    router.addRoute({ to: '198.51.100.0', length: 24, gateway: '192.0.2.12', device: 'lan0' });
    router.addNeighbour('lan0', '192.0.2.12');
    return router;
  };
  const redirects = (lines: readonly string[]) =>
    lines.filter((line) => line.includes('host-redirect')).length;

  test('the first packet brings one, then ever more time must pass', () => {
    const router = shortcut();
    const lines = router.receive('lan0', UDP);
    expect(lines[0]).toContain('icmp 192.0.2.1 > 192.0.2.10 host-redirect');
    expect(lines[0]).toContain('gateway 192.0.2.12');
    expect(lines[1]).toBe(`lan0: ${UDP} ttl 63`);
    expect(redirects(router.receive('lan0', UDP))).toBe(0);
    router.host.advance(0.3);
    expect(redirects(router.receive('lan0', UDP))).toBe(1);
  });

  test('after nine there is silence until the sender has been silent for 20 seconds', () => {
    const router = shortcut();
    let sent = 0;
    for (let i = 0; i < 40; i++) {
      sent += redirects(router.receive('lan0', UDP));
      router.host.advance(10);
    }
    expect(sent).toBe(9);
    router.host.advance(21);
    expect(redirects(router.receive('lan0', UDP))).toBe(1);
  });

  test('not to a sender that is not on the link', () => {
    expect(redirects(shortcut().receive('lan0', 'udp 1.2.3.4:1 > 198.51.100.20:2'))).toBe(0);
  });
});

test('a hook function drops it', () => {
  const router = new Router();
  router.host.hooks.register({ name: 'no', hook: FORWARD, priority: 0, run: () => DROP });
  expect(router.receive('lan0', UDP)).toEqual([]);
  expect(router.drops).toEqual(['no: verdict DROP']);
});
