import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { Host } from '../host.ts';
import { Flow4 } from './route4.ts';
import { Flow6 } from './route6.ts';
import { dotted } from './special4.ts';

function host(...commands: string[]): Host {
  const made = new Host();
  for (const [index, name] of ['lan0', 'wan0', 'dmz0'].entries()) {
    made.interfaces.add({ name, mac: Uint8Array.of(2, 0, 0, 0, 0, index), up: true });
  }
  const setUp = [
    'addr add 192.0.2.1/24 brd + dev lan0',
    'addr add 203.0.113.1/24 brd + dev wan0',
    'addr add 10.0.0.1/24 brd + dev dmz0',
    'addr add 2001:db8:1::1/64 nodad dev lan0',
    'addr add 2001:db8:2::1/64 nodad dev wan0',
  ];
  for (const line of [...setUp, ...commands]) {
    const result = runCommand(made, ['ip', ...line.split(' ')]);
    if (result.exit !== 0) throw new Error(`${line}: ${result.stderr}`);
  }
  return made;
}

const number = (text: string): number => text.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);

function go(on: Host, to: string, given: Partial<Flow4> = {}): string {
  const flow = Object.assign(new Flow4(), { destination: number(to) }, given);
  const route = on.routing4.output(flow);
  if (typeof route === 'number') return `error ${route}`;
  const via = route.gateway === 0 ? '' : ` via ${dotted(route.gateway)}`;
  return `${on.interfaces.nameOf(route.outDevice)}${via} from ${dotted(flow.source)}`;
}

test('sources are chosen by the route, then by the network of the next hop', () => {
  const one = host(
    'route add default via 203.0.113.254',
    'route add 198.51.100.0/24 via 10.0.0.9 src 192.0.2.1',
  );
  expect(go(one, '8.8.8.8')).toBe('wan0 via 203.0.113.254 from 203.0.113.1');
  expect(go(one, '198.51.100.1')).toBe('dmz0 via 10.0.0.9 from 192.0.2.1');
  expect(go(one, '192.0.2.1')).toBe('lo from 192.0.2.1');
  expect(go(one, '127.0.0.9')).toBe('lo from 127.0.0.1');
});

test("errors: no route, one that says so, a source that is not the host's", () => {
  const one = host(
    'route add unreachable 100.64.1.0/24',
    'route add prohibit 100.64.2.0/24',
    'route add blackhole 100.64.3.0/24',
  );
  expect(go(one, '8.8.8.8')).toBe('error -101');
  expect(go(one, '100.64.1.1')).toBe('error -113');
  expect(go(one, '100.64.2.1')).toBe('error -13');
  expect(go(one, '100.64.3.1')).toBe('error -22');
  expect(go(one, '192.0.2.9', { source: number('9.9.9.9') })).toBe('error -22');
});

test('policy rules: mark, source, not, goto, a table that has nothing', () => {
  const one = host(
    'route add default via 203.0.113.254',
    'route add default via 192.0.2.254 table 100',
    'rule add fwmark 0x1/0x3 table 100',
    'rule add from 10.0.0.1 table 100 pref 10',
    'rule add not from 0.0.0.0/0 unreachable pref 5',
    'rule add fwmark 0x10 table 77 pref 7',
    'rule add fwmark 0x20 unreachable pref 8',
    'rule add fwmark 0x40 goto 32766 pref 9',
  );
  expect(go(one, '8.8.8.8')).toBe('wan0 via 203.0.113.254 from 203.0.113.1');
  expect(go(one, '8.8.8.8', { mark: 5 })).toBe('lan0 via 192.0.2.254 from 192.0.2.1');
  expect(go(one, '8.8.8.8', { source: number('10.0.0.1') })).toBe('lan0 via 192.0.2.254 from 10.0.0.1');
  expect(go(one, '8.8.8.8', { source: number('10.0.0.1'), mark: 0x40 })).toBe(
    'wan0 via 203.0.113.254 from 10.0.0.1',
  );
  expect(go(one, '8.8.8.8', { mark: 0x10 })).toBe('wan0 via 203.0.113.254 from 203.0.113.1');
  expect(go(one, '8.8.8.8', { mark: 0x20 })).toBe('error -101');
});

test('multipath: a flow keeps its way, and the shares follow the weights', () => {
  const one = host(
    'route add 198.51.0.0/16 nexthop via 192.0.2.254 weight 3 nexthop via 203.0.113.254 weight 1',
  );
  let lan = 0;
  for (let i = 0; i < 4000; i++) {
    const to = `198.51.${i >> 8}.${i & 255}`;
    const way = go(one, to, { source: number('10.0.0.1') });
    expect(go(one, to, { source: number('10.0.0.1') })).toBe(way);
    if (way.startsWith('lan0')) lan++;
  }
  expect(lan).toBeGreaterThan(2850);
  expect(lan).toBeLessThan(3150);
});

test('an interface that goes down takes its routes along, and brings those of its addresses back', () => {
  const one = host('route add default via 203.0.113.254');
  const wan = one.interfaces.require('wan0');
  one.interfaces.setUp(wan, false);
  expect(go(one, '8.8.8.8')).toBe('error -101');
  expect(go(one, '203.0.113.9')).toBe('error -101');
  one.interfaces.setUp(wan, true);
  expect(go(one, '203.0.113.9')).toBe('wan0 from 203.0.113.1');
  expect(go(one, '8.8.8.8')).toBe('error -101');
});

test('a path MTU is used for its destination, and forgotten in time', () => {
  const one = host('route add default via 203.0.113.254');
  const mtu = () => {
    const route = one.routing4.output(Object.assign(new Flow4(), { destination: number('8.8.8.8') }));
    return typeof route === 'number' ? route : route.mtu;
  };
  expect(mtu()).toBe(1500);
  one.routing4.exceptions.learnMtu(number('8.8.8.8'), 1000, 60);
  expect(mtu()).toBe(1000);
  one.advance(61);
  expect(mtu()).toBe(1500);
});

test('IPv6: the source of the way out, the longest prefix, and errors', () => {
  const one = host('-6 route add default via 2001:db8:2::fe', '-6 route add prohibit 2001:db8:9::/48');
  const ask = (bytes: number[]) => {
    const flow = new Flow6();
    flow.destination.set(bytes);
    const route = one.routing6.output(flow);
    return typeof route === 'number'
      ? route
      : `${one.interfaces.nameOf(route.outDevice)} from ${flow.source[5]}`;
  };
  expect(ask([0x20, 1, 0xd, 0xb8, 0, 0x77])).toBe('wan0 from 2');
  expect(ask([0x20, 1, 0xd, 0xb8, 0, 1, 0, 9])).toBe('wan0 from 2');
  expect(ask([0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 9])).toBe('lan0 from 1');
  expect(ask([0x20, 1, 0xd, 0xb8, 0, 9])).toBe(-13);
});
