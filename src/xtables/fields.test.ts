/** Matches of single fields: code points, flags, sizes, addresses, kinds of frames, ports and chunks. */
import { expect, test } from 'vitest';
import { bench, matches } from './extension.fixture.ts';

const TCP = 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn mss 1460 tos 0xb9';
const SCTP = 'sctp 192.0.2.10:4000 > 203.0.113.9:80 init';
const DCCP = 'dccp 192.0.2.10:4000 > 203.0.113.9:80 request';

test.each([
  ['-m dscp --dscp 0x2e', TCP, true],
  ['-m dscp --dscp-class EF', TCP, true],
  ['-m dscp ! --dscp-class BE', TCP, true],
  ['-m tos --tos 0xb8/0xfc', TCP, true],
  ['-m tos --tos Minimize-Delay', TCP, false],
  ['-m ecn --ecn-ip-ect 1', TCP, true],
  ['-p tcp -m ecn --ecn-tcp-ece', TCP, false],
  ['-p tcp -m ecn ! --ecn-tcp-cwr', TCP, true],
  ['-p tcp -m tcpmss --mss 1400:1500', TCP, true],
  ['-p tcp -m tcpmss ! --mss 1460', TCP, false],
  ['-m iprange --src-range 192.0.2.2-192.0.2.10', TCP, true],
  ['-m iprange --src-range 192.0.2.2-192.0.2.9', TCP, false],
  ['-m iprange ! --dst-range 203.0.113.9', TCP, false],
  ['-m iprange --dst-range 2001:db8:1::-2001:db8:2::9', 'udp [2001:db8:1::10]:1 > [2001:db8:2::9]:2', true],
  ['-m pkttype --pkt-type unicast', TCP, true],
  ['-m pkttype --pkt-type otherhost', TCP, false],
  ['-m devgroup --src-group default --dst-group 0/1', TCP, true],
  ['-m realm --realm cosmos', TCP, true],
  ['-m cpu --cpu 0', TCP, true],
  ['-p sctp -m sctp --sport 4000 --chunk-types only INIT', SCTP, true],
  ['-p sctp -m sctp ! --chunk-types any INIT,DATA', SCTP, false],
  ['-p sctp -m sctp --chunk-types all INIT,DATA', SCTP, false],
  ['-p dccp -m dccp --dport 80 --dccp-types REQUEST', DCCP, true],
  ['-p dccp -m dccp ! --dccp-types REQUEST,DATA', DCCP, false],
  ['-p dccp -m dccp --dccp-option 5', DCCP, false],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});

test('an interface identifier made of the MAC address', () => {
  const { run, receive, count } = bench();
  run('ip6tables -A FORWARD -m eui64');
  receive('udp [2001:db8:1:0:0:ff:fe00:110]:1 > [2001:db8:2::9]:2');
  receive('udp [2001:db8:1::10]:1 > [2001:db8:2::9]:2');
  expect(count('FORWARD')).toBe(1);
});

test('headers that lie drop the packet, although an inverted test fits them', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -p sctp -m sctp ! --chunk-types any DATA');
  run('iptables -A FORWARD');
  receive('sctp 192.0.2.10:4000 > 203.0.113.9:80');
  expect([count('FORWARD', 1), count('FORWARD', 2)]).toEqual([1, 0]);
});

test.each([
  ['-m ecn --ecn-tcp-ece', 'Invalid argument'],
  ['-m devgroup --dst-group 1', 'Invalid argument'],
  ['-p sctp -m sctp --chunk-types all DATA:X', 'Invalid flags for chunk type 0'],
  ['-p dccp -m dccp --dccp-types 3', 'Unknown DCCP type `3'],
  ['-p tcp -m tcpmss --mss 9:5', 'tcpmss: invalid range given'],
  ['-m ipvs --ipvs', 'missing kernel module?'],
])('%s is refused: %s', (rule, message) => {
  const { run } = bench();
  expect(() => run(`iptables -A INPUT ${rule}`)).toThrow(message);
});
