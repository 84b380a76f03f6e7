import type { Packet } from '../../netfilter/packet.ts';
import {
  ipv4Destination,
  ipv4FragmentField,
  ipv4HeaderLength,
  ipv4IsFragment,
  ipv4Protocol,
  ipv4Source,
  ipv4Tos,
} from '../../wire/ipv4.ts';

/** The fields of a packet's IPv4 header. */

/** Longest packet that a route takes, whatever its interface says. */
export const MAX_MTU = 0xffff;

export function source(packet: Packet): number {
  return ipv4Source(packet.bytes, packet.network);
}

export function destination(packet: Packet): number {
  return ipv4Destination(packet.bytes, packet.network);
}

export function protocolOf(packet: Packet): number {
  return ipv4Protocol(packet.bytes, packet.network);
}

export function tosOf(packet: Packet): number {
  return ipv4Tos(packet.bytes, packet.network);
}

/** Length of the header in bytes as it says itself; on a packet that has passed the input checks, 20 to 60. */
export function headerLength(packet: Packet): number {
  return ipv4HeaderLength(packet.bytes, packet.network);
}

/** Flags and offset. */
export function fragmentField(packet: Packet): number {
  return ipv4FragmentField(packet.bytes, packet.network);
}

export function isFragment(packet: Packet): boolean {
  return ipv4IsFragment(packet.bytes, packet.network);
}
