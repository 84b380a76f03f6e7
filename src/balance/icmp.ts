import type { Tuple } from '../conntrack/tuple.ts';
import { manipulate } from '../nat/manip.ts';
import { DESTINATION, type Side, SOURCE } from '../nat/range.ts';
import type { Family } from '../netfilter/constants.ts';
import { set16 } from '../wire/bytes.ts';
import { checksum, pseudoSum6 } from '../wire/checksum.ts';

export const ICMP = 1;
export const ICMPV6 = 58;
const HEADER = 8;
/** Destination unreachable, source quench, time exceeded: what IPVS takes for errors about a connection. */
const ERRORS4: ReadonlySet<number> = new Set([3, 4, 11]);

/** Is the ICMP message at `offset` an error, which quotes a packet 8 bytes further on? */
export function isIcmpError(bytes: Uint8Array, offset: number, end: number, family: Family): boolean {
  if (offset + HEADER + (family === 4 ? 20 : 40) > end) return false;
  const type = bytes[offset]!;
  return family === 4 ? ERRORS4.has(type) : type < 128;
}

export function icmpChecksumIsRight(
  bytes: Uint8Array,
  network: number,
  offset: number,
  end: number,
  family: Family,
) {
  return checksum(bytes, offset, end, pseudo(bytes, network, end - offset, family)) === 0;
}

/**
 * Rewrites an error whose ICMP header lies at `offset` and which has its right checksum: `side` of the packet itself to
 * that of `outer`, and the other side of the quoted packet to that of `inner`. False if what must change is cut off.
 * (ip_vs_nat_icmp)
 */
export function rewriteIcmpError(
  bytes: Uint8Array,
  network: number,
  offset: number,
  end: number,
  outer: Tuple,
  inner: Tuple,
  family: Family,
  side: Side,
): boolean {
  if (!manipulate(bytes, offset + HEADER, end, inner, family, side === SOURCE ? DESTINATION : SOURCE))
    return false;
  set16(bytes, offset + 2, 0);
  set16(bytes, offset + 2, checksum(bytes, offset, end, pseudo(bytes, network, end - offset, family)));
  outer.protocol = family === 4 ? ICMP : ICMPV6;
  return manipulate(bytes, network, end, outer, family, side);
}

function pseudo(bytes: Uint8Array, network: number, length: number, family: Family): number {
  return family === 4 ? 0 : pseudoSum6(bytes, network, ICMPV6, length);
}
