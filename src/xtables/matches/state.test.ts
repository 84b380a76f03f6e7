import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const OUT = 'udp 192.0.2.10:4000 > 203.0.113.9:53';

test('what the host gets is new, what it answers established; words may be cut short', () => {
  const { run, receive, count } = bench();
  run('iptables -A INPUT -m state --state NEW');
  run('iptables -A INPUT -m state ! --state n');
  run('iptables -A OUTPUT -m state --state E');
  receive('icmp 192.0.2.10 > 192.0.2.1 echo-request id 1');
  expect([count('INPUT'), count('INPUT', 2), count('OUTPUT')]).toEqual([1, 0, 1]);
});

test('a packet that fits no connection is invalid', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m state --state INVALID');
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:80 rst,fin');
  receive(OUT);
  expect(count('FORWARD')).toBe(1);
});

test('tracking lasts as long as a rule asks for it', () => {
  const { host, run, receive } = bench();
  run('iptables -A FORWARD -m state --state NEW');
  receive(OUT);
  expect(host.conntrack.count).toBe(1);
  run('iptables -F FORWARD');
  receive('udp 192.0.2.10:4001 > 203.0.113.9:53');
  expect(host.conntrack.count).toBe(1);
  expect(host.conntrack.tracks(4)).toBe(false);
});
