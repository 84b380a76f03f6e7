import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test.each([
  ['--mark 0x12', 1],
  ['--mark 0x2/0xf', 1],
  ['! --mark 0x2/0xf', 0],
  // Bits outside the mask never match: the value is compared as it was written.
  ['--mark 0x12/0xf', 0],
])('connmark %s', (words, expected) => {
  const { run, receive, count } = bench();
  run('iptables -t mangle -A PREROUTING -j CONNMARK --set-mark 0x12');
  run(`iptables -A FORWARD -m connmark ${words}`);
  receive('udp 192.0.2.10:4000 > 203.0.113.9:53');
  expect(count('FORWARD')).toBe(expected);
});

test('a packet without a connection has no mark, inverted or not', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m connmark --mark 0');
  run('iptables -A FORWARD -m connmark ! --mark 7');
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:80 rst,fin');
  expect([count('FORWARD'), count('FORWARD', 2)]).toEqual([0, 0]);
});
