import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const UDP = 'udp 192.0.2.10:4000 > 203.0.113.9:53';
const FACTS = 0xffff_f000;

test.each([
  ['the protocol', '4,48 0 0 9,21 0 1 17,6 0 0 1,6 0 0 0', true],
  ['another protocol', '4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0', false],
  ['a port behind the IP header', '5,177 0 0 0,72 0 0 2,21 0 1 53,6 0 0 1,6 0 0 0', true],
  ['a load from outside', '2,48 0 0 1000,6 0 0 1', false],
  ['memory and arithmetic', '6,0 0 0 6,2 0 0 3,97 0 0 3,44 0 0 0,53 0 0 0,22 0 0 0', true],
  ['the Ethernet header', `4,40 0 0 ${0xffe0_000c},21 0 1 2048,6 0 0 1,6 0 0 0`, true],
  ['the IP header', `4,48 0 0 ${0xfff0_0000},21 0 1 69,6 0 0 1,6 0 0 0`, true],
  ['the start of the payload', `4,32 0 0 ${FACTS + 52},21 0 1 28,6 0 0 1,6 0 0 0`, true],
  ['division by zero', '4,1 0 0 0,0 0 0 5,60 0 0 0,6 0 0 1', false],
])('%s', (_about, program, expected) => {
  expect(matches(`-m bpf --bytecode "${program}"`, UDP)).toBe(expected);
});

test.each([
  ['2,96 0 0 0,6 0 0 1', 'Invalid argument'],
  ['2,5 0 0 1,6 0 0 1', 'Invalid argument'],
  [`2,32 0 0 ${FACTS + 2},6 0 0 1`, 'Invalid argument'],
  ['1,0 0 0 0', 'Invalid argument'],
  ['2,6 0 0 1', 'bpf: parsed program length is less than the encoded length parameter'],
  ['1,6 0 0 x', 'bpf: error at instr 0'],
])('%s is refused: %s', (program, message) => {
  const { run } = bench();
  expect(() => run(`iptables -A FORWARD -m bpf --bytecode "${program}"`)).toThrow(message);
});
