import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-m ttl --ttl-eq 63', 'udp 192.0.2.10:4000 > 203.0.113.9:53 ttl 64', true],
  ['-m ttl --ttl-lt 63', 'udp 192.0.2.10:4000 > 203.0.113.9:53 ttl 64', false],
  ['-m ttl --ttl-gt 62', 'udp 192.0.2.10:4000 > 203.0.113.9:53 ttl 64', true],
  ['-m ttl --ttl-lt 0', 'udp 192.0.2.10:4000 > 203.0.113.9:53 ttl 64', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
