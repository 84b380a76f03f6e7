import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  [
    '-p icmpv6 --icmpv6-type echo-request',
    'icmp6 2001:db8:1::10 > 2001:db8:2::9 echo-request id 1 seq 1',
    true,
  ],
  ['-p icmpv6 --icmpv6-type 129', 'icmp6 2001:db8:1::10 > 2001:db8:2::9 echo-request id 1 seq 1', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
