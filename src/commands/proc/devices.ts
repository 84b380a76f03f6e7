import type { Host } from '../../host/host.ts';
import { type Neighbour, NUD, VALID } from '../../host/neighbours/states.ts';
import type { FibEntry4 } from '../../host/routing/route4.ts';
import type { FibEntry6 } from '../../host/routing/route6.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';

const MAIN = 254;
const WIDTH = 127;
/** RTF_UP, RTF_GATEWAY, RTF_HOST, RTF_REJECT (include/uapi/linux/route.h). */
const UP = 1;
const GATEWAY = 2;
const HOST = 4;
const REJECT = 0x200;
/** What a TCP segment has of headers besides its data. */
const TCP_HEADERS = 40;

/** /proc/net/route: the routes of the main table (net/ipv4/fib_trie.c, fib_route_seq_show). */
export function routeFile(host: Host): string {
  const rows = host.routing4
    .table(MAIN)
    .list()
    .filter(({ type }) => type !== ROUTE_TYPE.BROADCAST && type !== ROUTE_TYPE.MULTICAST)
    .map((entry) => routeRow(host, entry));
  return ['Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT', ...rows]
    .map((row) => `${row.padEnd(WIDTH)}\n`)
    .join('');
}

function routeRow(host: Host, entry: FibEntry4): string {
  const hop = entry.nextHops[0];
  const mask = entry.prefixLength === 0 ? 0 : -1 << (32 - entry.prefixLength);
  const rejects = entry.type === ROUTE_TYPE.UNREACHABLE || entry.type === ROUTE_TYPE.PROHIBIT;
  const gateway = hop?.gateway ?? 0;
  const flags = UP | (rejects ? REJECT : 0) | (gateway === 0 ? 0 : GATEWAY) | (mask === -1 ? HOST : 0);
  const { advmss = 0, window = 0, rtt = 0 } = entry.metrics;
  return [
    host.interfaces.nameOf(hop?.device ?? 0) || '*',
    swapped(entry.destination),
    swapped(gateway),
    flags.toString(16).toUpperCase().padStart(4, '0'),
    0,
    0,
    entry.priority,
    swapped(mask),
    advmss > 0 ? advmss + TCP_HEADERS : 0,
    window,
    rtt >> 3,
  ].join('\t');
}

/** An address as a little-endian machine prints the word. */
function swapped(address: number): string {
  const bytes = [address & 255, (address >> 8) & 255, (address >> 16) & 255, address >>> 24];
  return bytes.map((byte) => hex(byte).toUpperCase()).join('');
}

/** /proc/net/arp: neighbours, then addresses answered for others (net/ipv4/arp.c, arp_seq_show). */
export function arpFile(host: Host): string {
  const rows = host.neighbours.table
    .list(4)
    .filter(({ state }) => (state & ~NUD.NOARP) !== 0)
    .map((neighbour) => arpRow(host, neighbour));
  const proxies = host.neighbours.proxies
    .list()
    .filter(({ address }) => address.length === 4)
    .map(({ device, address }) =>
      row(address.join('.'), 0xc, new Uint8Array(6), host.interfaces.nameOf(device) || '*'),
    );
  const head = 'IP address       HW type     Flags       HW address            Mask     Device\n';
  return head + rows.join('') + proxies.join('');
}

function arpRow(host: Host, { address4, state, mac, device }: Neighbour): string {
  const bytes = [address4 >>> 24, (address4 >> 16) & 255, (address4 >> 8) & 255, address4 & 255];
  // ATF_COM, ATF_PERM (arp_state_to_flags)
  const flags = (state & NUD.PERMANENT) !== 0 ? 6 : (state & VALID) !== 0 ? 2 : 0;
  return row(bytes.join('.'), flags, mac, host.interfaces.nameOf(device));
}

function row(address: string, flags: number, mac: Uint8Array, device: string): string {
  const hardware = Array.from(mac, hex).join(':');
  return `${address.padEnd(16)} 0x${'1'.padEnd(10)}0x${flags.toString(16).padEnd(10)}${hardware}     *        ${device}\n`;
}

/** /proc/net/if_inet6: IPv6 addresses by interface (net/ipv6/addrconf.c, if6_seq_show; there in the order of a hash). */
export function addressFile6(host: Host): string {
  let text = '';
  for (const { index, name, addresses6 } of host.interfaces.list()) {
    for (const { bytes, prefixLength, scope, flags } of addresses6) {
      const numbers = [index, prefixLength, scope, flags & 255].map(hex).join(' ');
      text += `${Array.from(bytes, hex).join('')} ${numbers} ${name.padStart(8)}\n`;
    }
  }
  return text;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** RTF_ANYCAST, RTF_NONEXTHOP, RTF_LOCAL */
const ANYCAST = 0x100000;
const NO_NEXT_HOP = 0x200000;
const LOCAL = 0x80000000;

/** /proc/net/ipv6_route: the routes of all tables (net/ipv6/ip6_fib.c, ipv6_route_native_seq_show). */
export function routeFile6(host: Host): string {
  return host.routing6
    .tables()
    .map((table) => {
      const entries = table.list();
      const isDefault = ({ prefixLength, fromLength }: FibEntry6) => prefixLength === 0 && fromLength === 0;
      // The root of a table without a default route holds fib6_null_entry.
      const root = entries.some(isDefault)
        ? ''
        : row6(NO_ROUTE, NO_ROUTE, new Uint8Array(16), NULL_ENTRY, 'lo');
      return entries.map((entry) => routeRow6(host, entry)).join('') + root;
    })
    .join('');
}

function routeRow6(host: Host, entry: FibEntry6): string {
  const hop = entry.nextHops[0];
  const rejects = entry.type >= ROUTE_TYPE.BLACKHOLE;
  const flags =
    (hop?.gateway ? UP | GATEWAY : UP) +
    (rejects ? REJECT + NO_NEXT_HOP - UP : 0) +
    (entry.type === ROUTE_TYPE.ANYCAST ? ANYCAST + NO_NEXT_HOP : 0) +
    (entry.type === ROUTE_TYPE.LOCAL ? LOCAL + NO_NEXT_HOP : 0);
  const destination = prefix6(entry.destination, entry.prefixLength);
  const device = host.interfaces.nameOf(hop?.device ?? 0) || 'lo';
  const from = prefix6(entry.from, entry.fromLength);
  // One reference: the table's.
  return row6(destination, from, hop?.gateway ?? new Uint8Array(16), [entry.metric, 1, 0, flags], device);
}

function prefix6(bytes: Uint8Array, length: number): string {
  return `${Array.from(bytes, hex).join('')} ${hex(length)}`;
}

const NO_ROUTE = prefix6(new Uint8Array(16), 0);
const NULL_ENTRY = [0xffffffff, 1, 0, REJECT + NO_NEXT_HOP];

function row6(
  destination: string,
  from: string,
  gateway: Uint8Array,
  numbers: readonly number[],
  device: string,
): string {
  const words = numbers.map((number) => number.toString(16).padStart(8, '0')).join(' ');
  return `${destination} ${from} ${Array.from(gateway, hex).join('')} ${words} ${device.padStart(8)}\n`;
}
