import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const syn = (host: number, port: number) => `tcp 192.0.2.${host}:${port} > 203.0.113.9:80 syn`;

test('connections of an address, of a network, of a destination', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m connlimit --connlimit-upto 2');
  run('iptables -A FORWARD -m connlimit --connlimit-above 2 --connlimit-mask 24');
  run('iptables -A FORWARD -m connlimit ! --connlimit-upto 3 --connlimit-daddr');
  for (const port of [1, 2, 3]) receive(syn(10, port));
  receive(syn(11, 1));
  // The same one again is no other one.
  receive(syn(10, 3));
  expect([1, 2, 3].map((rule) => count('FORWARD', rule))).toEqual([3, 3, 2]);
});

test('what was dropped does not count', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m connlimit --connlimit-above 1 -j DROP');
  for (let port = 1; port < 9; port++) receive(syn(10, port));
  expect(count('FORWARD')).toBe(7);
});

test('what has expired does not count', () => {
  const { host, run, receive, count } = bench();
  run('iptables -A FORWARD -m connlimit --connlimit-above 2');
  for (const port of [1, 2, 3]) receive(`udp 192.0.2.10:${port} > 203.0.113.9:53`);
  expect(count('FORWARD')).toBe(1);
  host.advance(31);
  receive('udp 192.0.2.10:4 > 203.0.113.9:53');
  expect(count('FORWARD')).toBe(1);
});

test('a packet that has no tuple is dropped', () => {
  const { run, receive, out } = bench();
  run('iptables -A FORWARD -m connlimit --connlimit-upto 9');
  receive('ip 192.0.2.10 > 203.0.113.9 proto 17 hex:0000');
  expect(out).toEqual([]);
});
