import type { Packet } from '../netfilter/packet.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';

const WALK = new Ipv6Walk();
const HEADER6 = 40;
const NEXT_HEADER = 6;
const SHORTEST = 20;

/** A later fragment, or none behind broken IPv6 extension headers. */
export const NO_HEADER = -1;
/** Cut off: not even its fixed part is there, or not as much as it says. */
export const BROKEN_HEADER = -2;

/**
 * Offset of the TCP header of a packet that a rule with `-p tcp` has taken; all that it says it has is there. Or {@link NO_HEADER}
 * or {@link BROKEN_HEADER}. `fragment` is the offset of this fragment.
 */
export function tcpHeader(packet: Packet, fragment: number): number {
  if (fragment !== 0) return NO_HEADER;
  const { bytes, network, end, family } = packet;
  let at = network + (bytes[network]! & 15) * 4;
  if (family === 6) {
    if (!WALK.skip(bytes, network + HEADER6, end, bytes[network + NEXT_HEADER]!)) return BROKEN_HEADER;
    at = WALK.offset;
  }
  if (at + SHORTEST > end) return BROKEN_HEADER;
  return at + tcpHeaderLength(bytes, at) > end ? BROKEN_HEADER : at;
}

/** Length in bytes of the TCP header at an offset, as it says itself. */
export function tcpHeaderLength(bytes: Uint8Array, at: number): number {
  return (bytes[at + 12]! >> 4) * 4;
}

/** Length of the option at an offset, never 0 (optlen of net/netfilter/xt_TCPMSS.c and xt_TCPOPTSTRIP.c). */
export function tcpOptionLength(bytes: Uint8Array, at: number): number {
  return bytes[at]! <= 1 ? 1 : bytes[at + 1]! || 1;
}
