import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';
import { RecentLists } from '../recent-lists.ts';

const from = (host: number, more = '') => `udp 192.0.2.${host}:4000 > 203.0.113.9:53 ${more}`;

test('an address is in the list once it was seen, until it is removed', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m recent --rcheck --name a');
  run('iptables -A FORWARD -m recent --set --name a');
  run('iptables -t mangle -A FORWARD -p udp --sport 1 -m recent --remove --name a');
  receive(from(10));
  expect(count('FORWARD')).toBe(0);
  receive(from(10));
  receive(from(11));
  expect(count('FORWARD')).toBe(1);
  receive(from(10).replace(':4000', ':1'));
  expect(count('FORWARD')).toBe(1);
  expect(count('FORWARD', 1, 'mangle')).toBe(1);
});

test('hits within seconds; --update starts them anew', () => {
  const { host, run, receive, count } = bench();
  run('iptables -A FORWARD -m recent --rcheck --seconds 10 --hitcount 3');
  run('iptables -A FORWARD -m recent --set');
  for (let i = 0; i < 4; i++) receive(from(10));
  expect(count('FORWARD')).toBe(1);
  host.advance(11);
  receive(from(10));
  expect(count('FORWARD')).toBe(1);
});

test('the time to live is that before forwarding', () => {
  const { run, receive, count } = bench();
  run('iptables -t mangle -A PREROUTING -m recent --set --name t');
  run('iptables -A FORWARD -m recent --rcheck --rttl --name t');
  receive(from(10, 'ttl 9'));
  expect(count('FORWARD')).toBe(1);
});

test('a list is gone with its last rule, and a larger hitcount empties it', () => {
  const { run, receive, count } = bench();
  run('iptables -A INPUT -m recent --set --name s');
  receive('icmp 192.0.2.10 > 192.0.2.1 echo-request');
  run('iptables -A FORWARD -m recent --rcheck --name s');
  run('iptables -F INPUT');
  receive(from(10));
  expect(count('FORWARD')).toBe(1);
  run('iptables -A FORWARD -m recent --rcheck --name s --hitcount 33');
  receive(from(10));
  expect(count('FORWARD')).toBe(1);
});

test.each([
  '--set --seconds 3',
  '--remove --hitcount 1',
  '--rcheck --hitcount 65536',
  '--set --name a/b',
  '--set --name ..',
])('the kernel refuses recent %s', (words) => {
  expect(() => bench().run(`iptables -A FORWARD -m recent ${words}`)).toThrow('Invalid argument');
});

test('a list holds a hundred addresses, and shows them from the oldest on', () => {
  const lists = new RecentLists();
  const list = lists.use('a', [-1, -1, -1, -1], 0, () => 1);
  for (let n = 0; n < 103; n++) list.add(4, [n], 64, n);
  expect(list.size).toBe(100);
  const oldest = list.find(4, [3], 0)!;
  expect([...list.entries()][0]).toBe(oldest);
  list.update(oldest, 64, 200);
  expect([...list.entries()].at(-1)).toBe(oldest);
  expect(oldest.last).toBe(200);
  list.reap(50, undefined);
  expect(list.find(4, [4], 0)).toBeUndefined();
  lists.release(list);
  expect(lists.get('a')).toBeUndefined();
});
