import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

test.each([
  ['-m ecn --ecn-ip-ect 2', 'udp 192.0.2.10:1 > 203.0.113.9:2 tos 0xb2', true],
  ['-m ecn ! --ecn-ip-ect 0', 'udp 192.0.2.10:1 > 203.0.113.9:2 tos 0xb8', false],
  ['-p tcp -m ecn --ecn-tcp-ece', 'tcp 192.0.2.10:1 > 203.0.113.9:2 syn ece', true],
  ['-p tcp -m ecn --ecn-tcp-ece ! --ecn-tcp-cwr', 'tcp 192.0.2.10:1 > 203.0.113.9:2 syn ece cwr', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});

test.each(['-m ecn --ecn-tcp-ece', '! -p tcp -m ecn --ecn-tcp-cwr'])(
  '%s: the kernel wants -p tcp for flags of TCP',
  (rule) => {
    expect(() => bench().run(`iptables -A INPUT ${rule}`)).toThrow('Invalid argument');
  },
);

test('every option in one line of -L', () => {
  const { run } = bench();
  run('iptables -A INPUT -p tcp -m ecn ! --ecn-tcp-cwr --ecn-ip-ect 2 --ecn-tcp-ece');
  expect(run('iptables -nL INPUT')).toContain(' ECN match ECE !CWR ECT=2\n');
});
