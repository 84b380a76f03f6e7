import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-m addrtype --src-type UNICAST', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['-m addrtype --dst-type LOCAL', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
  ['-m addrtype ! --dst-type LOCAL,BROADCAST', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
