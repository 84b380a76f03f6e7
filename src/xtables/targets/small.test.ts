/** Targets that change little, or nothing that can be seen; and those that no kernel loads. */
import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { checksum, pseudoSum4 } from '../../wire/checksum.ts';
import { bench } from '../extension.fixture.ts';

function sent(rule: string, packet: string): Uint8Array {
  const { run, receive, out } = bench();
  run(`iptables -t mangle -A FORWARD ${rule}`);
  receive(packet);
  const bytes = Uint8Array.from(Buffer.from(out[0]?.split(' ')[1] ?? '', 'hex'));
  expect(checksum(bytes, 0, 20)).toBe(0);
  expect(checksum(bytes, 20, bytes.length, pseudoSum4(bytes, 0, bytes[9]!, bytes.length - 20))).toBe(0);
  return bytes;
}

const SYN = 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn mss 1460';

test('TCPOPTSTRIP overwrites the option, and leaves others', () => {
  const bytes = sent('-p tcp -j TCPOPTSTRIP --strip-options mss', SYN);
  expect([...bytes.subarray(40, 44)]).toEqual([1, 1, 1, 1]);
  const other = sent('-p tcp -j TCPOPTSTRIP --strip-options wscale', SYN);
  expect([...other.subarray(40, 44)]).toEqual([2, 4, 0x05, 0xb4]);
});

test.each([
  ['-p tcp -j ECN --ecn-tcp-cwr 1', 33, 0x82],
  ['-p tcp -j ECN --ecn-tcp-ece 1', 33, 0x42],
  ['-j ECN --ecn-ip-ect 3', 1, 0x03],
])('%s: byte %i is %i', (rule, at, value) => {
  expect(sent(rule, SYN)[at]).toBe(value);
});

test.each(['-j AUDIT --type drop', '-j CHECKSUM --checksum-fill', '-j CLASSIFY --set-class 1:2'])(
  '%s lets the packet go on as it is',
  (rule) => {
    expect(sent(rule, SYN)).toEqual(sent('-j ACCEPT', SYN));
  },
);

test('CLASSIFY sets the priority', () => {
  const { host, run, receive } = bench();
  run('iptables -t mangle -A FORWARD -j CLASSIFY --set-class 1:2');
  const seen: number[] = [];
  host.hooks.register({
    name: 'test',
    family: 4,
    hook: 4,
    priority: 0,
    run: (packet) => {
      seen.push(packet.priority);
      return 1;
    },
  });
  receive(SYN);
  expect(seen).toEqual([0x10002]);
});

test.each([
  ['-j LED --led-trigger-id x', 'LED'],
  ['-j ULOG --ulog-nlgroup 2', 'ULOG'],
  ['-j CLUSTERIP', 'CLUSTERIP'],
])('%s: the kernel has no such target', (rule, name) => {
  const { host } = bench();
  const { exit, stderr } = runCommand(host, `iptables -A INPUT ${rule}`.split(' '));
  expect(exit).toBe(1);
  expect(stderr).toBe(
    `Warning: Extension ${name} revision 0 not supported, missing kernel module?\n` +
      'iptables: No chain/target/match by that name.\n',
  );
});

test('SECMARK: no security module knows the context', () => {
  const command = 'iptables -t security -A INPUT -j SECMARK --selctx system_u:object_r:x_t:s0';
  expect(() => bench().run(command)).toThrow('No chain/target/match by that name');
});

test('IDLETIMER: rules of one label agree on the kind of timer, until the last is gone', () => {
  const { run } = bench();
  const alarm = '-j IDLETIMER --timeout 7 --label x --alarm';
  const plain = '-j IDLETIMER --timeout 7 --label x';
  run(`iptables -A INPUT ${alarm}`);
  expect(() => run(`iptables -A INPUT ${plain}`)).toThrow('Invalid argument');
  run('iptables -F INPUT');
  run(`iptables -A INPUT ${plain}`);
  expect(() => run('iptables -A INPUT -j IDLETIMER --timeout 0 --label y')).toThrow('Invalid argument');
  expect(() => run('iptables -A INPUT -j IDLETIMER --timeout 1 --label power')).toThrow('Invalid argument');
});
