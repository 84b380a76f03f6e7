import type { Packet } from '../../netfilter/packet.ts';
import type { Host } from '../host.ts';
import { ENDED, type Extensions, extensionLength, GO_ON } from './extensions.ts';
import { DESTINATION, HOP_LIMIT } from './headers.ts';
import { ICMP6, PARAMETER_PROBLEM } from './icmp-types.ts';
import { SOURCE_ROUTED, setNextHeaderAt } from './state.ts';

/** Types of routing headers (IANA "Routing Types"). */
export const RPL_ROUTING = 3;
export const SEGMENT_ROUTING = 4;

const IPV4_INSIDE = 4;
const IPV6_INSIDE = 41;
const HMAC_FLAG = 0x08;
const HMAC_TLV = 5;
const HMAC_TLV_LENGTH = 38;
const SEGMENTS = 8;

/**
 * A segment routing header (RFC 8754) in a packet for this host: goes on to the next segment, or behind the header if
 * this was the last. (net/ipv6/exthdrs.c ipv6_srh_rcv)
 */
export function segmentRouting(host: Host, extensions: Extensions, packet: Packet): boolean {
  const { bytes, network, transport } = packet;
  if (!host.ipv6.settings.segmentRouting(packet.inDevice))
    return bad(host, packet, 'segment routing is not enabled');
  if (!signatureAccepted(host, packet)) return bad(host, packet, 'segment routing without a valid HMAC');
  const length = extensionLength(packet);
  const segmentsLeftAt = transport + 3;
  for (;;) {
    const left = bytes[segmentsLeftAt]!;
    if (left === 0) return lastSegment(host, packet, length);
    if (left >= bytes[transport + 1]! >> 1) {
      return extensions.problem(
        packet,
        PARAMETER_PROBLEM.FIELD,
        segmentsLeftAt - network,
        'more segments left than there are',
      );
    }
    bytes[segmentsLeftAt] = left - 1;
    const segment = transport + SEGMENTS + 16 * (left - 1);
    bytes.copyWithin(network + DESTINATION, segment, segment + 16);
    packet.route = undefined;
    const route = host.routing6.input(packet);
    if (!route) return ENDED;
    if (route.error !== 0 || !host.interfaces.byIndex(route.outDevice)?.loopback) {
      host.ipv6.input.dispatch(packet, route);
      return ENDED;
    }
    if (bytes[network + HOP_LIMIT]! <= 1) {
      host.ipv6.errors.send(packet, ICMP6.TIME_EXCEEDED, 0, 0);
      return bad(host, packet, 'hop limit exceeded');
    }
    bytes[network + HOP_LIMIT]!--;
  }
}

function lastSegment(host: Host, packet: Packet, length: number): boolean {
  const { bytes, transport, network } = packet;
  const next = bytes[transport];
  if (next === IPV6_INSIDE || next === IPV4_INSIDE) {
    packet.network = transport + length;
    packet.transport = packet.network;
    packet.route = undefined;
    packet.flags = 0;
    packet.connection = undefined;
    packet.connectionInfo = 0;
    packet.family = next === IPV6_INSIDE ? 6 : 4;
    packet.etherType = next === IPV6_INSIDE ? 0x86dd : 0x0800;
    host.link.receiveLater(packet);
    return ENDED;
  }
  packet.flags |= SOURCE_ROUTED;
  packet.transport = transport + length;
  setNextHeaderAt(packet, transport - network);
  return GO_ON;
}

/** No keys can be set here, so that a signature never fits (net/ipv6/seg6_hmac.c seg6_hmac_validate_skb). */
function signatureAccepted(host: Host, packet: Packet): boolean {
  const required = host.ipv6.settings.requiresSignature(packet.inDevice);
  if (required < 0) return true;
  return !hasSignature(packet) && required === 0;
}

function hasSignature(packet: Packet): boolean {
  const { bytes, transport } = packet;
  const units = bytes[transport + 1]!;
  if (units < (bytes[transport + 4]! + 1) * 2 + 5 || (bytes[transport + 5]! & HMAC_FLAG) === 0) return false;
  const tlv = transport + ((units + 1) << 3) - HMAC_TLV_LENGTH - 2;
  return bytes[tlv] === HMAC_TLV && bytes[tlv + 1] === HMAC_TLV_LENGTH;
}

function bad(host: Host, packet: Packet, reason: string): boolean {
  host.drop(packet, 'extension header', reason);
  return ENDED;
}
