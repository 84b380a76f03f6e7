import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test('without a helper only inverted tests fit', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m helper --helper ftp');
  run('iptables -A FORWARD -m helper ! --helper ftp');
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:21 syn');
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:80 rst,fin');
  expect([count('FORWARD'), count('FORWARD', 2)]).toEqual([0, 2]);
});

test('the connection that a helper foresaw fits, the one it listens to does not', () => {
  const { run, receive, count } = bench();
  run('iptables -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp');
  for (const name of ['ftp', 'ftp-2121', 'tftp']) run(`iptables -A FORWARD -m helper --helper ${name}`);
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:21 syn seq 100');
  receive('tcp 203.0.113.9:21 > 192.0.2.10:4000 syn seq 500 ack 101');
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:21 seq 101 ack 501');
  receive('tcp 203.0.113.9:21 > 192.0.2.10:4000 psh seq 501 ack 101 "220\\r\\n"');
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:21 psh seq 101 ack 506 "PASV\\r\\n"');
  receive('tcp 203.0.113.9:21 > 192.0.2.10:4000 psh seq 506 ack 107 "227 In (203,0,113,9,8,1).\\r\\n"');
  expect(count('FORWARD')).toBe(0);
  receive('tcp 192.0.2.10:4001 > 203.0.113.9:2049 syn');
  expect([1, 2, 3].map((rule) => count('FORWARD', rule))).toEqual([1, 1, 0]);
});

test('a name is cut to the room there is', () => {
  const { run } = bench();
  run(`iptables -A INPUT -m helper --helper ${'x'.repeat(40)}`);
  expect(run('iptables -S INPUT')).toContain(`--helper ${'x'.repeat(29)}\n`);
});
