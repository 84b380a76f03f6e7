import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:1 > 203.0.113.9:2';

test.each([
  ['--physdev-in lan0', false],
  ['! --physdev-in lan0', true],
  ['--physdev-is-bridged', false],
  ['! --physdev-is-bridged ! --physdev-is-in', true],
  ['! --physdev-is-bridged --physdev-is-out', false],
])('no packet is bridged: physdev %s', (words, expected) => {
  expect(matches(`-m physdev ${words}`, PACKET)).toBe(expected);
});

test('in OUTPUT, and in chains that it leads to, the way out is not known', () => {
  const { run } = bench();
  run('iptables -N later');
  run('iptables -A later -m physdev --physdev-out lan0');
  run('iptables -A FORWARD -j later');
  for (const rule of ['-j later', '-m physdev --physdev-is-out', '-m physdev ! --physdev-out lan0']) {
    expect(() => run(`iptables -A OUTPUT ${rule}`)).toThrow('Invalid argument');
  }
  run('iptables -A OUTPUT -m physdev --physdev-out lan0 --physdev-is-bridged');
});

test('texts, always in the same order', () => {
  const { run } = bench();
  run('iptables -A FORWARD -m physdev ! --physdev-out a+ --physdev-is-bridged --physdev-in b');
  expect(run('iptables -S FORWARD')).toContain(
    '-m physdev --physdev-in b ! --physdev-out a+ --physdev-is-bridged',
  );
  expect(run('iptables -L FORWARD')).toContain(
    'PHYSDEV match --physdev-in b ! --physdev-out a+ --physdev-is-bridged',
  );
  expect(() => run('iptables -A FORWARD -m physdev')).toThrow('PHYSDEV: no physdev option specified');
  expect(() => run('iptables -A FORWARD -m physdev --physdev-in sixteencharacters')).toThrow('IFNAMSIZ (15)');
});
