import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test.each([
  ['2001:db8:1:0:0:ff:fe00:110', 1],
  // The bit for local addresses is not turned.
  ['2001:db8:1:0:200:ff:fe00:110', 0],
  ['2001:db8:1:0:0:fe:fe00:110', 0],
  ['2001:db8:1:0:0:ff:fe00:111', 0],
])('a packet of %s from 02:00:00:00:01:10', (source, expected) => {
  const { run, receive, count } = bench();
  run('ip6tables -A FORWARD -m eui64');
  receive(`udp [${source}]:1 > [2001:db8:2::9]:2`);
  expect(count('FORWARD')).toBe(expected);
});

test('packets of lo never match', () => {
  const { run, send, count } = bench();
  run('ip addr add 2001:db8:5:0:200:ff:fe00:0/64 dev lan0');
  run('ip6tables -A INPUT -m eui64');
  run('ip6tables -A INPUT');
  send('udp [2001:db8:5:0:200:ff:fe00:0]:1 > [2001:db8:1::1]:2');
  // The packet, and the answer that nobody listens there.
  expect([count('INPUT', 1), count('INPUT', 2)]).toEqual([0, 2]);
});

test('a copy of an own multicast has no Ethernet header and is dropped', () => {
  const { run, send, count } = bench();
  run('ip6tables -A INPUT -m eui64');
  run('ip6tables -A INPUT');
  send('udp [2001:db8:1::1]:1 > [ff02::1]:2');
  expect(count('INPUT', 2)).toBe(0);
  run('ip6tables -D INPUT 1');
  send('udp [2001:db8:1::1]:1 > [ff02::1]:2');
  expect(count('INPUT', 1)).toBe(1);
});

test('only where a packet comes in', () => {
  expect(() => bench().run('ip6tables -A OUTPUT -m eui64')).toThrow('Invalid argument');
});
