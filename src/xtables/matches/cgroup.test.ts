import { expect, test } from 'vitest';
import { parsePacket } from '../../formats/packet-language/index.ts';
import { Cgroups } from '../cgroups.ts';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.1:4000 > 203.0.113.9:53';

test.each([
  ['--cgroup 5', {}, 0],
  ['--cgroup 0', {}, 1],
  ['--cgroup 5', { classId: 5 }, 1],
  ['! --cgroup 5', { classId: 5 }, 0],
  ['--path /web/front', { cgroup: '/web/front/a' }, 1],
  ['--path //web/', { cgroup: '/web/front' }, 1],
  ['--path /web/front', { cgroup: '/web' }, 0],
  ['--path /web', { cgroup: '/website' }, 0],
  ['! --path /web', {}, 1],
  ['--path /', { cgroup: '/web' }, 1],
])('cgroup %s of a process in %o', (words, sender, expected) => {
  const { host, run, send, count } = bench();
  host.xtables.shared(Cgroups).add('/web/front/a');
  run(`iptables -A OUTPUT -m cgroup ${words}`);
  send(PACKET, sender);
  expect(count('OUTPUT')).toBe(expected);
});

test('what passes through has no socket, what the host answers has one of the kernel', () => {
  const { run, receive, count } = bench();
  run('iptables -t mangle -A POSTROUTING -m cgroup --cgroup 0');
  run('iptables -t mangle -A POSTROUTING -m cgroup ! --cgroup 0');
  receive('udp 192.0.2.10:1 > 203.0.113.9:2');
  expect([count('POSTROUTING', 1, 'mangle'), count('POSTROUTING', 2, 'mangle')]).toEqual([0, 0]);
  receive('icmp 192.0.2.10 > 192.0.2.1 echo-request id 1 seq 1');
  expect(count('POSTROUTING', 1, 'mangle')).toBe(1);
});

test('a connection has the group of its listener, also on the way in', () => {
  const { host, run, receive, count, out } = bench();
  host.sockets.open({ proto: 'tcp', address: '0.0.0.0', port: 80, cgroup: '/web' });
  host.xtables.shared(Cgroups).add('/web');
  run('iptables -A INPUT -m cgroup --path /web');
  const segment = 'tcp 192.0.2.10:4000 > 192.0.2.1:80';
  receive(`${segment} syn seq 1`);
  receive(`${segment} syn seq 1`);
  const acknowledged = (Buffer.from(out[0]!.split(' ')[1]!, 'hex').readUInt32BE(24) + 1) >>> 0;
  receive(`${segment} ack seq 2 ack ${acknowledged}`);
  expect(count('INPUT')).toBe(0);
  receive(`${segment} psh,ack seq 2 ack ${acknowledged} "data"`);
  expect(count('INPUT')).toBe(1);
});

test('a datagram to a group of the host belongs to the only socket of its port', () => {
  const { host, run, count } = bench();
  host.sockets.open({ proto: 'udp', address: '0.0.0.0', port: 53, classId: 7 });
  run('iptables -A INPUT -m cgroup --cgroup 7');
  const frame = (to: string, port: number) =>
    parsePacket(`udp 192.0.2.10:4000 > ${to}:${port}`).frame({
      destination: Uint8Array.of(1, 0, 0x5e, 0, 0, 1),
      source: Uint8Array.of(2, 0, 0, 0, 1, 0x10),
    });
  for (const port of [53, 54]) host.receive('lan0', frame('224.0.0.1', port));
  host.receive('lan0', frame('192.0.2.1', 53));
  expect(count('INPUT')).toBe(1);
});

test('refused: groups that are not there, none or both, and other chains', () => {
  const { run } = bench();
  for (const words of ['', '--path /none', '--path ./', '--cgroup 1 --path /']) {
    expect(() => run(`iptables -A OUTPUT -m cgroup ${words}`)).toThrow('Invalid argument');
  }
  expect(() => run('iptables -A FORWARD -m cgroup --cgroup 1')).toThrow('Invalid argument');
  run('iptables -A OUTPUT -m cgroup ! --path /');
  expect(run('iptables -S OUTPUT')).toContain('-m cgroup ! --path "/"');
  expect(run('iptables -L OUTPUT')).toContain('cgroup ! /');
});
