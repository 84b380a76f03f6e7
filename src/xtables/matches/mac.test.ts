import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-m mac --mac-source 02:00:00:00:01:10', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['-m mac ! --mac-source 02:00:00:00:01:10', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
  ['-m mac --mac-source 02:00:00:00:01:11', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
