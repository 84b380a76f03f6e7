import { beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { parsePacket, printFrame } from '../../formats/packet-language/index.ts';
import { Host } from '../host.ts';

let host: Host;
let sent: string[];

function ip(line: string): void {
  const result = runCommand(host, ['ip', ...line.split(' ')]);
  if (result.exit !== 0) throw new Error(result.stderr);
}

/** Frames that have left since the last call, in the packet language. */
function frames(): string[] {
  return sent.splice(0);
}

function arp(text: string): void {
  host.receive('lan0', parsePacket(text).frame({ destination: host.interfaces.require('lan0').mac }));
}

function state(): string {
  return runCommand(host, ['ip', 'neigh']).stdout.trim();
}

beforeEach(() => {
  sent = [];
  host = new Host({ transmit: (_, frame) => sent.push(printFrame(frame)) });
  host.interfaces.add({ name: 'lan0', mac: Uint8Array.of(2, 0, 0, 0, 0, 1), up: true });
  ip('addr add 192.0.2.1/24 brd + dev lan0');
});

const ping = () => host.send(packet('icmp 192.0.2.1 > 192.0.2.10 echo-request id 1 seq 1'));
const packet = (text: string) => parsePacket(text).packet!;

describe('a neighbour that is not known', () => {
  test('is asked for; what waits goes on in its order when it answers', () => {
    ping();
    host.send(packet('icmp 192.0.2.1 > 192.0.2.10 echo-request id 1 seq 2'));
    expect(frames()).toEqual([expect.stringContaining('arp who-has 192.0.2.10 tell 192.0.2.1')]);
    arp('arp reply 192.0.2.10 is-at 02:00:00:00:01:10 to 192.0.2.1');
    expect(frames().map((text) => /seq (\d)/.exec(text)?.[1])).toEqual(['1', '2']);
    expect(state()).toBe('192.0.2.10 dev lan0 lladdr 02:00:00:00:01:10 REACHABLE');
  });

  test('is asked three times, a second apart; then senders are told', () => {
    ping();
    host.advance(0.9);
    expect(frames()).toHaveLength(1);
    host.advance(1.2);
    expect(frames()).toHaveLength(2);
    expect(state()).toContain('INCOMPLETE');
    host.advance(1);
    expect(state()).toContain('FAILED');
    // The next packet begins anew.
    ping();
    expect(frames()).toHaveLength(1);
  });

  test('packets that wait are bounded by bytes', () => {
    const dropped: string[] = [];
    host.observer = { drop: (_, where, reason) => dropped.push(`${where}: ${reason}`) };
    host.sysctl.set('net.ipv4.neigh.lan0.unres_qlen_bytes', '2000');
    for (let i = 0; i < 4; i++) ping();
    expect(dropped).toHaveLength(2);
    expect(dropped[0]).toBe('neighbour: too many packets wait for the neighbour');
  });
});

describe('a neighbour that is known', () => {
  test('REACHABLE becomes STALE, is used, doubted, and asked alone', () => {
    ping();
    arp('arp reply 192.0.2.10 is-at 02:00:00:00:01:10 to 192.0.2.1');
    host.advance(60);
    expect(state()).toContain('STALE');
    frames();
    ping();
    expect(state()).toContain('DELAY');
    expect(frames()).toHaveLength(1);
    host.advance(5.1);
    expect(state()).toContain('PROBE');
    const [question] = frames();
    expect(question).toContain('arp who-has 192.0.2.10');
    expect(question).toContain('02:00:00:00:01:10');
    host.advance(3.1);
    expect(state()).toContain('FAILED');
  });

  test('a permanent one is not changed by what others say', () => {
    ip('neigh add 192.0.2.10 lladdr 02:00:00:00:01:10 dev lan0');
    arp('arp reply 192.0.2.10 is-at 02:00:00:00:09:99 to 192.0.2.1');
    expect(state()).toBe('192.0.2.10 dev lan0 lladdr 02:00:00:00:01:10 PERMANENT');
  });
});

describe('questions of others', () => {
  const ask = (target: string) => arp(`arp who-has ${target} tell 192.0.2.10 sender-mac 02:00:00:00:01:10`);

  test('about an own address are answered, and the asker is learned', () => {
    ask('192.0.2.1');
    expect(frames()).toEqual([expect.stringContaining('arp reply 192.0.2.1 is-at 02:00:00:00:00:01')]);
    expect(state()).toBe('192.0.2.10 dev lan0 lladdr 02:00:00:00:01:10 STALE');
  });

  test('about another address are not, and nobody is learned', () => {
    ask('192.0.2.77');
    expect(frames()).toEqual([]);
    expect(state()).toBe('');
  });

  test('arp_ignore=1 answers only for addresses of the interface', () => {
    ip('addr add 10.9.9.9/32 dev lo');
    ask('10.9.9.9');
    expect(frames()).toHaveLength(1);
    host.sysctl.set('net.ipv4.conf.all.arp_ignore', '1');
    ask('10.9.9.9');
    expect(frames()).toHaveLength(0);
  });
});
