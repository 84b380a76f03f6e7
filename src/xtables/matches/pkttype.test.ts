import { expect, test } from 'vitest';
import { parsePacket } from '../../formats/packet-language/index.ts';
import { bench } from '../extension.fixture.ts';

/** Which of the types a frame to this address is in PREROUTING. */
function typesOf(destination: number[]): string[] {
  const { host, run, count } = bench();
  const types = ['unicast', 'broadcast', 'multicast', 'otherhost'];
  for (const type of types) run(`iptables -t mangle -A PREROUTING -m pkttype --pkt-type ${type}`);
  const packet = parsePacket('udp 192.0.2.10:1 > 203.0.113.9:2');
  host.receive(
    'lan0',
    packet.frame({ destination: Uint8Array.from(destination), source: Uint8Array.of(2, 0, 0, 0, 1, 16) }),
  );
  return types.filter((_, i) => count('PREROUTING', i + 1, 'mangle') > 0);
}

test.each([
  ['the interface', [2, 0, 0, 0, 0, 1], ['unicast']],
  ['all', [255, 255, 255, 255, 255, 255], ['broadcast']],
  ['a group', [1, 0, 0x5e, 0, 0, 1], ['multicast']],
  // IP never sees frames for others.
  ['another host', [2, 0, 0, 0, 0, 9], []],
])('a frame to %s', (_, destination, expected) => {
  expect(typesOf(destination)).toEqual(expected);
});

test('a copy of an own broadcast counts as broadcast, the packet itself as unicast', () => {
  const { run, send, count } = bench();
  run('iptables -A OUTPUT -m pkttype --pkt-type unicast');
  run('iptables -A INPUT -m pkttype --pkt-type bcast');
  send('udp 192.0.2.1:1 > 192.0.2.255:2');
  expect([count('OUTPUT'), count('INPUT')]).toEqual([1, 1]);
});

test('names and text', () => {
  const { run } = bench();
  run('iptables -A INPUT -m pkttype ! --pkt-type MCAST');
  expect(run('iptables -S INPUT')).toContain('-m pkttype ! --pkt-type multicast\n');
  expect(run('iptables -nL INPUT')).toContain(' PKTTYPE != multicast\n');
  expect(() => run('iptables -A INPUT -m pkttype --pkt-type 1')).toThrow("Bad packet type '1'");
});
