import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const FOUR = 'udp 192.0.2.10:1 > 203.0.113.9:2';
const SIX = 'udp [2001:db8:1::10]:1 > [2001:db8:2::9]:2';

test.each([
  ['--src-range 192.0.2.10-192.0.2.20', FOUR, true],
  ['--src-range 127.255.255.255-192.0.2.9', FOUR, false],
  ['--dst-range 203.0.113.9', FOUR, true],
  ['! --src-range 192.0.2.1-192.0.2.9 ! --dst-range 203.0.113.10-255.255.255.255', FOUR, true],
  ['--src-range 192.0.2.20-192.0.2.1', FOUR, false],
  ['! --src-range 192.0.2.20-192.0.2.1', FOUR, true],
  ['--src-range 2001:db8:0:ffff::-2001:db8:1::10', SIX, true],
  ['--src-range 2001:db8:1::11-ffff::', SIX, false],
  // The lower end is above in a later word only.
  ['--dst-range 2001:db8:2::a-2001:db8:3::', SIX, false],
])('-m iprange %s: %s → %s', (options, packet, expected) => {
  expect(matches(`-m iprange ${options}`, packet)).toBe(expected);
});

test('the text', () => {
  const { run } = bench();
  run('iptables -A INPUT -m iprange ! --src-range 1.2.3.4-1.2.3.9 --dst-range 010.0.0.1');
  expect(run('iptables -S INPUT')).toContain(
    '-m iprange ! --src-range 1.2.3.4-1.2.3.9 --dst-range 8.0.0.1-8.0.0.1\n',
  );
  expect(run('iptables -nL INPUT')).toContain(
    ' source IP range ! 1.2.3.4-1.2.3.9 destination IP range 8.0.0.1-8.0.0.1\n',
  );
});

test.each([
  ['--src-range 1.2.3.4-', 'iprange: Bad value for "--src-range" option: ""'],
  ['--dst-range ::1', 'iprange: Bad value for "--dst-range" option: "::1"'],
  ['', "iprange match: You must specify `--src-range' or `--dst-range'"],
])('-m iprange %s is refused', (options, message) => {
  expect(() => bench().run(`iptables -A INPUT -m iprange ${options}`.trim())).toThrow(message);
});
