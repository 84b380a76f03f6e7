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

test('what a listening socket answers is of its process, also a reset', () => {
  const { host, run, receive, count } = bench();
  host.sockets.open({ proto: 'tcp', address: '0.0.0.0', port: 80, uid: 1000 });
  host.sockets.open({ proto: 'tcp', address: '::', port: 80, uid: 1000 });
  run('iptables -A OUTPUT -m owner --uid-owner 1000');
  run('ip6tables -A OUTPUT -m owner --uid-owner 1000');
  receive('tcp 192.0.2.10:4000 > 192.0.2.1:80 ack seq 2 ack 1');
  receive('tcp [2001:db8:1::10]:4000 > [2001:db8:1::1]:80 ack seq 2 ack 1');
  expect(count('OUTPUT')).toBe(2);
  receive('tcp 192.0.2.10:4000 > 192.0.2.1:80 syn seq 1');
  receive('tcp 192.0.2.10:4000 > 192.0.2.1:81 ack seq 2 ack 1');
  expect(count('OUTPUT')).toBe(3);
});

test('supplementary groups count where the rule says so', () => {
  const { run, send, count } = bench();
  run('iptables -A OUTPUT -m owner --gid-owner 100-110 --suppl-groups');
  run('iptables -A OUTPUT -m owner ! --gid-owner 27 --suppl-groups');
  run('iptables -A OUTPUT -m owner --gid-owner 27');
  send('udp 192.0.2.1:4000 > 203.0.113.9:53', { gid: 5, groups: [27, 105] });
  expect([count('OUTPUT', 1), count('OUTPUT', 2), count('OUTPUT', 3)]).toEqual([1, 0, 0]);
  send('udp 192.0.2.1:4000 > 203.0.113.9:53', { gid: 105 });
  expect([count('OUTPUT', 1), count('OUTPUT', 2), count('OUTPUT', 3)]).toEqual([2, 1, 0]);
});
