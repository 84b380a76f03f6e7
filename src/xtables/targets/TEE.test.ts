import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53 ttl 64';
const PACKET6 = 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53 ttl 64';

test.each([
  ['iptables', '192.0.2.10', PACKET, 16, 17],
  ['ip6tables', '2001:db8:1::10', PACKET6, 14, 15],
])('%s: a copy goes to the gateway, the packet its way', (command, gateway, packet, from, to) => {
  const { run, receive, out } = bench();
  run(`${command} -t mangle -A PREROUTING -j TEE --gateway ${gateway}`);
  // The copy meets the rule again in OUTPUT, and is not copied.
  run(`${command} -t mangle -A OUTPUT -j TEE --gateway ${gateway}`);
  receive(packet);
  expect(out.map((line) => line.split(' ')[0])).toEqual(['lan0', 'wan0']);
  // Both have one hop less: the copy for TEE's sake, the packet since it is forwarded.
  const hops = (line: string | undefined) => line?.split(' ')[1]?.slice(from, to + 1);
  expect(hops(out[0])).toBe('3f');
  expect(hops(out[1])).toBe('3f');
});

test('the packet may be dropped: only the copy leaves', () => {
  const { run, receive, out } = bench();
  run('iptables -t mangle -A FORWARD -j TEE --gateway 192.0.2.10 --oif lan0');
  run('iptables -A FORWARD -j DROP');
  receive(PACKET);
  expect(out).toHaveLength(1);
  // Forwarded before, so one hop less already; it is not to be fragmented.
  expect(out[0]?.split(' ')[1]?.slice(12, 18)).toBe('40003f');
});

test('no gateway at all', () => {
  expect(() => bench().run('iptables -A INPUT -j TEE --gateway 0.0.0.0')).toThrow('Invalid argument');
});
