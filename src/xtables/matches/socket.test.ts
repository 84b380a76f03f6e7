import { describe, expect, test } from 'vitest';
import type { SocketOptions } from '../../host/sockets.ts';
import { type Bench, bench } from '../extension.fixture.ts';

function open({ host }: Bench, options: Partial<SocketOptions>): void {
  const opened = host.sockets.open({ proto: 'udp', address: '192.0.2.1', port: 54, ...options });
  if (typeof opened === 'string') throw new Error(opened);
}

const TO = 'udp 192.0.2.10:4000 > 192.0.2.1:54';
const FAR = 'udp 192.0.2.10:4000 > 198.51.100.20:54';
const ALIEN = { address: '198.51.100.20', transparent: true };

test.each<[string, Partial<SocketOptions>, string, number]>([
  ['', {}, TO, 1],
  ['', { port: 55 }, TO, 0],
  ['', { address: '0.0.0.0' }, TO, 0],
  ['--nowildcard', { address: '0.0.0.0' }, TO, 1],
  ['--nowildcard', { address: '0.0.0.0' }, FAR, 1],
  ['', ALIEN, FAR, 1],
  ['--transparent', ALIEN, FAR, 1],
  ['--transparent', {}, TO, 0],
  ['', { proto: 'tcp' }, TO, 0],
  ['', { proto: 'tcp' }, 'tcp 192.0.2.10:4000 > 192.0.2.1:54 syn seq 1', 1],
  ['', {}, `icmp 203.0.113.9 > 192.0.2.1 port-unreachable { udp 192.0.2.1:54 > 203.0.113.9:9 }`, 1],
  ['', {}, `icmp 203.0.113.9 > 192.0.2.1 port-unreachable { udp 203.0.113.9:9 > 192.0.2.1:54 }`, 0],
  ['', { address: '2001:db8:1::1' }, 'udp [2001:db8:1::10]:1 > [2001:db8:1::1]:54', 1],
  ['', { address: '::' }, 'udp [2001:db8:1::10]:1 > [2001:db8:1::1]:54', 0],
  ['--nowildcard', { address: '::' }, 'udp [2001:db8:1::10]:1 > [2001:db8:1::1]:54', 1],
])('socket %s with a socket %o, packet %s', (words, options, packet, expected) => {
  const at = bench();
  open(at, options);
  at.run(`iptables -t mangle -A PREROUTING -m socket ${words}`);
  at.run(`ip6tables -t mangle -A PREROUTING -m socket ${words}`);
  at.receive(packet);
  expect(at.count('PREROUTING', 1, 'mangle')).toBe(expected);
});

test('--restore-skmark gives the packet the mark of the socket', () => {
  const at = bench();
  open(at, { mark: 7 });
  at.run('iptables -t mangle -A PREROUTING -m socket --restore-skmark');
  at.run('iptables -t mangle -A PREROUTING -m mark --mark 7');
  at.receive(TO);
  expect(at.count('PREROUTING', 2, 'mangle')).toBe(1);
});

describe('a connection', () => {
  test('counts although its listener is bound to no address, also before it stands', () => {
    const at = bench();
    open(at, { proto: 'tcp', address: '0.0.0.0', port: 80 });
    at.run('iptables -t mangle -A PREROUTING -m socket');
    at.receive('tcp 192.0.2.10:4000 > 192.0.2.1:80 syn seq 1');
    expect(at.count('PREROUTING', 1, 'mangle')).toBe(0);
    at.receive('tcp 192.0.2.10:4000 > 192.0.2.1:80 ack seq 2 ack 1');
    at.receive('tcp 192.0.2.10:4001 > 192.0.2.1:80 ack seq 2 ack 1');
    expect(at.count('PREROUTING', 1, 'mangle')).toBe(1);
  });
});

test('the answer to a translated connection is for the socket behind the translation', () => {
  const at = bench();
  open(at, { address: '203.0.113.1', port: 5000 });
  at.run('iptables -t nat -A POSTROUTING -p udp -j SNAT --to-source 203.0.113.1:6000');
  at.run('iptables -t mangle -A PREROUTING -m socket');
  at.send('udp 203.0.113.1:5000 > 203.0.113.9:53');
  at.receive('udp 203.0.113.9:53 > 203.0.113.1:6000', 'wan0');
  expect(at.count('PREROUTING', 1, 'mangle')).toBe(1);
});

test('fragments are gathered while the rule is there', () => {
  const at = bench();
  const fragment = 'udp 192.0.2.10:4000 > 192.0.2.1:54 mf payload len 16';
  at.run('iptables -t mangle -A PREROUTING -m socket');
  at.run('iptables -t mangle -A PREROUTING');
  at.receive(`${fragment} id 9`);
  expect(at.count('PREROUTING', 2, 'mangle')).toBe(0);
  at.run('iptables -t mangle -D PREROUTING 1');
  at.receive(`${fragment} id 10`);
  expect(at.count('PREROUTING', 1, 'mangle')).toBe(1);
});

test('only where packets come in', () => {
  const { run } = bench();
  expect(() => run('iptables -A FORWARD -m socket')).toThrow('Invalid argument');
  run('iptables -A INPUT -m socket --transparent --nowildcard');
  expect(run('iptables -S INPUT')).toContain('-A INPUT -m socket --transparent --nowildcard');
});
