import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:1 > 203.0.113.9:2';

test.each([
  ['--cpu 0', true],
  ['! --cpu 0', false],
  ['! --cpu 010', true],
])('-m cpu %s on the first CPU → %s', (options, expected) => {
  expect(matches(`-m cpu ${options}`, PACKET)).toBe(expected);
});

test('a host says which of its CPUs handles packets', () => {
  const { host, run, receive, count } = bench();
  host.cpu = 3;
  run('iptables -A FORWARD -m cpu --cpu 3');
  receive(PACKET);
  expect(count('FORWARD')).toBe(1);
});

test('text and limits', () => {
  const { run } = bench();
  run('iptables -A INPUT -m cpu ! --cpu 010');
  expect(run('iptables -S INPUT')).toContain('-m cpu ! --cpu 8\n');
  expect(run('iptables -nL INPUT')).toContain(' cpu ! 8\n');
  expect(() => run('iptables -A INPUT -m cpu')).toThrow('option "--cpu" must be specified');
  expect(() => run('iptables -A INPUT -m cpu --cpu 4294967296')).toThrow('out of range (0-4294967295)');
});
