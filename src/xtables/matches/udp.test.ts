import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-p udp --dport 53', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['-p udp --dport 53', 'tcp 192.0.2.10:4000 > 203.0.113.9:53 syn', false],
  ['-p udp --sport 4:3', 'udp 192.0.2.10:4 > 203.0.113.9:53', false],
  ['-p udp ! --dport 53:60', 'udp 192.0.2.10:4000 > 203.0.113.9:61', true],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
