import { infoDirection } from '../../conntrack/connection.ts';
import type { Said } from '../../conntrack/helpers/rewriters.ts';
import { moveSequence } from '../../conntrack/sequence.ts';
import { FragmentSizes } from '../../netfilter/fragments.ts';
import { MAX_PACKET, type Packet } from '../../netfilter/packet.ts';
import { set16 } from '../../wire/bytes.ts';
import { checksum, pseudoSum4, pseudoSum6, udpChecksum } from '../../wire/checksum.ts';
import { fillIpv4Checksum, setIpv4TotalLength } from '../../wire/ipv4.ts';
import { setTcpChecksum, tcpHeaderLength, tcpSequence } from '../../wire/tcp.ts';
import { setUdpChecksum, setUdpLength, UDP_LENGTH, udpChecksumField } from '../../wire/udp.ts';

const TCP = 6;
const UDP = 17;
const IPV6_LENGTH = 40;

/** ASCII bytes of a text. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/**
 * Replaces `length` bytes at `at` of a segment's data, counted from the data's first byte. What the sender says later
 * moves, unless `moves` is false: then the caller sees to it. False if the packet would become too long.
 * (net/netfilter/nf_nat_helper.c nf_nat_mangle_tcp_packet)
 */
export function mangleTcp(said: Said, at: number, length: number, by: Uint8Array, moves = true): boolean {
  const { packet, offset, connection, info } = said;
  const data = offset + tcpHeaderLength(packet.bytes, offset);
  if (!replace(packet, data + at, length, by)) return false;
  setTcpChecksum(packet.bytes, offset, 0);
  setTcpChecksum(packet.bytes, offset, transportChecksum(packet, offset, TCP));
  if (moves) {
    moveSequence(connection, infoDirection(info), tcpSequence(packet.bytes, offset), by.length - length);
  }
  return true;
}

/**
 * Replaces bytes of a datagram, as {@link mangleTcp}. A datagram without checksum gets none.
 * (nf_nat_mangle_udp_packet)
 */
export function mangleUdp(said: Said, at: number, length: number, by: Uint8Array): boolean {
  const { packet, offset } = said;
  if (!replace(packet, offset + UDP_LENGTH + at, length, by)) return false;
  const { bytes } = packet;
  setUdpLength(bytes, offset, packet.end - offset);
  if (udpChecksumField(bytes, offset) === 0) return true;
  setUdpChecksum(bytes, offset, 0);
  setUdpChecksum(bytes, offset, transportChecksum(packet, offset, UDP));
  return true;
}

/** The checksum anew: Linux leaves it to the device. It is never 0, for TCP neither. (skb_checksum_help) */
function transportChecksum(
  { bytes, network, end, family }: Packet,
  offset: number,
  protocol: number,
): number {
  const length = end - offset;
  const pseudo =
    family === 4
      ? pseudoSum4(bytes, network, protocol, length)
      : pseudoSum6(bytes, network, protocol, length);
  return udpChecksum(checksum(bytes, offset, end, pseudo));
}

/** Replaces bytes, and fits the lengths of the IP header. */
function replace(packet: Packet, from: number, length: number, by: Uint8Array): boolean {
  const { end, network, family } = packet;
  if (from < network || length < 0 || from + length > end) return false;
  const difference = by.length - length;
  // The whole packet is brought together before it is changed: it does not leave in the pieces in which it came.
  if (packet.control instanceof FragmentSizes) packet.control.pull(packet.length);
  if (packet.length + difference > MAX_PACKET) return false;
  if (difference > 0) packet.resize(packet.length + difference);
  packet.bytes.copyWithin(from + by.length, from + length, end);
  if (difference < 0) packet.end = end + difference;
  const { bytes } = packet;
  bytes.set(by, from);
  if (family === 4) {
    setIpv4TotalLength(bytes, network, packet.length);
    fillIpv4Checksum(bytes, network);
  } else {
    set16(bytes, network + 4, packet.length - IPV6_LENGTH);
  }
  return true;
}
