import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test.each([
  ['--mark 0x12', 1],
  ['--mark 0x2/0xf', 1],
  ['! --mark 0x2/0xf', 0],
  // Bits outside the mask never match: the value is compared as it was written.
  ['--mark 0x12/0xf', 0],
])('mark %s', (words, expected) => {
  const { run, receive, count } = bench();
  run('iptables -t mangle -A PREROUTING -j MARK --set-mark 0x12');
  run(`iptables -A FORWARD -m mark ${words}`);
  receive('udp 192.0.2.10:4000 > 203.0.113.9:53');
  expect(count('FORWARD')).toBe(expected);
});
