import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test.each([
  ['--uid-owner 1000', 1000, 1],
  ['--uid-owner 1000', 0, 0],
  ['! --uid-owner 1000-1010', 1005, 0],
  ['--gid-owner 7 --uid-owner 1000', 1000, 1],
  ['--socket-exists', 0, 1],
])('owner %s of user %i', (words, uid, expected) => {
  const { run, send, count } = bench();
  run(`iptables -A OUTPUT -m owner ${words}`);
  expect(send('udp 192.0.2.1:4000 > 203.0.113.9:53', { uid, gid: 7 })).toBeUndefined();
  expect(count('OUTPUT')).toBe(expected);
});

test('what the host answers by itself has a socket, and no user', () => {
  const { run, receive, count } = bench();
  run('iptables -A OUTPUT -m owner --socket-exists');
  run('iptables -A OUTPUT -m owner --uid-owner 0');
  receive('icmp 192.0.2.10 > 192.0.2.1 echo-request id 1 seq 1');
  expect([count('OUTPUT', 1), count('OUTPUT', 2)]).toEqual([1, 0]);
});

test('a process whose packet is dropped in OUTPUT gets EPERM', () => {
  const { run, send } = bench();
  run('iptables -A OUTPUT -m owner --uid-owner 5 -j DROP');
  expect(send('udp 192.0.2.1:4000 > 203.0.113.9:53', { uid: 5 })).toBe('EPERM');
});
