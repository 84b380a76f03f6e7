import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const EF = 'udp 192.0.2.10:1 > 203.0.113.9:2 tos 0xb9';

test.each([
  ['--dscp 0x2e', true],
  ['--dscp-class ef', true],
  ['! --dscp-class EF', false],
  ['! --dscp-class BE', true],
  ['--dscp 0', false],
])('-m dscp %s → %s: the ECN bits do not count', (options, expected) => {
  expect(matches(`-m dscp ${options}`, EF)).toBe(expected);
});

test('what the packet has is told as a code point', () => {
  const { host, run, receive } = bench();
  const told: string[] = [];
  host.observer = { wantsMisses: true, missed: (_p, _t, _c, _n, _r, { value }) => told.push(value) };
  run('iptables -A FORWARD -m dscp --dscp 1');
  run('iptables -A FORWARD -m ecn --ecn-ip-ect 2');
  receive(EF);
  expect(told).toEqual(['0x2e', '1']);
});

test('a class is kept as its number, and what follows its name does not matter', () => {
  const { run } = bench();
  run('iptables -A INPUT -m dscp ! --dscp-class AF11x');
  expect(run('iptables -S INPUT')).toContain('-A INPUT -m dscp ! --dscp 0x0a\n');
  expect(run('iptables -nL INPUT')).toContain(' DSCP match !0x0a\n');
});

test.each([
  ['--dscp 64', 'bad value for option "--dscp", or out of range (0-63)'],
  ['--dscp-class AF', "Invalid DSCP value `AF'"],
  ['', 'DSCP match: Parameter --dscp is required'],
])('-m dscp %s is refused', (options, message) => {
  expect(() => bench().run(`iptables -A INPUT -m dscp ${options}`.trim())).toThrow(message);
});
