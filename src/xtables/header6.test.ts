/** The matches of IPv6 extension headers, IPsec and IPComp. */
import { expect, test } from 'vitest';
import { bench, matches } from './extension.fixture.ts';

const FROM = '[2001:db8:1::10]:4000 > [2001:db8:2::9]:53';
const ROUTED = `udp ${FROM} rt { type 0 left 1 address 2001:db8::a address 2001:db8::b }`;
const OPTIONS = `udp ${FROM} hbh { router-alert 0 }`;
const FRAGMENT = 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53 frag { offset 0 mf id 7 } len 32';
const PLAIN = `udp ${FROM}`;

test.each([
  ['-m rt', ROUTED, true],
  ['-m rt', PLAIN, false],
  ['-m rt --rt-type 0 --rt-segsleft 1:2 --rt-len 40', ROUTED, true],
  ['-m rt --rt-type 0 --rt-0-res', ROUTED, true],
  ['-m rt ! --rt-type 0', ROUTED, false],
  ['-m rt --rt-type 0 --rt-0-addrs 2001:db8::a,2001:db8::b', ROUTED, true],
  ['-m rt --rt-type 0 --rt-0-addrs 2001:db8::b', ROUTED, false],
  ['-m rt --rt-type 0 --rt-0-addrs 2001:db8::b --rt-0-not-strict', ROUTED, true],
  ['-m hbh --hbh-opts 5:2', OPTIONS, true],
  ['-m hbh --hbh-opts 5:3', OPTIONS, false],
  ['-m hbh ! --hbh-len 8', OPTIONS, false],
  ['-m dst', OPTIONS, false],
  ['-m frag --fragid 7 --fragfirst --fragmore', FRAGMENT, true],
  ['-m frag --fraglast', FRAGMENT, false],
  ['-m ipv6header --header frag,prot', FRAGMENT, true],
  ['-m ipv6header --header frag', FRAGMENT, false],
  ['-m ipv6header --header frag --soft', FRAGMENT, true],
  ['-m ipv6header ! --header route,frag --soft', PLAIN, true],
  ['-m ipv6header ! --header prot', PLAIN, false],
  ['-m ah --ahspi 5', `${PLAIN} ah { spi 5 }`, true],
  ['-m ah ! --ahspi 5', `${PLAIN} ah { spi 5 }`, false],
  ['-m srh', ROUTED, false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});

test.each([
  ['-p esp -m esp --espspi 1:9', 'esp 192.0.2.10 > 203.0.113.9 spi 5', true],
  ['-p esp -m esp --espspi 6', 'esp 192.0.2.10 > 203.0.113.9 spi 5', false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});

test('a routing header longer than the packet has it dropped', () => {
  const { run, receive, count } = bench();
  run('ip6tables -A FORWARD -m rt');
  run('ip6tables -A FORWARD');
  receive('6000000000082b4020010db800010000000000000000001020010db80002000000000000000000091109000000000000');
  expect([count('FORWARD', 1), count('FORWARD', 2)]).toEqual([0, 0]);
});
