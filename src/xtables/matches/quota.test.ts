import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test('packets fit as long as bytes are left; the first that is too long takes them all', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m quota --quota 250');
  run('iptables -A FORWARD -m quota ! --quota 250');
  for (const length of [72, 72, 72, 0]) receive(`udp 192.0.2.10:4000 > 203.0.113.9:53 len ${length}`);
  expect([count('FORWARD', 1), count('FORWARD', 2)]).toEqual([2, 2]);
});

test('a change of the table fills it again', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m quota --quota 100');
  const packet = 'udp 192.0.2.10:4000 > 203.0.113.9:53 len 72';
  receive(packet);
  receive(packet);
  expect(count('FORWARD')).toBe(1);
  run('iptables -A FORWARD');
  receive(packet);
  expect(count('FORWARD')).toBe(2);
});
