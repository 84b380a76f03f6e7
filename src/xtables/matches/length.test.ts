import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-m length --length 28:40', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['-m length --length 29:40', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
  ['-m length ! --length 28', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
  ['-m length --length 48', 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53', true],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
