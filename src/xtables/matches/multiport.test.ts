import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-p tcp -m multiport --dports 22,80:90', 'tcp 192.0.2.10:4000 > 203.0.113.9:85 syn', true],
  ['-p tcp -m multiport --dports 22,80:90', 'tcp 192.0.2.10:85 > 203.0.113.9:21 syn', false],
  ['-p tcp -m multiport --ports 22,80:90', 'tcp 192.0.2.10:85 > 203.0.113.9:21 syn', true],
  ['-p tcp -m multiport ! --ports 22,80:90', 'tcp 192.0.2.10:85 > 203.0.113.9:21 syn', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
