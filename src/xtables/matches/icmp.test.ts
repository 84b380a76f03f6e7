import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-p icmp --icmp-type echo-request', 'icmp 192.0.2.10 > 203.0.113.9 echo-request id 1 seq 1', true],
  ['-p icmp --icmp-type 3/1', 'icmp 192.0.2.10 > 203.0.113.9 echo-request id 1 seq 1', false],
  ['-p icmp --icmp-type any', 'icmp 192.0.2.10 > 203.0.113.9 echo-reply id 1 seq 1', true],
  ['-p icmp ! --icmp-type 8', 'icmp 192.0.2.10 > 203.0.113.9 echo-request id 1 seq 1', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
