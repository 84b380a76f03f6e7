import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const UDP = 'udp 198.51.100.7:1 > 203.0.113.9:2';

test.each([
  ['', 'udp 192.0.2.10:1 > 203.0.113.9:2', 1],
  ['', UDP, 0],
  ['--invert', UDP, 1],
  ['--loose', UDP, 0],
  ['', 'udp 203.0.113.9:1 > 192.0.2.10:2', 0],
  ['--loose', 'udp 203.0.113.9:1 > 192.0.2.10:2', 1],
  ['', 'udp 203.0.113.1:1 > 192.0.2.10:2', 0],
  ['--loose --accept-local', 'udp 203.0.113.1:1 > 192.0.2.10:2', 1],
  ['--accept-local', 'udp 203.0.113.1:1 > 192.0.2.10:2', 0],
  ['', 'udp 0.0.0.0:68 > 255.255.255.255:67', 1],
  ['', 'udp 0.0.0.0:68 > 192.0.2.1:67', 0],
])('rpfilter %s about %s by lan0', (words, packet, expected) => {
  const { run, receive, count } = bench();
  run(`iptables -t raw -A PREROUTING -m rpfilter ${words}`);
  receive(packet);
  expect(count('PREROUTING', 1, 'raw')).toBe(expected);
});

test.each([
  ['', 'udp [2001:db8:1::10]:1 > [2001:db8:2::9]:2', 1],
  ['', 'udp [2001:db8:2::10]:1 > [2001:db8:2::9]:2', 0],
  ['--loose', 'udp [2001:db8:2::10]:1 > [2001:db8:2::9]:2', 1],
  ['--loose', 'udp [2001:db8:5::10]:1 > [2001:db8:2::9]:2', 0],
  ['--loose', 'udp [2001:db8:2::1]:1 > [2001:db8:2::9]:2', 0],
  ['--accept-local', 'udp [2001:db8:1::1]:1 > [2001:db8:2::9]:2', 1],
  ['--accept-local', 'udp [2001:db8:2::1]:1 > [2001:db8:2::9]:2', 1],
  ['', 'udp [2001:db8:2::1]:1 > [2001:db8:2::9]:2', 0],
])('rpfilter %s about %s by lan0', (words, packet, expected) => {
  const { run, receive, count } = bench();
  run(`ip6tables -t raw -A PREROUTING -m rpfilter ${words}`);
  receive(packet);
  expect(count('PREROUTING', 1, 'raw')).toBe(expected);
});

test('with --validmark a policy rule may lead back another way', () => {
  const { run, receive, count } = bench();
  run('ip route add 198.51.100.0/24 dev lan0 table 7');
  run('ip rule add fwmark 5 table 7');
  run('iptables -t raw -A PREROUTING -j MARK --set-mark 5');
  run('iptables -t raw -A PREROUTING -m rpfilter');
  run('iptables -t raw -A PREROUTING -m rpfilter --validmark');
  receive(UDP);
  expect([count('PREROUTING', 2, 'raw'), count('PREROUTING', 3, 'raw')]).toEqual([0, 1]);
});

test('IPv6 finds a worse route by the interface, IPv4 does not', () => {
  const { run, receive, count } = bench();
  run('ip -6 route add default via 2001:db8:2::9 dev wan0 metric 10');
  run('ip -6 route add default via 2001:db8:1::10 dev lan0 metric 20');
  run('ip route add default via 203.0.113.9 dev wan0 metric 10');
  run('ip route add default via 192.0.2.10 dev lan0 metric 20');
  run('ip6tables -t raw -A PREROUTING -m rpfilter');
  run('iptables -t raw -A PREROUTING -m rpfilter');
  receive('udp [2001:db8:77::1]:1 > [2001:db8:2::9]:2');
  expect(count('PREROUTING', 1, 'raw')).toBe(1);
  receive(UDP);
  expect(count('PREROUTING', 1, 'raw')).toBe(1);
});

test('IPv6: an anycast route of the administrator counts, the anycast address of a network does not', () => {
  const { run, receive, count } = bench();
  run('ip -6 route add anycast 2001:db8:f::1 dev lan0');
  run('ip6tables -t raw -A PREROUTING -m rpfilter');
  receive('udp [2001:db8:f::1]:1 > [2001:db8:2::9]:2');
  receive('udp [2001:db8:1::]:1 > [2001:db8:2::9]:2');
  expect(count('PREROUTING', 1, 'raw')).toBe(1);
});

test('not in other tables, not behind other hooks', () => {
  const { run } = bench();
  expect(() => run('iptables -t mangle -A FORWARD -m rpfilter')).toThrow('Invalid argument');
  expect(() => run('iptables -t nat -A PREROUTING -m rpfilter')).toThrow('Invalid argument');
  run('iptables -t mangle -A PREROUTING -m rpfilter --invert --loose');
  expect(run('iptables -t mangle -S PREROUTING')).toContain('-A PREROUTING -m rpfilter --loose --invert');
});
