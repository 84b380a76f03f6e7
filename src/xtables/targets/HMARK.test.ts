import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { splitWords } from '../../commands/words.ts';
import { bench } from '../extension.fixture.ts';

/** The marks that packets have behind one rule. */
function marks(options: string, packets: readonly string[]): number[] {
  const { run, receive, log } = bench();
  for (const command of ['iptables', 'ip6tables']) {
    run(`${command} -t mangle -A PREROUTING -j HMARK ${options}`);
    run(`${command} -t mangle -A PREROUTING -j LOG`);
  }
  return packets.map((packet) => {
    receive(packet);
    return Number(/MARK=(\S+)/.exec(log.pop() ?? '')?.[1] ?? 0);
  });
}

function refusal(options: string, command = 'iptables'): string {
  const { host } = bench();
  return runCommand(host, splitWords(`${command} -t mangle -A PREROUTING -j HMARK ${options}`)).stderr.split(
    '\n',
  )[0]!;
}

const WHOLE = '--hmark-tuple src,dst,sport,dport,proto --hmark-mod 0xffffffff --hmark-rnd 7';

test('what Linux answers, for both directions and for errors about them', () => {
  expect(
    marks(WHOLE, [
      'tcp 192.0.2.10:4000 > 198.51.100.9:80 syn',
      'tcp 198.51.100.9:80 > 192.0.2.10:4000 syn,ack',
      'udp 192.0.2.10:4000 > 198.51.100.9:80',
      'icmp 192.0.2.10 > 198.51.100.9 port-unreachable { udp 198.51.100.9:80 > 192.0.2.10:4000 }',
      'tcp [2001:db8:1::10]:4000 > [2001:db8:99::9]:80 syn',
    ]),
  ).toEqual([0x7a9f6966, 0x7a9f6966, 0x7a9f696f, 0x7a9f696f, 0x6b4a9b56]);
});

test('a packet whose quoted header is cut off keeps its mark', () => {
  expect(marks(WHOLE, ['icmp 192.0.2.10 > 198.51.100.9 port-unreachable hex:45000000'])).toEqual([0]);
});

test('of a connection, and nothing without one', () => {
  const options = '--hmark-tuple ct,src --hmark-mod 5 --hmark-rnd 7 --hmark-offset 100';
  expect(marks(options, ['udp 192.0.2.10:4000 > 203.0.113.9:80'])).toEqual([0]);
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m conntrack --ctstate NEW');
  run(`iptables -t mangle -A PREROUTING -j HMARK ${options}`);
  run('iptables -t mangle -A PREROUTING -m mark ! --mark 0');
  receive('udp 192.0.2.10:4000 > 203.0.113.9:80');
  expect(count('PREROUTING', 2, 'mangle')).toBe(1);
});

test('text: the tuple becomes the options it stands for', () => {
  const { run } = bench();
  run('ip6tables -A INPUT -j HMARK --hmark-tuple S,sp,ct --hmark-dst-prefix 64 --hmark-mod 3 --hmark-rnd 1');
  expect(run('ip6tables -S INPUT').split('\n')[1]).toBe(
    '-A INPUT -j HMARK --hmark-src-prefix 128 --hmark-dst-prefix 64 --hmark-sport-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 3 --hmark-tuple ct',
  );
  expect(run('ip6tables -nL INPUT').split('\n')[2]).toContain(
    'HMARK mod 3 ct, src-prefix  dst-prefix 64 sport-mask 0xffff rnd 0x1 ',
  );
});

test.each([
  ['--hmark-tuple src,,dst --hmark-mod 5 --hmark-rnd 1', 'Bad type ",dst"'],
  [
    '--hmark-tuple src, --hmark-mod 5 --hmark-rnd 1',
    '"--hmark-tuple" requires a list of types with no spaces',
  ],
  ['--hmark-tuple spi --hmark-spi-mask 9 --hmark-mod 3 --hmark-rnd 1', 'can only be used once'],
  ['--hmark-mod 5 --hmark-rnd 1', 'you have to specify --hmark-tuple at least'],
  ['--hmark-mod 5 --hmark-tuple src', '--hmark-rnd is mandatory'],
  ['--hmark-mod 0 --hmark-rnd 1', 'or out of range (1-4294967295)'],
  ['--hmark-tuple spi,sport --hmark-mod 5 --hmark-rnd 1', 'at the same time'],
  ['--hmark-spi 1 --hmark-sport 1 --hmark-mod 5 --hmark-rnd 1', 'Invalid argument'],
])('refused: %s', (options, message) => expect(refusal(options)).toContain(message));
