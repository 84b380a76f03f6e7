import { expect, test } from 'vitest';
import { bench } from './extension.fixture.ts';

// What getaddrinfo takes for a port, by strtoul: recorded of the real tool.
test.each([
  ['4294967301', '5'],
  ['9223372036854775813', '5'],
  ['-4294967291', '5'],
  ['-18446744073709551611', '5'],
  ['-0', '0'],
  ['+5', '5'],
  ['domain', '53'],
])('--dport %s is %s', (given, port) => {
  const { run } = bench();
  run(`iptables -A INPUT -p udp --dport ${given}`);
  expect(run('iptables -S INPUT')).toContain(`--dport ${port}\n`);
});

test.each(['2147483653', '18446744073709551615', '18446744073709551616', '-5', '-', '5x'])(
  '--dport %s is no port',
  (given) => {
    expect(() => bench().run(`iptables -A INPUT -p udp --dport ${given}`)).toThrow(
      `Port "${given}" does not resolve to anything.`,
    );
  },
);
