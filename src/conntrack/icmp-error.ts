import type { HookState } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import { printIpv4 } from '../wire/address.ts';
import { get32 } from '../wire/bytes.ts';
import { INFO_RELATED, INFO_RELATED_REPLY, INFO_UNTRACKED, setConnection, type Zone } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import { logInvalid } from './log.ts';
import { checksumIsBad } from './protocols/checksum.ts';
import { INVALID, TRACKED } from './tracker.ts';
import { transportOf } from './transport.ts';
import { ORIGINAL, sameDestinationAddress, Tuple } from './tuple.ts';

const ICMPV6 = 58;
const HEADER = 8;
/** The highest type that ICMP defines (NR_ICMP_TYPES). */
const LAST_ICMP_TYPE = 18;
const ICMP_ERRORS = new Set([3, 4, 5, 11, 12]);
const FIRST_ICMPV6_INFORMATION = 128;
const NEIGHBOUR_REDIRECT = 137;
/** Up to its options. */
const REDIRECT_LENGTH = 40;
const OPTION_REDIRECTED = 4;
/** Listener reports and neighbour discovery, which are not tracked at all. */
const ICMPV6_UNTRACKED = new Set([130, 131, 132, 133, 134, 135, 136, 143]);

const inner = new Tuple();
const answer = new Tuple();
const outer = new Tuple();

/**
 * Looks at an ICMP or ICMPv6 packet before it is tracked: an error becomes RELATED to the connection of the packet that
 * it quotes. TRACKED with the packet's connection set or not, else INVALID.
 * (nf_conntrack_icmpv4_error, nf_conntrack_icmpv6_error, nf_conntrack_inet_error)
 */
export function findIcmpConnection(
  conntrack: Conntrack,
  packet: Packet,
  offset: number,
  protocol: number,
  zone: Zone,
  state: HookState,
): number {
  const { bytes, end } = packet;
  // ICMP within IPv6 and ICMPv6 within IPv4 are told by their family alone.
  const six = packet.family === 6;
  if (six !== (protocol === ICMPV6)) return TRACKED;
  const invalid = (why: string): number => {
    logInvalid(conntrack, packet, state, protocol, why);
    return INVALID;
  };
  if (offset + HEADER > end) return invalid('short packet');
  const type = bytes[offset]!;
  if (checksumIsBad(conntrack, packet, offset, state, protocol)) {
    return invalid(six ? 'ICMPv6 checksum failed' : 'bad hw icmp checksum');
  }
  if (six) {
    if (ICMPV6_UNTRACKED.has(type)) {
      setConnection(packet, undefined, INFO_UNTRACKED);
      return TRACKED;
    }
    if (type === NEIGHBOUR_REDIRECT) return redirect(conntrack, packet, offset, zone, state);
    if (type >= FIRST_ICMPV6_INFORMATION) return TRACKED;
  } else {
    if (type > LAST_ICMP_TYPE) return invalid('invalid icmp type');
    if (!ICMP_ERRORS.has(type)) return TRACKED;
  }
  return relate(conntrack, packet, offset + HEADER, protocol, zone, state);
}

/** The packet quoted at `at` decides whose error it is. */
function relate(
  conntrack: Conntrack,
  packet: Packet,
  at: number,
  protocol: number,
  zone: Zone,
  state: HookState,
): number {
  const { bytes, end, family } = packet;
  const transport = transportOf(bytes, at, end, family);
  if (transport === undefined) return INVALID;
  inner.readAddresses(bytes, at, family);
  inner.protocol = transport.protocol;
  inner.sourcePart = 0;
  inner.destinationPart = 0;
  if (!conntrack.trackerOf(inner.protocol).readTuple(packet, transport.offset, inner)) return INVALID;
  if (!conntrack.invert(inner, answer)) return INVALID;
  const handle = conntrack.findHandle(answer, zone);
  if (handle === undefined) return INVALID;
  // Whoever found an error on the way sends it to where the quoted packet came from: the other end of this direction.
  outer.readAddresses(bytes, packet.network, family);
  if (!sameDestinationAddress(outer, handle)) {
    if (family === 4) {
      const to = printIpv4(get32(bytes, packet.network + 16));
      const expected = printIpv4(handle.dst0);
      logInvalid(conntrack, packet, state, protocol, `outer daddr ${to} != inner ${expected}`);
    }
    return INVALID;
  }
  const info = handle.direction === ORIGINAL ? INFO_RELATED : INFO_RELATED_REPLY;
  setConnection(packet, handle.connection, info);
  return TRACKED;
}

/**
 * A neighbour's redirect quotes the packet in an option (RFC 4861 section 4.6.3); it counts only as the first option,
 * from a neighbour. (nf_conntrack_icmpv6_redirect)
 */
function redirect(
  conntrack: Conntrack,
  packet: Packet,
  offset: number,
  zone: Zone,
  state: HookState,
): number {
  const { bytes, network, end } = packet;
  const option = offset + REDIRECT_LENGTH;
  if (bytes[network + 7] !== 255 || option + 8 > end || bytes[offset + 1] !== 0) return INVALID;
  if (bytes[option] !== OPTION_REDIRECTED || bytes[option + 1]! < 2) return INVALID;
  return relate(conntrack, packet, option + 8, ICMPV6, zone, state);
}
