import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

/** 10⁶ times what a millionth of a second costs: 250 · 2³⁹ / 10⁶, without its fraction. */
const COST_OF_SECOND = 137_438_953 * 1_000_000;

const from = (host: number) => `udp 192.0.2.${host}:4000 > 203.0.113.9:53 len 72`;

function counted(rule: string, packets: readonly (string | number)[]): number {
  const { run, receive, count, host } = bench();
  run(`iptables -A FORWARD -m hashlimit --hashlimit-name t ${rule}`);
  for (const packet of packets) {
    if (typeof packet === 'number') host.advance(packet);
    else receive(packet);
  }
  return count('FORWARD');
}

const times = (count: number, packet: string): string[] => Array.from({ length: count }, () => packet);

test.each([
  ['a burst, then no more', '--hashlimit-upto 1/sec --hashlimit-burst 3', times(5, from(10)), 3],
  ['above', '--hashlimit-above 1/sec --hashlimit-burst 3', times(5, from(10)), 2],
  [
    'time fills the bucket',
    '--hashlimit-upto 1/sec --hashlimit-burst 3',
    [...times(4, from(10)), 2, ...times(4, from(10))],
    6,
  ],
  [
    'each address by itself',
    '--hashlimit-upto 1/sec --hashlimit-burst 2 --hashlimit-mode srcip',
    [...times(3, from(10)), ...times(3, from(11))],
    4,
  ],
  [
    'networks',
    '--hashlimit-upto 1/sec --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-srcmask 24',
    [...times(3, from(10)), ...times(3, from(11))],
    2,
  ],
  ['ports', '--hashlimit-upto 1/sec --hashlimit-burst 1 --hashlimit-mode dstport', [from(10), from(11)], 1],
  ['a day and its credits of 64 bits', '--hashlimit-upto 10/day --hashlimit-burst 4', times(6, from(10)), 4],
  ['bytes', '--hashlimit-upto 256b/s', times(6, from(10)), 2],
  ['bytes with a burst', '--hashlimit-upto 256b/s --hashlimit-burst 512', times(8, from(10)), 6],
  [
    'the rate of an interval',
    '--hashlimit-upto 2/sec --hashlimit-burst 1 --hashlimit-rate-match --hashlimit-htable-expire 5000',
    [...times(5, from(10)), 1, from(10)],
    3,
  ],
])('%s', (_about, rule, packets, expected) => {
  expect(counted(rule, packets)).toBe(expected);
});

test('rules share a table by its name, and it is gone with the last of them', () => {
  const { run, receive, count } = bench();
  const rule =
    '-m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-name t --hashlimit-mode srcip';
  run(`iptables -A FORWARD ${rule}`);
  run(`iptables -A FORWARD ${rule}`);
  for (let packet = 0; packet < 3; packet++) receive(from(10));
  expect(count('FORWARD', 1) + count('FORWARD', 2)).toBe(2);
  expect(run('cat /proc/net/ipt_hashlimit/t')).toBe(
    // Credits of 2³⁹ a jiffy, of which an hour's make a packet's cost.
    `3600 192.0.2.10:0->0.0.0.0:0 0 ${2 * 3600 * COST_OF_SECOND} ${3600 * COST_OF_SECOND}\n`,
  );
  run('iptables -F FORWARD');
  expect(() => run('cat /proc/net/ipt_hashlimit/t')).toThrow('No such file');
});

test('an old entry goes when the table is looked through', () => {
  const { run, receive, host } = bench();
  run(
    'iptables -A FORWARD -m hashlimit --hashlimit-upto 1/sec --hashlimit-name t --hashlimit-mode srcip --hashlimit-htable-expire 1500',
  );
  receive(from(10));
  host.advance(1.9);
  expect(run('cat /proc/net/ipt_hashlimit/t')).not.toBe('');
  host.advance(0.2);
  expect(run('cat /proc/net/ipt_hashlimit/t')).toBe('');
});

test('a full table drops packets of flows that it does not know', () => {
  const { run, receive, count } = bench();
  run(
    'iptables -A FORWARD -m hashlimit --hashlimit-upto 9/sec --hashlimit-name t --hashlimit-mode srcip --hashlimit-htable-size 2 --hashlimit-htable-max 2',
  );
  run('iptables -A FORWARD');
  for (const host of [10, 11, 12]) receive(from(host));
  expect([count('FORWARD', 1), count('FORWARD', 2)]).toEqual([2, 2]);
});
