import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const SYN = 'tcp 192.0.2.10:1 > 203.0.113.9:2 syn mss 1460';

test.each([
  ['--mss 1460', SYN, true],
  ['--mss 1400:1459', SYN, false],
  ['! --mss :1400', SYN, true],
  ['--mss 0:65535', 'tcp 192.0.2.10:1 > 203.0.113.9:2 syn', false],
  ['! --mss 0:65535', 'tcp 192.0.2.10:1 > 203.0.113.9:2 syn', true],
])('-m tcpmss %s: %s → %s', (options, packet, expected) => {
  expect(matches(`-p tcp -m tcpmss ${options}`, packet)).toBe(expected);
});

test('a header that says more than is there drops the packet, inverted or not', () => {
  const { host, run, count, out } = bench();
  run('iptables -A FORWARD -p tcp -m tcpmss ! --mss 1460');
  run('iptables -A FORWARD');
  const header = `45000028000100004006${'0000'}c000020acb007109${'00010002000000010000000090020063'}${'00000000'}`;
  const bytes = Buffer.from(`020000000001${'020000000110'}0800${header}`, 'hex');
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  bytes.writeUInt16BE(~sum & 0xffff, 24);
  host.receive('lan0', bytes);
  expect([count('FORWARD', 1), count('FORWARD', 2), out]).toEqual([0, 0, []]);
});

test.each([
  ['-p tcp -m tcpmss --mss 9:5', 'tcpmss: invalid range given'],
  ['-p tcp -m tcpmss --mss 1:2:3', 'Too many components for option "--mss" (max: 2)'],
  ['-m tcpmss --mss 5', 'Invalid argument'],
])('%s is refused', (rule, message) => {
  expect(() => bench().run(`iptables -A INPUT ${rule}`)).toThrow(message);
});
