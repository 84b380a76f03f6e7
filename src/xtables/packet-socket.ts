import { INFO_ESTABLISHED_REPLY, INFO_RELATED_REPLY, STATUS } from '../conntrack/connection.ts';
import { type LocalSocket, type LocalSockets, SocketTuple } from '../netfilter/local-socket.ts';
import type { Packet } from '../netfilter/packet.ts';
import { get16, set32 } from '../wire/bytes.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';
import { attached } from './connection-state.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const TCP_LENGTH = 20;
const UDP_LENGTH = 8;
const ICMP_LENGTH = 8;
const IPV4_LENGTH = 20;
const IPV6_LENGTH = 40;
/** Unreachable, source quench, redirect, time exceeded, parameter problem (icmp_is_err). */
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
const ICMPV6_INFORMATIONAL = 0x80;

const WALK = new Ipv6Walk();
const TUPLE = new SocketTuple();
const ORIGINAL_SOURCE = new Uint8Array(4);

/** The socket of this host that a packet is for, or that sent the one an ICMP error is about. */
export function socketOf(packet: Packet, device: number, sockets: LocalSockets): LocalSocket | undefined {
  const found = packet.family === 4 ? tuple4(packet) : tuple6(packet);
  if (!found) return undefined;
  TUPLE.device = device;
  return sockets.connected(TUPLE) ?? sockets.listening(TUPLE);
}

/** The ends of a TCP or UDP packet whose header is at `at`: valid until the next call. */
export function packetTuple(packet: Packet, protocol: number, at: number, device: number): SocketTuple {
  direct(packet, protocol, at);
  TUPLE.device = device;
  return TUPLE;
}

function direct({ bytes, network, family }: Packet, protocol: number, at: number): void {
  const addresses = network + (family === 4 ? 12 : 8);
  fill(bytes, protocol, addresses, addresses + (family === 4 ? 4 : 16), at, at + 2);
  TUPLE.family = family;
}

function fill(
  bytes: Uint8Array,
  protocol: number,
  peerAt: number,
  ownAt: number,
  peerPortAt: number,
  ownPortAt: number,
): void {
  TUPLE.protocol = protocol;
  TUPLE.peer = bytes;
  TUPLE.peerAt = peerAt;
  TUPLE.peerPort = get16(bytes, peerPortAt);
  TUPLE.own = bytes;
  TUPLE.ownAt = ownAt;
  TUPLE.ownPort = get16(bytes, ownPortAt);
}

/** net/ipv4/netfilter/nf_socket_ipv4.c nf_sk_lookup_slow_v4 */
function tuple4(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  const protocol = bytes[network + 9]!;
  const at = network + (bytes[network]! & 15) * 4;
  if (protocol === TCP || protocol === UDP) {
    if (at + (protocol === TCP ? TCP_LENGTH : UDP_LENGTH) > end) return false;
    direct(packet, protocol, at);
  } else if (protocol === ICMP) {
    if (!quoted4(bytes, at, end)) return false;
  } else {
    return false;
  }
  // The answer to a connection that left with another source: its socket has the source from before.
  const connection = attached(packet);
  const answer = protocol === ICMP ? INFO_RELATED_REPLY : INFO_ESTABLISHED_REPLY;
  if (connection && packet.connectionInfo === answer && (connection.status & STATUS.SRC_NAT_DONE) !== 0) {
    const { original } = connection;
    set32(ORIGINAL_SOURCE, 0, original.src0);
    TUPLE.own = ORIGINAL_SOURCE;
    TUPLE.ownAt = 0;
    TUPLE.ownPort = original.sourcePart;
  }
  return true;
}

/** The packet that an ICMP error at `at` quotes: it left this host (extract_icmp4_fields). */
function quoted4(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + ICMP_LENGTH > end || !ICMP_ERRORS.has(bytes[at]!)) return false;
  const inner = at + ICMP_LENGTH;
  if (inner + IPV4_LENGTH > end) return false;
  const protocol = bytes[inner + 9]!;
  if (protocol !== TCP && protocol !== UDP) return false;
  const ports = inner + (bytes[inner]! & 15) * 4;
  if (ports + 4 > end) return false;
  fill(bytes, protocol, inner + 16, inner + 12, ports + 2, ports);
  TUPLE.family = 4;
  return true;
}

/** net/ipv6/netfilter/nf_socket_ipv6.c nf_sk_lookup_slow_v6 */
function tuple6(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  if (!WALK.find(bytes, network, end)) return false;
  const { protocol, offset } = WALK;
  if (protocol === TCP || protocol === UDP) {
    if (offset + (protocol === TCP ? TCP_LENGTH : UDP_LENGTH) > end) return false;
    direct(packet, protocol, offset);
    return true;
  }
  return protocol === ICMPV6 && quoted6(bytes, offset, end);
}

/** extract_icmp6_fields */
function quoted6(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + ICMP_LENGTH > end || (bytes[at]! & ICMPV6_INFORMATIONAL) !== 0) return false;
  const inner = at + ICMP_LENGTH;
  if (inner + IPV6_LENGTH > end) return false;
  if (!WALK.skip(bytes, inner + IPV6_LENGTH, end, bytes[inner + 6]!)) return false;
  const { protocol, offset } = WALK;
  if ((protocol !== TCP && protocol !== UDP) || offset + 4 > end) return false;
  fill(bytes, protocol, inner + 24, inner + 8, offset + 2, offset);
  TUPLE.family = 6;
  return true;
}
