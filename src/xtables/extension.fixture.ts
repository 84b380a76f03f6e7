/** Asks one rule about packets, on a host that forwards between lan0 and wan0: what tests of extensions share. */
import { runCommand } from '../commands/index.ts';
import { splitWords } from '../commands/words.ts';
import { buildHost } from '../formats/build-host.ts';
import { readHostDescription } from '../formats/host-description.ts';
import { parsePacket } from '../formats/packet-language/index.ts';
import type { Host } from '../host/host.ts';
import type { Sender } from '../netfilter/packet.ts';

export interface Bench {
  readonly host: Host;
  /** Frames that left: `wan0 4500…` from the IP header on. */
  readonly out: string[];
  readonly log: string[];
  /** Sends a packet of the language in by lan0, or another device. */
  receive(packet: string, device?: string): void;
  /** A local process sends it. */
  send(packet: string, sender?: Partial<Sender>): string | undefined;
  /** Runs a command; throws what it complains of. */
  run(line: string): string;
  /** Packets that rule `number` of a chain has counted. */
  count(chain: string, number?: number, table?: string): number;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

export function bench(): Bench {
  const out: string[] = [];
  const log: string[] = [];
  const host = buildHost(
    readHostDescription({
      interfaces: [
        { name: 'lan0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24', '2001:db8:1::1/64'] },
        { name: 'wan0', mac: '02:00:00:00:00:02', addresses: ['203.0.113.1/24', '2001:db8:2::1/64'] },
      ],
      neighbors: [
        { dev: 'lan0', ip: '192.0.2.10', mac: '02:00:00:00:01:10' },
        { dev: 'lan0', ip: '2001:db8:1::10', mac: '02:00:00:00:01:10' },
        { dev: 'wan0', ip: '203.0.113.9', mac: '02:00:00:00:02:09' },
        { dev: 'wan0', ip: '2001:db8:2::9', mac: '02:00:00:00:02:09' },
      ],
      sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' },
    }),
    {
      transmit: (device, frame) => out.push(`${device} ${hex(frame.subarray(14))}`),
      log: (line) => log.push(line),
    },
  );
  const bytesOf = (text: string) => {
    const { packet } = parsePacket(text);
    if (!packet) throw new Error(`${text}: no IP packet`);
    return packet;
  };
  return {
    host,
    out,
    log,
    receive(text, device = 'lan0') {
      const frame = parsePacket(text).frame({
        destination: host.interfaces.require(device).mac,
        source: Uint8Array.of(2, 0, 0, 0, 1, 0x10),
      });
      host.receive(device, frame);
    },
    send: (text, sender) => host.send(bytesOf(text), sender),
    run(line) {
      const result = runCommand(host, splitWords(line));
      if (result.exit !== 0) throw new Error(result.stderr);
      return result.stdout;
    },
    count(chain, number = 1, table = 'filter') {
      return counted(host, chain, number, table);
    },
  };
}

function counted(host: Host, chain: string, number: number, table: string): number {
  const four = runCommand(host, ['iptables', '-t', table, '-nvxL', chain]).stdout.split('\n')[number + 1];
  const six = runCommand(host, ['ip6tables', '-t', table, '-nvxL', chain]).stdout.split('\n')[number + 1];
  const packets = (line: string | undefined) => Number(line?.trim().split(/\s+/)[0] ?? 0) || 0;
  return packets(four) + packets(six);
}

/** Does a rule with these words in FORWARD match a packet? */
export function matches(words: string, packet: string): boolean {
  const { run, receive, count } = bench();
  run(`${/2001:|\bicmp6\b|-m hl/.test(`${words} ${packet}`) ? 'ip6tables' : 'iptables'} -A FORWARD ${words}`);
  receive(packet);
  return count('FORWARD') === 1;
}
