import type { Family } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import { get32 } from '../wire/bytes.ts';
import { printDscp } from './dscp.ts';
import type { Place } from './place.ts';
import { readTos } from './tos.ts';

/** A field has no value in this packet: whatever the test, inverted or not, it fails. */
export const ABSENT = -1;
/** The header is cut off or lies: the packet is dropped (hotdrop). */
export const MALFORMED = -2;

/** A number that a packet carries, 0 … 2³²−1. */
export interface Field {
  /** One line for explanations and the reference: `TCP destination port`. */
  readonly about: string;
  /** Width in bits, 1–32. */
  readonly bits: number;
  /** Families that have it; both if left out. */
  readonly families?: readonly Family[];
  /** The value, {@link ABSENT} or {@link MALFORMED}. Bounds are checked here. */
  read(packet: Packet, place: Place): number;
  /** The value in the command line's words. Decimal if left out. */
  print?(value: number, family: Family): string;
  /** Why there is no value: `a later fragment has no ports`. */
  absent?(packet: Packet, place: Place): string;
}

/**
 * Offset of a transport header of at least `length` bytes, or ABSENT in a later fragment, or MALFORMED if it is cut off.
 * A fragment at offset 1 would overwrite the header: dropped where `guard` is set (net/netfilter/xt_tcpudp.c, tcp_mt).
 */
export function transportHeader(packet: Packet, place: Place, length: number, guard: boolean): number {
  if (place.fragment !== 0) return guard && place.fragment === 1 ? MALFORMED : ABSENT;
  return place.transport + length > packet.end ? MALFORMED : place.transport;
}

/** Reads a big-endian 16-bit number of a header found by {@link transportHeader}. */
function half(packet: Packet, at: number, offset: number): number {
  if (at < 0) return at;
  const bytes = packet.bytes;
  return (bytes[at + offset]! << 8) | bytes[at + offset + 1]!;
}

/** Reads a big-endian 32-bit number, unsigned, of a header found by {@link transportHeader}. */
function word(packet: Packet, at: number, offset: number): number {
  return at < 0 ? at : get32(packet.bytes, at + offset) >>> 0;
}

const noPorts = (): string => 'a later fragment has no ports';
const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * Every field that a test may ask for. To add one: a line here. Names are `protocol.field`.
 */
export const FIELDS = {
  'packet.mark': {
    about: 'firewall mark',
    bits: 32,
    read: (packet) => packet.mark,
    print: hex,
  },
  'tcp.header': {
    about: 'TCP header',
    bits: 32,
    read: (packet, place) => transportHeader(packet, place, 20, true),
    absent: noPorts,
  },
  'tcp.sport': {
    about: 'TCP source port',
    bits: 16,
    read: (packet, place) => half(packet, transportHeader(packet, place, 20, true), 0),
    absent: noPorts,
  },
  'tcp.dport': {
    about: 'TCP destination port',
    bits: 16,
    read: (packet, place) => half(packet, transportHeader(packet, place, 20, true), 2),
    absent: noPorts,
  },
  'tcp.flags': {
    about: 'TCP flags, FIN = 0x01 … CWR = 0x80',
    bits: 8,
    read: (packet, place) => {
      const at = transportHeader(packet, place, 20, true);
      return at < 0 ? at : packet.bytes[at + 13]!;
    },
    print: tcpFlagNames,
    absent: noPorts,
  },
  'udp.header': {
    about: 'UDP header',
    bits: 32,
    read: (packet, place) => transportHeader(packet, place, 8, false),
    absent: noPorts,
  },
  'udp.sport': {
    about: 'UDP source port',
    bits: 16,
    read: (packet, place) => half(packet, transportHeader(packet, place, 8, false), 0),
    absent: noPorts,
  },
  'udp.dport': {
    about: 'UDP destination port',
    bits: 16,
    read: (packet, place) => half(packet, transportHeader(packet, place, 8, false), 2),
    absent: noPorts,
  },
  'dccp.header': {
    about: 'DCCP header',
    bits: 32,
    read: (packet, place) => transportHeader(packet, place, 12, false),
    absent: () => 'a later fragment has no DCCP header',
  },
  'sctp.header': {
    about: 'SCTP header',
    bits: 32,
    read: (packet, place) => transportHeader(packet, place, 12, false),
    absent: () => 'a later fragment has no SCTP header',
  },
  'port.source': {
    about: 'source port of TCP, UDP, UDP-Lite, SCTP or DCCP',
    bits: 16,
    read: (packet, place) => half(packet, transportHeader(packet, place, 4, false), 0),
    absent: noPorts,
  },
  'port.destination': {
    about: 'destination port of TCP, UDP, UDP-Lite, SCTP or DCCP',
    bits: 16,
    read: (packet, place) => half(packet, transportHeader(packet, place, 4, false), 2),
    absent: noPorts,
  },
  'icmp.type-code': {
    about: 'ICMP type and code, as type × 256 + code',
    bits: 16,
    families: [4],
    read: (packet, place) => half(packet, transportHeader(packet, place, 8, false), 0),
    print: typeAndCode,
    absent: () => 'a later fragment has no ICMP header',
  },
  'icmp6.type-code': {
    about: 'ICMPv6 type and code, as type × 256 + code',
    bits: 16,
    families: [6],
    read: (packet, place) => half(packet, transportHeader(packet, place, 4, false), 0),
    print: typeAndCode,
    absent: () => 'a later fragment has no ICMPv6 header',
  },
  'ah.spi': {
    about: 'SPI of an authentication header',
    bits: 32,
    families: [4],
    read: (packet, place) => word(packet, transportHeader(packet, place, 12, false), 4),
    absent: () => 'a later fragment has no authentication header',
  },
  'esp.spi': {
    about: 'SPI of ESP',
    bits: 32,
    read: (packet, place) => word(packet, transportHeader(packet, place, 8, false), 0),
    absent: () => 'a later fragment has no ESP header',
  },
  'ipcomp.cpi': {
    about: 'index of an IPComp header',
    bits: 16,
    read: (packet, place) => half(packet, transportHeader(packet, place, 4, false), 2),
    absent: () => 'a later fragment has no IPComp header',
  },
  'ip.length': {
    about: 'length of the packet as its IP header says it',
    bits: 17,
    read: ({ bytes, network, family }) =>
      family === 4
        ? (bytes[network + 2]! << 8) | bytes[network + 3]!
        : ((bytes[network + 4]! << 8) | bytes[network + 5]!) + 40,
  },
  'ip.tos': {
    about: 'type of service, or traffic class',
    bits: 8,
    read: readTos,
    print: hex,
  },
  'ip.dscp': {
    about: 'differentiated services code point',
    bits: 6,
    read: (packet) => readTos(packet) >> 2,
    print: printDscp,
  },
  'ip.ecn': {
    about: 'codepoint of explicit congestion notification',
    bits: 2,
    read: (packet) => readTos(packet) & 3,
  },
  'ip.ttl': {
    about: 'time to live, or hop limit',
    bits: 8,
    read: ({ bytes, network, family }) => bytes[network + (family === 4 ? 8 : 7)]!,
  },
} satisfies Record<string, Field>;

export type FieldName = keyof typeof FIELDS;

/** `8/0` */
function typeAndCode(value: number): string {
  return `${value >> 8}/${value & 255}`;
}

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** `SYN,ACK`; NONE if no bit is set. */
export function tcpFlagNames(value: number): string {
  const names = TCP_FLAGS.filter((_, bit) => value & (1 << bit));
  return names.length > 0 ? names.join(',') : 'NONE';
}
