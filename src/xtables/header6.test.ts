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

const IP6 = (protocol: string, payload: string) =>
  `60000000${(payload.length / 2).toString(16).padStart(4, '0')}${protocol}40` +
  `20010db8000100000000000000000010${'20010db8000200000000000000000009'}${payload}`;
const IP4 = (payload: string) =>
  `450000${(20 + payload.length / 2).toString(16)}00010000406c0000c000020acb007109${payload}`;

test.each([
  ['-p mh -m mh --mh-type hot:bu', IP6('87', '3b00050000000000'), true],
  ['-p mh -m mh ! --mh-type bu', IP6('87', '3b00050000000000'), false],
  ['-p mh -m mh', IP6('87', '1100050000000000'), false],
  [
    '-m srh --srh-segs-left-eq 0 --srh-lsid 2001:db8::/32',
    IP6('2b', `1102040000000000${'20010db8000100000000000000000001'}00`),
    true,
  ],
  [
    '-m srh ! --srh-lsid 2001:db8::/32',
    IP6('2b', `1102040000000000${'20010db8000100000000000000000001'}00`),
    false,
  ],
  ['-m srh --srh-psid ::/0', IP6('2b', `1102040000000000${'20010db8000100000000000000000001'}00`), false],
  // The tag's bytes are compared as they lie there.
  ['-m srh --srh-tag 1792', IP6('2b', `1102040000000007${'20010db8000100000000000000000001'}00`), true],
  ['-m dst --dst-opts 30:4', IP6('3c', '11001e046162636400'), true],
  ['-m dst --dst-opts 30:12', IP6('3c', '11001e0c6162636400'), true],
  ['-m dst --dst-opts 30:12,0', IP6('3c', '11001e0c6162636400'), false],
])('ip6tables %s: %s → %s', (rule, packet, expected) => {
  const { run, receive, count } = bench();
  run(`ip6tables -t raw -A PREROUTING ${rule}`);
  receive(packet);
  expect(count('PREROUTING', 1, 'raw') === 1).toBe(expected);
});

test.each([
  ['-p ipcomp -m ipcomp --ipcompspi 5', '06000005aaaa', 1, 1],
  ['-p ipcomp -m ipcomp', '06000005aaaa', 0, 1],
  ['-p ipcomp -m ipcomp', '060000', 0, 0],
])('%s: %s is counted %i times, and %i times by the next rule', (rule, payload, first, second) => {
  const { run, receive, count } = bench();
  run(`iptables -t raw -A PREROUTING ${rule}`);
  run('iptables -t raw -A PREROUTING');
  const header = Buffer.from(IP4(payload), 'hex');
  header.writeUInt16BE(ipv4Checksum(header), 10);
  receive(header.toString('hex'));
  expect([count('PREROUTING', 1, 'raw'), count('PREROUTING', 2, 'raw')]).toEqual([first, second]);
});

function ipv4Checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff;
}

test.each([
  ['-m hbh --hbh-opts 5,0:1', 'PAD0 has not got length'],
  ['-m dst --dst-opts 256:1', "PAD0 hasn't got length"],
  [`-m hbh --hbh-opts ${'1,'.repeat(15)}5:2`, 'too many ports specified'],
  [`-m hbh --hbh-opts ${'1,'.repeat(16)}1`, 'too many addresses specified'],
  ['-m dst --dst-opts 1:x', "dst: no valid digits in length `x'"],
  ['-m rt --rt-0-res', "`--rt-type 0' required before `--rt-0-res'"],
  ['-m rt --rt-type 0 --rt-0-not-strict', "`--rt-0-addr ...' required before `--rt-0-not-strict'"],
  ['-m ipv6header --header tcp', "unknown header `6' specified"],
  ['-p mh -m mh --mh-type bu:brr', 'Invalid MH type range (min > max)'],
  ['-m frag --fragmore --fraglast', 'cannot be used together'],
])('%s is refused: %s', (words, complaint) => {
  expect(() => bench().run(`ip6tables -A INPUT ${words}`)).toThrow(complaint);
});

const SEGMENTS = '20010db8000000000000000000000001fd000000000000000000000000000002';

test.each([
  ['-m rt --rt-type 4', ROUTED, 'type 0, 1 segments left, 40 bytes, addresses 2001:db8::a,2001:db8::b'],
  ['-m rt', PLAIN, 'no routing header'],
  ['-m rt', IP6('2b', '1102'), 'its headers are cut off: the packet is dropped'],
  [
    '-m rt',
    IP6('2b', '1109000000000000'),
    'type 0, 0 segments left, 80 bytes, longer than the packet, which is dropped',
  ],
  ['-m hbh --hbh-opts 5:3', OPTIONS, '8 bytes, options 5:2,1:0'],
  ['-m dst', OPTIONS, 'no destination options header'],
  ['-m dst', IP6('3c', '1102000000000000'), '24 bytes, longer than the packet, which is dropped'],
  ['-m frag --fragid 8', FRAGMENT, 'id 7, offset 0, more follow'],
  ['-m frag --fragres', IP6('2c', '1100000c00000009aa'), 'id 9, offset 8, the last one, reserved fields set'],
  ['-m frag', IP6('2c', '110000'), 'its headers are cut off: the packet is dropped'],
  ['-m ipv6header --header prot', FRAGMENT, 'ipv6-frag,protocol'],
  ['-m ipv6header --header prot', IP6('3c', '11'), 'its headers are cut off'],
  ['-m ah --ahspi 6', `${PLAIN} ah { spi 5 }`, 'SPI 5, 24 bytes'],
  ['-m ah', IP6('33', '11040000000000050000'), 'the authentication header is cut off: the packet is dropped'],
  ['-m srh', PLAIN, 'no routing header'],
  ['-m srh', ROUTED, 'a routing header of type 0'],
  ['-m srh', IP6('2b', '1104040101000007'), 'its routing header is cut off'],
  ['-m srh', IP6('2b', `1104040201000007${SEGMENTS}`), '2 segments left, but 1 is the last entry'],
  [
    '-m srh --srh-tag 7',
    IP6('2b', `1104040101000007${SEGMENTS}`),
    'next header 17, length 4, 1 segments left, last entry 1, tag 1792, segments 2001:db8::1,fd00::2',
  ],
  ['-p mh -m mh --mh-type bu', IP6('87', '3b00010000000000'), '1'],
  ['-p mh -m mh', IP6('87', '11000500'), 'its header is cut off: the packet is dropped'],
  ['-p esp -m esp --espspi 6', IP6('32', '0000000500000001'), '5'],
  ['-p ipcomp -m ipcomp --ipcompspi 6', IP6('6c', '06000005aaaa'), '5'],
])('%s does not match %s: %s', (rule, packet, why) => {
  const { host, run, receive } = bench();
  run(`ip6tables -t raw -A PREROUTING ${rule}`);
  const misses: string[] = [];
  host.hooks.observer = {
    wantsMisses: true,
    missed: (_packet, _table, _chain, _number, _rule, { value }) => misses.push(value),
  };
  receive(packet);
  expect(misses).toEqual([why]);
});
