import { expect, test } from 'vitest';
import { runCommand } from '../commands/index.ts';
import { bench } from './extension.fixture.ts';

function answer(command: string): string {
  const { host } = bench();
  const words = command.split(' ');
  const chain = words.includes('DNAT') || words.includes('REDIRECT') ? 'PREROUTING' : 'POSTROUTING';
  const tool = words.shift()!;
  const { stderr } = runCommand(host, [tool, '-t', 'nat', '-A', chain, ...words]);
  if (stderr) return stderr.split('\n')[0]!.replace(/^.*\(legacy\): /, '');
  return runCommand(host, [tool, '-t', 'nat', '-S', chain])
    .stdout.split('\n')[1]!
    .replace(/^.* --to-\S+ /, '');
}

test.each([
  ['iptables -p tcp -j SNAT --to-source 1.1.1.1:10-20/30', '1.1.1.1:10-20/0'],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.1:10-20/30', '1.1.1.1:10-20/30'],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.1:10-20/7x', '1.1.1.1:10-20/7'],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.1:10-20x', "Garbage after port range: `x'"],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.1:10/20', "Garbage after port value: `/20'"],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.1:ssh', '1.1.1.1:22'],
  ['iptables -p tcp -j DNAT --to-destination ab:80', ':80'],
  ['iptables -p tcp -j DNAT --to-destination a:80', 'Bad IP address "a"'],
  ['iptables -p tcp -j DNAT --to-destination 01.1.1.9', 'Bad IP address "01.1.1.9"'],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.9-1.1.1.1', '1.1.1.9-1.1.1.1'],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.1-1.1.1.1', '1.1.1.1'],
  ['iptables -p tcp -j DNAT --to-destination 1.1.1.1:20-10', "Port range `10' funky"],
  ['iptables -p tcp -j DNAT --to-destination [1.1.1.1]:80', 'Invalid address format'],
  [
    'iptables -p udplite -j SNAT --to-source 1.1.1.1:1',
    'Need TCP, UDP, SCTP or DCCP with port specification',
  ],
  ['ip6tables -p tcp -j SNAT --to-source [fc::1]', 'fc::1'],
  ['ip6tables -p tcp -j SNAT --to-source [fc::1', 'Invalid address format'],
  ['ip6tables -p tcp -j SNAT --to-source []:80', ':80'],
  ['ip6tables -p tcp -j SNAT --to-source x[fc::1-fc::5]:80', '[fc::1-fc::5]:80'],
  [
    'ip6tables -p icmpv6 -j SNAT --to-source [fc::1]:80',
    'Need TCP, UDP, SCTP or DCCP with port specification',
  ],
  ['iptables -p udp -j REDIRECT --to-ports 10-20/5', 'Shifted portmap ranges not supported with this kernel'],
  ['iptables -p udp -j REDIRECT --to-ports 1:2', 'Invalid port:port syntax - use dash'],
  ['iptables -p udp -j MASQUERADE --to-ports 10-20/5', '10-20/0'],
])('%s: %s', (command, wanted) => expect(answer(command)).toBe(wanted));
