import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const packet = (tos: string) => `udp 192.0.2.10:1 > 203.0.113.9:2 tos ${tos}`;

test.each([
  ['--tos 0x10', '0x10', true],
  ['--tos 0x10', '0x12', false],
  ['--tos Minimize-Delay', '0xd0', true],
  ['--tos minimize-delay', '0x11', false],
  ['! --tos 0xff/0xff', '0xff', false],
  // Bits of the value outside the mask never match.
  ['--tos 0x11/0x10', '0x11', false],
])('-m tos %s, a packet with %s → %s', (options, tos, expected) => {
  expect(matches(`-m tos ${options}`, packet(tos))).toBe(expected);
});

test.each([
  ['min', 'Symbolic name "min" is unknown'],
  ['constructor', 'Symbolic name "constructor" is unknown'],
  ['0x100', 'Symbolic name "0x100" is unknown'],
  ['1x', 'Illegal value: "1x"'],
  ['0x1/', 'Illegal value: "0x1/"'],
])('--tos %s is refused', (value, message) => {
  expect(() => bench().run(`iptables -A INPUT -m tos --tos ${value}`)).toThrow(message);
});
