import type { Tuple } from '../conntrack/tuple.ts';
import type { Family } from '../netfilter/constants.ts';

/** What of a packet is translated: its source or its destination. */
export const SOURCE = 0;
export const DESTINATION = 1;
export type Side = typeof SOURCE | typeof DESTINATION;

/** Flags of a range (include/uapi/linux/netfilter/nf_nat.h). */
export const RANGE = {
  /** Addresses are given. */
  MAP_IPS: 1 << 0,
  /** Ports (or identifiers, keys) are given. */
  PROTO_SPECIFIED: 1 << 1,
  /** `--random`. */
  PROTO_RANDOM: 1 << 2,
  /** `--persistent`: a client gets the same address for every destination. */
  PERSISTENT: 1 << 3,
  /** `--random-fully`. */
  PROTO_RANDOM_FULLY: 1 << 4,
  /** Ports are shifted: the first port of the range stands for `basePart`. */
  PROTO_OFFSET: 1 << 5,
  NETMAP: 1 << 6,
  PROTO_RANDOM_ALL: (1 << 2) | (1 << 4),
} as const;

/** Four words of an address; IPv4 has its address, signed, in the first and 0 in the others. */
export type AddressWords = readonly [number, number, number, number];

export const NO_ADDRESS: AddressWords = [0, 0, 0, 0];

/** From which addresses and ports NAT may choose (struct nf_nat_range2). Both ends belong to it. */
export interface NatRange {
  /** Bits of {@link RANGE}. */
  readonly flags: number;
  readonly minAddress: AddressWords;
  readonly maxAddress: AddressWords;
  readonly minPart: number;
  readonly maxPart: number;
  readonly basePart: number;
}

/** A range of one address and any port. */
export function oneAddress(address: AddressWords, flags = 0): NatRange {
  return {
    flags: flags | RANGE.MAP_IPS,
    minAddress: address,
    maxAddress: address,
    minPart: 0,
    maxPart: 0,
    basePart: 0,
  };
}

/** One address and one port. */
export function oneEnd(address: AddressWords, part: number): NatRange {
  const flags = RANGE.MAP_IPS | RANGE.PROTO_SPECIFIED;
  return { flags, minAddress: address, maxAddress: address, minPart: part, maxPart: part, basePart: 0 };
}

/** Words of the address that lies at `at`. */
export function addressWords(bytes: Uint8Array, at: number, family: Family): AddressWords {
  const word = (o: number): number =>
    (bytes[at + o]! << 24) | (bytes[at + o + 1]! << 16) | (bytes[at + o + 2]! << 8) | bytes[at + o + 3]!;
  return family === 4 ? [word(0), 0, 0, 0] : [word(0), word(4), word(8), word(12)];
}

export function sourceWords({ src0, src1, src2, src3 }: Tuple): AddressWords {
  return [src0, src1, src2, src3];
}

export function destinationWords({ dst0, dst1, dst2, dst3 }: Tuple): AddressWords {
  return [dst0, dst1, dst2, dst3];
}

export function sameWords(a: AddressWords, b: AddressWords): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}
