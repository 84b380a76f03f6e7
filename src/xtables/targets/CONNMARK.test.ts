import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { bench } from '../extension.fixture.ts';

const UDP = 'udp 192.0.2.10:4000 > 203.0.113.9:53 "x"';

/** Marks of the connection, and of the packet, after a rule has met 0x1234 and 0x00ff. */
function marks(words: string): [connection: string, packet: string] {
  const { run, receive, host } = bench();
  run('iptables -t mangle -A PREROUTING -j CONNMARK --set-mark 0x1234');
  run('iptables -t mangle -A PREROUTING -j MARK --set-mark 0x00ff');
  run(`iptables -t mangle -A PREROUTING -j CONNMARK ${words}`);
  let packetMark = 0;
  host.hooks.register({
    name: 'look',
    family: 4,
    hook: 2,
    priority: 0,
    run: (packet) => {
      packetMark = packet.mark;
      return 1;
    },
  });
  receive(UDP);
  const [connection] = host.conntrack.connections();
  return [`0x${connection!.mark.toString(16)}`, `0x${packetMark.toString(16)}`];
}

test.each([
  ['--set-mark 5', '0x5', '0xff'],
  ['--set-mark 0x500/0xf00', '0x1534', '0xff'],
  ['--set-xmark 0xf/0xf0', '0x120b', '0xff'],
  ['--and-mark 0xff', '0x34', '0xff'],
  ['--or-mark 0xf', '0x123f', '0xff'],
  ['--xor-mark 0xffffffff', '0xffffedcb', '0xff'],
  ['--save-mark', '0xff', '0xff'],
  ['--save-mark --mask 0xf', '0x123f', '0xff'],
  ['--save-mark --nfmask 0xff --ctmask 0xff00 --left-shift-mark 8', '0xff34', '0xff'],
  ['--save-mark --left-shift-mark 31', '0x80000000', '0xff'],
  ['--restore-mark', '0x1234', '0x1234'],
  ['--restore-mark --nfmask 0xf0 --ctmask 0xf', '0x1234', '0xb'],
  ['--restore-mark --right-shift-mark 8', '0x1234', '0x12'],
  ['--set-mark 0x10 --right-shift-mark 4', '0x1', '0xff'],
])('CONNMARK %s: connection %s, packet %s', (words, connection, packet) => {
  expect(marks(words)).toEqual([connection, packet]);
});

test.each([
  [
    '--right-shift-mark 3 --left-shift-mark 4 --save-mark',
    '--nfmask 0xffffffff --ctmask 0xffffffff --left-shift-mark 4',
  ],
  ['--save-mark --right-shift-mark 0', '--save-mark --nfmask 0xffffffff --ctmask 0xffffffff'],
  ['--set-mark 5/0xf --mask 0xf0', '--set-xmark 0x5/0xf0'],
  ['--mask 0xf0 --set-mark 5', '--set-xmark 0x5/0xffffffff'],
  ['--left-shift-mark 4', 'CONNMARK target: No operation specified'],
  ['--save-mark --right-shift-mark 32', 'Invalid argument'],
  ['--save-mark --nfmask 1 --mask 2', 'option "--nfmask" cannot be used together with "--mask"'],
])('CONNMARK %s: %s', (words, wanted) => {
  const { host } = bench();
  const line = ['iptables', '-t', 'mangle', '-A', 'PREROUTING', '-j', 'CONNMARK', ...words.split(' ')];
  const { stderr } = runCommand(host, line);
  const saved = runCommand(host, ['iptables', '-t', 'mangle', '-S', 'PREROUTING']).stdout;
  expect(stderr + saved).toContain(wanted);
});

test('a packet without a connection passes untouched', () => {
  const { run, receive, count } = bench();
  run('iptables -t raw -A PREROUTING -j NOTRACK');
  run('iptables -t mangle -A PREROUTING -j MARK --set-mark 5');
  run('iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark');
  run('iptables -A FORWARD -m mark --mark 5');
  receive(UDP);
  expect(count('FORWARD')).toBe(1);
});

test.each([
  ['--set-mark 1 --xor-mark 2 --restore-mark', '"--set-mark" cannot be used together with "--restore-mark"'],
  ['--nfmask 1 --mask 2', 'CONNMARK target: No operation specified'],
])('%s: %s', (words, complaint) => {
  expect(() => bench().run(`iptables -A FORWARD -j CONNMARK ${words}`)).toThrow(complaint);
});
