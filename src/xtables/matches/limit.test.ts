import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53';

test('a bucket of packets, that fills again with time', () => {
  const { host, run, receive, count } = bench();
  run('iptables -A FORWARD -m limit --limit 2/sec --limit-burst 3');
  for (let i = 0; i < 5; i++) receive(PACKET);
  expect(count('FORWARD')).toBe(3);
  host.advance(0.5);
  receive(PACKET);
  receive(PACKET);
  expect(count('FORWARD')).toBe(4);
  host.advance(3600);
  for (let i = 0; i < 9; i++) receive(PACKET);
  expect(count('FORWARD')).toBe(7);
});

test('any change of the table fills the bucket', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m limit --limit 1/hour --limit-burst 1');
  receive(PACKET);
  receive(PACKET);
  expect(count('FORWARD')).toBe(1);
  run('iptables -A INPUT -j ACCEPT');
  receive(PACKET);
  expect(count('FORWARD')).toBe(2);
});

test('what needs more than 32 bits is refused', () => {
  const { run } = bench();
  expect(() => run('iptables -A FORWARD -m limit --limit 1/day --limit-burst 2')).toThrow(
    'Numerical result out of range',
  );
});
