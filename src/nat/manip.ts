import type { Tuple } from '../conntrack/tuple.ts';
import type { Family } from '../netfilter/constants.ts';
import { get16, get32, set16, set32 } from '../wire/bytes.ts';
import { updateChecksum32 } from '../wire/checksum.ts';
import { GRE_VERSION, greFlags } from '../wire/gre.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';
import { fillSctpChecksum } from '../wire/sctp.ts';
import { type Side, SOURCE } from './range.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const GRE = 47;
const ICMPV6 = 58;
const SCTP = 132;
const UDPLITE = 136;

const IPV4_CHECKSUM_AT = 10;
const TCP_CHECKSUM_AT = 16;
const TCP_HEADER = 20;
const SCTP_HEADER = 12;
/** What is sure to be there of a header that an ICMP error quotes. */
const QUOTED = 8;
/** ICMP types with an identifier. */
const ICMP_WITH_ID = new Set([0, 8, 13, 14, 15, 16, 17, 18]);

const walk = new Ipv6Walk();

/**
 * Rewrites one side of the IP packet whose header lies at `network` to what `target` says, and its checksums by the
 * difference. False if a header that must be changed is cut off; then nothing may be done with the packet.
 * (nf_nat_ipv4_manip_pkt, nf_nat_ipv6_manip_pkt)
 */
export function manipulate(
  bytes: Uint8Array,
  network: number,
  end: number,
  target: Tuple,
  family: Family,
  side: Side,
): boolean {
  return family === 4
    ? manipulate4(bytes, network, end, target, side)
    : manipulate6(bytes, network, end, target, side);
}

function manipulate4(b: Uint8Array, network: number, end: number, target: Tuple, side: Side): boolean {
  if (network + 20 > end) return false;
  const offset = network + (b[network]! & 15) * 4;
  if (!manipulateTransport(b, network, offset, end, target, 4, side)) return false;
  const at = network + (side === SOURCE ? 12 : 16);
  const address = side === SOURCE ? target.src0 : target.dst0;
  set16(
    b,
    network + IPV4_CHECKSUM_AT,
    updateChecksum32(get16(b, network + IPV4_CHECKSUM_AT), get32(b, at), address),
  );
  set32(b, at, address);
  return true;
}

function manipulate6(b: Uint8Array, network: number, end: number, target: Tuple, side: Side): boolean {
  if (network + 40 > end) return false;
  if (
    walk.skip(b, network + 40, end, b[network + 6]!) &&
    walk.fragmentOffset === 0 &&
    !manipulateTransport(b, network, walk.offset, end, target, 6, side)
  ) {
    return false;
  }
  const at = network + (side === SOURCE ? 8 : 24);
  const source = side === SOURCE;
  set32(b, at, source ? target.src0 : target.dst0);
  set32(b, at + 4, source ? target.src1 : target.dst1);
  set32(b, at + 8, source ? target.src2 : target.dst2);
  set32(b, at + 12, source ? target.src3 : target.dst3);
  return true;
}

/** Ports, identifiers and keys, and the checksums over them and the addresses. (l4proto_manip_pkt) */
function manipulateTransport(
  b: Uint8Array,
  network: number,
  offset: number,
  end: number,
  target: Tuple,
  family: Family,
  side: Side,
): boolean {
  const part = side === SOURCE ? target.sourcePart : target.destinationPart;
  const portAt = offset + (side === SOURCE ? 0 : 2);
  switch (target.protocol) {
    case TCP: {
      if (offset + QUOTED > end) return false;
      const before = get16(b, portAt);
      set16(b, portAt, part);
      // Quoted in an ICMP error the checksum may lie behind what is there.
      if (offset + TCP_HEADER > end) return true;
      const at = offset + TCP_CHECKSUM_AT;
      const check = addressSum(get16(b, at), b, network, target, family, side);
      set16(b, at, updateChecksum32(check, before, part));
      return true;
    }
    case UDP:
    case UDPLITE: {
      if (offset + QUOTED > end) return false;
      const before = get16(b, portAt);
      set16(b, portAt, part);
      const at = offset + 6;
      if (target.protocol === UDP && get16(b, at) === 0) return true;
      const check = addressSum(get16(b, at), b, network, target, family, side);
      // 0 would say that there is none.
      set16(b, at, updateChecksum32(check, before, part) || 0xffff);
      return true;
    }
    case SCTP:
      if (offset + QUOTED > end) return false;
      set16(b, portAt, part);
      if (offset + SCTP_HEADER <= end) fillSctpChecksum(b, offset, end);
      return true;
    case ICMP: {
      if (offset + QUOTED > end) return false;
      if (ICMP_WITH_ID.has(b[offset]!)) changeId(b, offset, target.sourcePart);
      return true;
    }
    case ICMPV6: {
      if (offset + QUOTED > end) return false;
      set16(b, offset + 2, addressSum(get16(b, offset + 2), b, network, target, family, side));
      if (b[offset] === 128 || b[offset] === 129) changeId(b, offset, target.sourcePart);
      return true;
    }
    case GRE: {
      if (offset + QUOTED > end) return false;
      // A packet says only its receiver's call.
      if (side === SOURCE) return true;
      const version = greFlags(b, offset) & GRE_VERSION;
      if (version === 1) set16(b, offset + 6, part);
      return version <= 1;
    }
    default:
      return true;
  }
}

function changeId(b: Uint8Array, offset: number, id: number): void {
  set16(b, offset + 2, updateChecksum32(get16(b, offset + 2), get16(b, offset + 4), id));
  set16(b, offset + 4, id);
}

/** The checksum when the address of this side becomes the target's. (nf_csum_update) */
function addressSum(
  check: number,
  b: Uint8Array,
  network: number,
  target: Tuple,
  family: Family,
  side: Side,
): number {
  const source = side === SOURCE;
  if (family === 4) {
    const at = network + (source ? 12 : 16);
    return updateChecksum32(check, get32(b, at), source ? target.src0 : target.dst0);
  }
  const at = network + (source ? 8 : 24);
  let sum = updateChecksum32(check, get32(b, at), source ? target.src0 : target.dst0);
  sum = updateChecksum32(sum, get32(b, at + 4), source ? target.src1 : target.dst1);
  sum = updateChecksum32(sum, get32(b, at + 8), source ? target.src2 : target.dst2);
  return updateChecksum32(sum, get32(b, at + 12), source ? target.src3 : target.dst3);
}
