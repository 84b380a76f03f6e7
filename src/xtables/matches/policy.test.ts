import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:1 > 203.0.113.9:2';

test.each([
  ['--dir in --pol none', true],
  ['--dir out --pol none', true],
  ['--dir in', false],
  ['--dir out --pol ipsec ! --reqid 7', false],
])('without IPsec: policy %s', (words, expected) => {
  expect(matches(`-m policy ${words}`, PACKET)).toBe(expected);
});

test.each([
  ['FORWARD', '--dir in', '--dir in --pol ipsec'],
  ['FORWARD', '--pol none --dir out --reqid 1', '--dir out --pol none'],
  [
    'FORWARD',
    '--dir in --spi 9 ! --reqid 0x10 --proto 50',
    '--dir in --pol ipsec ! --reqid 16 --spi 0x9 --proto esp',
  ],
  [
    'FORWARD',
    '--dir in --strict --mode tunnel --tunnel-src 10.9.9.9/8 --next --proto ah',
    '--dir in --pol ipsec --strict --mode tunnel --tunnel-src 10.9.9.9/8 --next --proto ah',
  ],
])('%s -m policy %s', (chain, words, saved) => {
  const { run } = bench();
  run(`iptables -A ${chain} -m policy ${words}`);
  expect(run(`iptables -S ${chain}`)).toContain(`-m policy ${saved}\n`);
  run(`iptables -D ${chain} -m policy ${words}`);
});

test('listed by elements', () => {
  const { run } = bench();
  run('iptables -A FORWARD -m policy --dir in --strict --proto esp --next ! --spi 3 --proto ah');
  expect(run('iptables -nL FORWARD')).toContain(
    'policy match dir in pol ipsec strict [0] proto 50 [1] ! spi 0x3 proto 51',
  );
  expect(run('iptables -L FORWARD')).toContain('[0] proto esp [1] ! spi 0x3 proto ah');
  expect(() => run('iptables -C FORWARD -m policy --dir in --strict --proto esp --proto ah')).toThrow(
    'double --proto',
  );
  expect(() =>
    run('iptables -C FORWARD -m policy --dir in --strict --proto esp ! --spi 3 --next --proto ah'),
  ).toThrow('Bad rule');
});

test.each([
  ['--pol ipsec', 'neither --dir in nor --dir out specified'],
  ['--dir in --pol none --strict', 'policy none but --strict given'],
  ['--dir in --pol none --next', 'policy none but policy given'],
  ['--dir in --strict --next --reqid 1', 'empty policy element 0'],
  ['--dir in --tunnel-src 10.0.0.1', 'only valid in tunnel mode'],
  ['--dir in --reqid 1 --next --reqid 2', 'option "--next" also requires "--strict"'],
  [
    '--dir in --strict --reqid 1 --next --reqid 1 --next --reqid 1 --next --reqid 1 --next',
    'maximum policy depth',
  ],
])('refused: %s', (words, why) => {
  expect(() => bench().run(`iptables -A FORWARD -m policy ${words}`)).toThrow(why);
});

test.each([
  ['PREROUTING', 'out'],
  ['INPUT', 'out'],
  ['OUTPUT', 'in'],
  ['POSTROUTING', 'in'],
])('not in %s with --dir %s', (chain, dir) => {
  const { run } = bench();
  expect(() => run(`iptables -t mangle -A ${chain} -m policy --dir ${dir}`)).toThrow('Invalid argument');
});
