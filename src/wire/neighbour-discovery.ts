import { get16, get32 } from './bytes.ts';
import { BAD_FORMAT, CUT, OK } from './check.ts';
import {
  ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  ICMPV6_NEIGHBOUR_SOLICITATION,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
} from './icmpv6.ts';

/**
 * Neighbour discovery (RFC 4861). `o` is the offset of the ICMPv6 header. Targets and destinations are 16 bytes at the
 * offsets below.
 */

/** In solicitations, advertisements and redirects. */
export const ND_TARGET_AT = 8;
export const ND_REDIRECT_DESTINATION_AT = 24;

export const ND_OPTION_SOURCE_LINK = 1;
export const ND_OPTION_TARGET_LINK = 2;
export const ND_OPTION_PREFIX = 3;
export const ND_OPTION_REDIRECTED = 4;
export const ND_OPTION_MTU = 5;
export const ND_OPTION_NONCE = 14;
export const ND_OPTION_ROUTE = 24;
export const ND_OPTION_RDNSS = 25;
export const ND_OPTION_DNSSL = 31;

/** Flags of a neighbour advertisement, in the byte at `o + 4`. */
export const NA_ROUTER = 0x80;
export const NA_SOLICITED = 0x40;
export const NA_OVERRIDE = 0x20;
/** Flags of a router advertisement, in the byte at `o + 5`. */
export const RA_MANAGED = 0x80;
export const RA_OTHER = 0x40;

/** Where the options begin behind `o`; 0 for a type that is none of neighbour discovery. */
export function ndOptionsAt(type: number): number {
  switch (type) {
    case ICMPV6_ROUTER_SOLICITATION:
      return 8;
    case ICMPV6_ROUTER_ADVERTISEMENT:
      return 16;
    case ICMPV6_NEIGHBOUR_SOLICITATION:
    case ICMPV6_NEIGHBOUR_ADVERTISEMENT:
      return 24;
    case ICMPV6_REDIRECT:
      return 40;
    default:
      return 0;
  }
}

/**
 * OK; CUT if the fixed part is not whole; BAD_FORMAT if an option has length 0 or is cut off, or the type is none of
 * neighbour discovery (net/ipv6/ndisc.c ndisc_parse_options).
 */
export function checkNeighbourDiscovery(b: Uint8Array, o: number, end: number): number {
  if (o + 8 > end) return CUT;
  const options = ndOptionsAt(b[o]!);
  if (options === 0) return BAD_FORMAT;
  if (o + options > end) return CUT;
  for (walk.start(b, o + options, end); walk.next(); );
  return walk.broken ? BAD_FORMAT : OK;
}

/** The options of a neighbour discovery message, in units of 8 bytes. One object, reused. */
export class NdOptionWalk {
  kind = 0;
  at = 0;
  /** In bytes, with kind and length byte; a multiple of 8. */
  length = 0;
  /** After the walk: an option of length 0 or one that is cut off. */
  broken = false;

  #bytes: Uint8Array = new Uint8Array(0);
  #next = 0;
  #end = 0;

  /** `from` is `o + ndOptionsAt(type)`. */
  start(b: Uint8Array, from: number, end: number): this {
    this.#bytes = b;
    this.#next = from;
    this.#end = end;
    this.kind = 0;
    this.at = from;
    this.length = 0;
    this.broken = false;
    return this;
  }

  next(): boolean {
    const o = this.#next;
    if (this.broken || o >= this.#end) return false;
    this.at = o;
    this.kind = this.#bytes[o]!;
    const length = o + 1 < this.#end ? this.#bytes[o + 1]! << 3 : 0;
    if (length === 0 || o + length > this.#end) {
      this.broken = true;
      return false;
    }
    this.length = length;
    this.#next = o + length;
    return true;
  }
}

const walk = new NdOptionWalk();

/** Offset of the first option of a kind in a message that ends at `end`, or -1. */
export function findNdOption(b: Uint8Array, o: number, end: number, kind: number): number {
  for (walk.start(b, o + ndOptionsAt(b[o]!), end); walk.next(); ) if (walk.kind === kind) return walk.at;
  return -1;
}

/** NA_ROUTER, NA_SOLICITED, NA_OVERRIDE. */
export function naFlags(b: Uint8Array, o: number): number {
  return b[o + 4]!;
}

export function raHopLimit(b: Uint8Array, o: number): number {
  return b[o + 4]!;
}

/** RA_MANAGED, RA_OTHER, preference in bits 3 and 4. */
export function raFlags(b: Uint8Array, o: number): number {
  return b[o + 5]!;
}

/** In seconds. */
export function raLifetime(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/** In milliseconds, unsigned. */
export function raReachableTime(b: Uint8Array, o: number): number {
  return get32(b, o + 8) >>> 0;
}

/** In milliseconds, unsigned. */
export function raRetransTimer(b: Uint8Array, o: number): number {
  return get32(b, o + 12) >>> 0;
}

/* Options; `at` is that of the option. The link address of the first two kinds is at `at + 2`. */

/** Offset of the prefix's 16 bytes in a prefix information option. */
export const ND_PREFIX_AT = 16;

export function ndPrefixLength(b: Uint8Array, at: number): number {
  return b[at + 2]!;
}

/** On-link (0x80), autonomous (0x40). */
export function ndPrefixFlags(b: Uint8Array, at: number): number {
  return b[at + 3]!;
}

/** In seconds, unsigned; 0xffffffff is for ever. */
export function ndPrefixValidLifetime(b: Uint8Array, at: number): number {
  return get32(b, at + 4) >>> 0;
}

export function ndPrefixPreferredLifetime(b: Uint8Array, at: number): number {
  return get32(b, at + 8) >>> 0;
}

/** Of an MTU option, unsigned. */
export function ndMtu(b: Uint8Array, at: number): number {
  return get32(b, at + 4) >>> 0;
}
