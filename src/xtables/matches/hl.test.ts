import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-m hl --hl-eq 63', 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53 ttl 64', true],
  ['-m hl ! --hl-eq 63', 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53 ttl 64', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
