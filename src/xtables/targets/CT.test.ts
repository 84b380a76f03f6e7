import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { bench } from '../extension.fixture.ts';

const UDP = 'udp 192.0.2.10:4000 > 203.0.113.9:53 "x"';
const FTP = 'tcp 192.0.2.10:4000 > 203.0.113.9:21 syn';

function answer(words: string): string {
  const { host } = bench();
  const { stderr } = runCommand(host, ['iptables', '-t', 'raw', '-A', 'PREROUTING', ...words.split(' ')]);
  if (stderr) return stderr.split('\n')[0]!;
  return runCommand(host, ['iptables', '-t', 'raw', '-S', 'PREROUTING']).stdout.split('\n')[1]!;
}

test.each([
  ['-j CT --zone-orig 1 --zone 2', '-j CT --zone-orig 2'],
  ['-j CT --zone-orig 1 --zone-reply 2', '-j CT --zone 2'],
  ['-j CT --zone Mark --zone-reply 3', '-j CT --zone-reply mark'],
  ['-j CT --zone-orig 0', '-j CT'],
  ['-j CT --ctevents new,new,mark --notrack', '-j CT --notrack --ctevents new,mark'],
  ['-p udp -j CT --helper tftp', '-p udp -j CT --helper tftp'],
  ['-p udp -j CT --helper RAS', '-p udp -j CT --helper RAS'],
])('%s is %s', (words, wanted) => expect(answer(words)).toBe(`-A PREROUTING ${wanted}`));

test.each([
  ['-j CT --ctevents new,', 'Unknown event type ""'],
  ['-j CT --zone 65536', 'Cannot parse 65536 as a zone ID'],
  ['-j CT --helper ftp', 'No chain/target/match by that name.'],
  ['! -p tcp -j CT --helper ftp', 'No chain/target/match by that name.'],
  ['-p tcp -j CT --helper tftp', 'No chain/target/match by that name.'],
  ['-p tcp -j CT --timeout policy', 'No chain/target/match by that name.'],
  ['-j CT --timeout policy', 'Invalid argument.'],
  ['-p tcp -j CT --helper RAS', 'No chain/target/match by that name.'],
])('%s is refused: %s', (words, wanted) => expect(answer(words)).toContain(wanted));

test('--notrack and NOTRACK: the packet is untracked and begins no connection', () => {
  for (const target of ['CT --notrack', 'NOTRACK']) {
    const { run, receive, count, host } = bench();
    run(`iptables -t raw -A PREROUTING -j ${target}`);
    run('iptables -A FORWARD -m conntrack --ctstate UNTRACKED');
    receive(UDP);
    expect(count('FORWARD')).toBe(1);
    expect(host.conntrack.count).toBe(0);
  }
});

test('--zone, also by the packet’s mark: the same flow is another connection in another zone', () => {
  const { run, receive, host } = bench();
  run('iptables -t raw -A PREROUTING -m ttl --ttl-eq 64 -j CT --zone 7');
  run('iptables -t raw -A PREROUTING -m ttl --ttl-eq 63 -j MARK --set-mark 0x20008');
  run('iptables -t raw -A PREROUTING -m ttl --ttl-eq 63 -j CT --zone-orig mark');
  for (const ttl of [64, 63, 64, 63]) receive(UDP.replace(' "x"', ` ttl ${ttl} "x"`));
  const zones = [...host.conntrack.connections()].map(({ zone: { id, directions } }) => [id, directions]);
  expect(zones).toEqual([
    [7, 3],
    [8, 1],
  ]);
});

test('--helper: the connection has it', () => {
  const { run, receive, host } = bench();
  run('iptables -t raw -A PREROUTING -p tcp -j CT --helper ftp');
  receive(FTP);
  expect([...host.conntrack.connections()].map(({ help }) => help?.helper?.name)).toEqual(['ftp']);
});

test('--ctevents: only these are told', () => {
  const { run, receive, host } = bench();
  run('iptables -t raw -A PREROUTING -p udp -j CT --ctevents destroy');
  run('iptables -t raw -A PREROUTING -p tcp -j CT');
  const told: string[] = [];
  host.conntrack.events.listen((kind, connection) => told.push(`${kind} ${connection.original.protocol}`));
  receive(UDP);
  receive(FTP);
  host.conntrack.flush();
  expect(told).toEqual(['new 6', 'destroy 17', 'destroy 6']);
});
