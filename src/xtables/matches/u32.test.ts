import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

test.each([
  ['6&0xff=17', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['6&0xff=6', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
  ['0>>22&0x3c@0>>16=4000', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['0>>22&0x3c@0&0xffff=1:52,54:99', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
  ['0>>22&0x3c@0&0xffff=1,50:53', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['6&0xff=17&&12=0xc000020a', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['24=0:0xffffffff', 'udp 192.0.2.10:4000 > 203.0.113.9:53', true],
  ['25=0:0xffffffff', 'udp 192.0.2.10:4000 > 203.0.113.9:53', false],
  ['4&0xff00>>8=17', 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53', true],
])('%s: %s → %s', (tests, packet, expected) => {
  expect(matches(`-m u32 --u32 "${tests}"`, packet)).toBe(expected);
  expect(matches(`-m u32 ! --u32 "${tests}"`, packet)).toBe(!expected);
});

test.each([
  ['0', 'abrupt end of input after location specifier'],
  ['0<1=1', "at char 2: a second '<' was expected"],
  ['0=1;', 'at char 3: expected "," or "&&"'],
  ['0=4294967296', 'at char 2: not a number or out of range'],
  ['0<<32=1', 'Invalid argument'],
])('%s is refused: %s', (tests, message) => {
  const { run } = bench();
  expect(() => run(`iptables -A FORWARD -m u32 --u32 "${tests}"`)).toThrow(message);
  expect(run('iptables -S FORWARD')).toBe('-P FORWARD ACCEPT\n');
});
