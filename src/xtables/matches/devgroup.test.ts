import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:1 > 203.0.113.9:2';

test.each([
  ['--src-group 5', true],
  ['--src-group default', false],
  ['! --src-group 5 --dst-group 0', false],
  // Bits outside the mask do not count, not even those of the value.
  ['--src-group 0x15/0xf', true],
  ['--src-group 5 ! --dst-group 0x10/0x10', true],
])('-m devgroup %s → %s', (options, expected) => {
  const { run, receive, count } = bench();
  run('ip link set lan0 group 5');
  run(`iptables -A FORWARD -m devgroup ${options}`);
  receive(PACKET);
  expect(count('FORWARD') === 1).toBe(expected);
});

test.each([
  ['OUTPUT -m devgroup --src-group 1', 'Invalid argument'],
  ['INPUT -m devgroup --dst-group 1', 'Invalid argument'],
  ['INPUT -m devgroup', "devgroup match: You must specify either '--src-group' or '--dst-group'"],
  [
    'INPUT -m devgroup --src-group foo',
    'could not map name foo to an integer value for option "--src-group"',
  ],
])('-A %s is refused', (rule, message) => {
  expect(() => bench().run(`iptables -A ${rule}`)).toThrow(message);
});

test('the text', () => {
  const { run } = bench();
  run('iptables -A FORWARD -m devgroup ! --src-group 1/2 --dst-group 0');
  expect(run('iptables -S FORWARD')).toContain('-m devgroup ! --src-group 0x1/0x2 --dst-group default\n');
  expect(run('iptables -nL FORWARD')).toContain(' ! src-group 0x1/0x2 dst-group 0x0\n');
});
