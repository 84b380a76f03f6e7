import type { Family } from '../netfilter/constants.ts';
import { ipv4FragmentOffset, ipv4HeaderLength, ipv4Protocol } from '../wire/ipv4.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';

/** Where the header behind IP begins, and whose it is. Reused: read it before the next call. */
export interface Transport {
  protocol: number;
  offset: number;
}

const found: Transport = { protocol: 0, offset: 0 };
const walk = new Ipv6Walk();

/**
 * Finds the transport header of the IP packet at `network`; undefined for later fragments and headers that are cut off.
 * (net/netfilter/nf_conntrack_core.c get_l4proto)
 */
export function transportOf(
  bytes: Uint8Array,
  network: number,
  end: number,
  family: Family,
): Transport | undefined {
  if (family === 4) {
    if (network + 20 > end || ipv4FragmentOffset(bytes, network) !== 0) return undefined;
    found.protocol = ipv4Protocol(bytes, network);
    found.offset = network + ipv4HeaderLength(bytes, network);
    return found.offset > end ? undefined : found;
  }
  if (network + 40 > end) return undefined;
  if (!walk.skip(bytes, network + 40, end, bytes[network + 6]!) || walk.fragmentOffset !== 0)
    return undefined;
  found.protocol = walk.protocol;
  found.offset = walk.offset;
  return found;
}
