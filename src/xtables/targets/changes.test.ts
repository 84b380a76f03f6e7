/** Targets that change the packet: what leaves has the change, and a right header checksum. */
import { expect, test } from 'vitest';
import { checksum } from '../../wire/checksum.ts';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53 ttl 64 tos 0x0f';
const PACKET6 = 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53 ttl 64';

function sent(command: string, packet: string): Uint8Array {
  const { run, receive, out } = bench();
  run(command);
  receive(packet);
  return Uint8Array.from(Buffer.from(out[0]?.split(' ')[1] ?? '', 'hex'));
}

test.each([
  ['TTL --ttl-set 9', 8, 9],
  ['TTL --ttl-dec 70', 8, 0],
  ['TTL --ttl-inc 255', 8, 255],
  ['TOS --set-tos 0x20', 1, 0x20],
  ['TOS --set-tos 0x10/0x1e', 1, 0x11],
  ['TOS --or-tos 0xe0', 1, 0xef],
  ['TOS --and-tos 0x0c', 1, 0x0c],
  ['TOS --xor-tos 0xff', 1, 0xf0],
])('%s: byte %i is %i', (target, at, value) => {
  const packet = sent(`iptables -t mangle -A POSTROUTING -j ${target}`, PACKET);
  expect(packet[at]).toBe(value);
  expect(checksum(packet, 0, 20)).toBe(0);
});

test.each([
  ['HL --hl-set 9', 7, 9],
  ['HL --hl-dec 3', 7, 60],
  ['TOS --set-tos 0xb8', 0, 0x6b],
])('%s of IPv6: byte %i is %i', (target, at, value) => {
  expect(sent(`ip6tables -t mangle -A POSTROUTING -j ${target}`, PACKET6)[at]).toBe(value);
});

test.each([
  ['--set-mark 0x12', 0x12],
  ['--set-xmark 0xff/0x0', 0xfc],
  ['--and-mark 0x1', 0x1],
  ['--or-mark 0x10', 0x13],
  ['--xor-mark 0x1', 0x2],
])('MARK %s', (words, value) => {
  const { run, receive, count } = bench();
  run('iptables -t mangle -A PREROUTING -j MARK --set-mark 0x3');
  run(`iptables -t mangle -A PREROUTING -j MARK ${words}`);
  run(`iptables -A FORWARD -m mark --mark ${value}`);
  receive(PACKET);
  expect(count('FORWARD')).toBe(1);
});
