import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { readHostDescription } from '../../formats/host-description.ts';
import { bench } from '../extension.fixture.ts';

const PRINTS = `
S4:64:1:60:M*,S,T,N,W7:Linux:2.6::
T4:64:1:48:M*,N,N,N,N:Modem:1:x:
5840:64:1:60:M*,S,T,N,W7:Test:full:window:
`;
const SYN =
  'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn seq 1 df mss 1460 sackok timestamp 5/0 nop wscale 2 window';

function known(...rules: string[]) {
  const it = bench();
  const loaded = runCommand(it.host, ['nfnl_osf', '-f', '/dev/stdin'], PRINTS);
  expect(loaded).toEqual({ exit: 0, stdout: '', stderr: '' });
  for (const rule of rules) it.run(`iptables -t mangle -A PREROUTING -p tcp -m osf ${rule}`);
  const counts = (packet: string) => {
    it.run('iptables -t mangle -Z');
    it.receive(packet);
    return rules.map((_, index) => it.count('PREROUTING', index + 1, 'mangle'));
  };
  return { ...it, counts };
}

test('window, order of options, size and time to live decide', () => {
  const { counts } = known('--genre Linux', '--genre Test', '--genre Test --ttl 1', '--genre Test --ttl 2');
  expect(counts(`${SYN} 5840`)).toEqual([1, 1, 1, 1]);
  expect(counts(`${SYN} 5841`)).toEqual([0, 0, 0, 0]);
  expect(counts(`${SYN} 5792`)).toEqual([1, 0, 0, 0]);
  expect(counts(`${SYN} 5840 ttl 60`)).toEqual([0, 0, 1, 1]);
  expect(counts(`${SYN} 5840 ttl 65`)).toEqual([0, 0, 0, 1]);
  expect(counts(`${SYN.replace(' df', '')} 5840`)).toEqual([0, 0, 0, 0]);
  expect(counts(`${SYN} 5840 "x"`)).toEqual([0, 0, 0, 0]);
  expect(counts(`${SYN.replace('syn', 'syn ack 5')} 5840`)).toEqual([1, 1, 1, 1]);
  expect(counts(`${SYN.replace('syn', 'ack 5')} 5840`)).toEqual([0, 0, 0, 0]);
});

test('a window in packets counts the headers, too', () => {
  const { counts } = known('--genre Modem');
  const packet = (window: number) =>
    `tcp 192.0.2.10:4000 > 203.0.113.9:80 syn seq 1 df mss 700 nop nop nop nop window ${window}`;
  expect([2960, 6000, 5952, 2800].map((window) => counts(packet(window))[0])).toEqual([1, 1, 1, 0]);
});

test('an inverted genre means the same, and with --log the genre does not count', () => {
  const { counts, log, run } = known('! --genre Linux', '--genre Nothing --log 1', '--genre Nothing --log 0');
  expect(counts(`${SYN} 5792`)).toEqual([1, 1, 1]);
  expect(log.map((line) => line.split('\n')[0])).toEqual(
    Array(2).fill('<5>Linux [2.6:] : 192.0.2.10:4000 -> 203.0.113.9:80 hops=0'),
  );
  log.length = 0;
  expect(counts(`${SYN} 9`)).toEqual([0, 0, 0]);
  expect(log[0]).toMatch(
    /^<5>Remote OS is not known: 192\.0\.2\.10:4000 -> 203\.0\.113\.9:80\nIN=lan0 OUT= MAC=/,
  );
  expect(run('iptables -t mangle -S PREROUTING')).toContain('-m osf ! --genre Linux\n');
});

test('fingerprints are taken away, and loaded with the host', () => {
  const { counts, host } = known('--genre Linux');
  expect(counts(`${SYN} 5840`)).toEqual([1]);
  expect(runCommand(host, ['nfnl_osf', '-d', '-f', '-'], PRINTS).exit).toBe(0);
  expect(counts(`${SYN} 5840`)).toEqual([0]);
  expect(runCommand(host, ['nfnl_osf', '-f', '-'], `${PRINTS}abc`)).toMatchObject({
    exit: 234,
    stderr: expect.stringContaining('line 5: 0 colons, must be 8'),
  });
  expect(counts(`${SYN} 5840`)).toEqual([0]);
  expect(runCommand(host, ['nfnl_osf', '-f', 'pf.os'])).toMatchObject({ exit: 255 });
  expect(() => readHostDescription({ fingerprints: 'x:y\n' })).toThrow('fingerprints: line 1: 1 colons');
});

test('where it may stand', () => {
  const { run } = bench();
  expect(() => run('iptables -A OUTPUT -p tcp -m osf --genre x')).toThrow('Invalid argument');
  expect(() => run('iptables -A INPUT -m osf --genre x')).toThrow('Invalid argument');
  expect(() => run('ip6tables -A INPUT -p tcp -m osf --genre x')).toThrow("Couldn't load match `osf'");
});
