import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([['-m comment --comment remark', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true]])(
  '%s: %s → %s',
  (rule, packet, expected) => {
    expect(matches(rule, packet)).toBe(expected);
  },
);
