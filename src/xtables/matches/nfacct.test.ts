import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const UDP = 'udp 192.0.2.10:4000 > 203.0.113.9:53 len 72';

test('an account counts every packet that asks for it, and matches beyond its quota', () => {
  const { run, receive, count } = bench();
  run('nfacct add all');
  run('nfacct add few packet 2');
  run('iptables -A FORWARD -m nfacct --nfacct-name all');
  run('iptables -A FORWARD -m nfacct --nfacct-name few -j DROP');
  run('iptables -A FORWARD -p tcp -m nfacct --nfacct-name all');
  for (let packet = 0; packet < 3; packet++) receive(UDP);
  expect([count('FORWARD', 1), count('FORWARD', 2), count('FORWARD', 3)]).toEqual([3, 1, 0]);
  expect(run('nfacct get few')).toContain('pkts = 00000000000000000003, bytes = 00000000000000000300');
  run('nfacct get few reset');
  receive(UDP);
  expect(count('FORWARD', 2)).toBe(1);
});

test('an account is kept while a rule uses it, also through a change of its table', () => {
  const { run } = bench();
  run('nfacct add a');
  run('iptables -A FORWARD -m nfacct --nfacct-name a');
  run('iptables -A FORWARD -j ACCEPT');
  expect(() => run('nfacct delete a')).toThrow('Device or resource busy');
  run('iptables -F FORWARD');
  run('nfacct delete a');
  expect(() => run('iptables -A FORWARD -m nfacct --nfacct-name a')).toThrow('No chain/target/match');
});
