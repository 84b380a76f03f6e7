import type { Packet } from '../../netfilter/packet.ts';

/**
 * What the IPv6 path notes in `packet.flags` (the kernel's IP6CB): bits below 16, and above them the offset, from the
 * IPv6 header, of the next header field that named the header at `packet.transport`.
 */
export const FRAGMENTED = 0x01;
export const HOP_BY_HOP_SEEN = 0x02;
export const JUMBO = 0x04;
export const ROUTER_ALERT = 0x08;
/** A routing header was processed. */
export const SOURCE_ROUTED = 0x10;
/** A neighbour discovery message of this host's own: it belongs to an interface, and is not given back to the host. */
export const NEIGHBOUR_MESSAGE = 0x20;

const FIELD_SHIFT = 16;
const FLAGS_MASK = 0xffff;

/** Offset from the IPv6 header of the next header field that counts now. */
export function nextHeaderAt(packet: Packet): number {
  return packet.flags >>> FIELD_SHIFT;
}

export function setNextHeaderAt(packet: Packet, offset: number): void {
  packet.flags = ((packet.flags & FLAGS_MASK) | (offset << FIELD_SHIFT)) >>> 0;
}
