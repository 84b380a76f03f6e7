import { get16, get32 } from './bytes.ts';
import {
  IPPROTO_AH,
  IPPROTO_DSTOPTS,
  IPPROTO_FRAGMENT,
  IPPROTO_HIP,
  IPPROTO_HOPOPTS,
  IPPROTO_MH,
  IPPROTO_NONE,
  IPPROTO_ROUTING,
  IPPROTO_SHIM6,
} from './protocols.ts';

/** IPv6 extension headers (RFC 8200 section 4, RFC 4302, RFC 6275), walked as Linux walks them. */

/** The two fixed bytes: next header, length. */
export const EXTENSION_LENGTH = 2;
export const FRAGMENT_LENGTH = 8;
/** Type, segments left, and four bytes more. */
export const ROUTING_LENGTH = 8;

/** Options of hop-by-hop and destination options headers. */
export const OPTION6_PAD1 = 0;
export const OPTION6_PADN = 1;
export const OPTION6_TUNNEL_LIMIT = 4;
export const OPTION6_ROUTER_ALERT = 5;
export const OPTION6_CALIPSO = 7;
export const OPTION6_JUMBO = 0xc2;
export const OPTION6_HOME_ADDRESS = 0xc9;

/** What Linux takes for an extension header (net/ipv6/exthdrs_core.c ipv6_ext_hdr). */
export function isIpv6Extension(nextHeader: number): boolean {
  return (
    nextHeader === IPPROTO_HOPOPTS ||
    nextHeader === IPPROTO_ROUTING ||
    nextHeader === IPPROTO_FRAGMENT ||
    nextHeader === IPPROTO_AH ||
    nextHeader === IPPROTO_NONE ||
    nextHeader === IPPROTO_DSTOPTS
  );
}

/** Length in bytes of the extension header `kind` at `o`, as it says itself; two bytes of it must be there. */
export function ipv6ExtensionLength(b: Uint8Array, o: number, kind: number): number {
  if (kind === IPPROTO_FRAGMENT) return FRAGMENT_LENGTH;
  return kind === IPPROTO_AH ? (b[o + 1]! + 2) << 2 : (b[o + 1]! + 1) << 3;
}

/** In {@link Ipv6Walk.find}: stop at an authentication header (IP6_FH_F_AUTH). */
export const FIND_STOP_AT_AH = 1;
/** In {@link Ipv6Walk.find}: a routing header without segments left is none (IP6_FH_F_SKIP_RH). */
export const FIND_SKIP_USED_ROUTING = 2;

/** The header looked for is not there (-ENOENT). */
export const NOT_FOUND = -2;
/** A header on the way is cut off (-EBADMSG). */
export const BROKEN = -74;

/** A walk over extension headers. One object, reused: every walk sets every field. */
export class Ipv6Walk {
  /** What the walk ended at: the number of a header, or {@link NOT_FOUND} or {@link BROKEN}. */
  protocol = BROKEN;
  /** Offset of that header. It may lie at or beyond the end: the walk does not look into it. */
  offset = 0;
  /** Offset of this fragment in the whole packet, in bytes; 0 in a first fragment and in no fragment. */
  fragmentOffset = 0;
  /** A fragment header was met. */
  fragment = false;

  /**
   * From the header at `from`, which is a `nextHeader`, to the first that is no extension header: true, `protocol` and
   * `offset`. In a later fragment the walk ends at the fragment header, `protocol` 44. False, with BROKEN, at a header
   * cut off and at "no next header". (net/ipv6/exthdrs_core.c ipv6_skip_exthdr)
   */
  skip(b: Uint8Array, from: number, end: number, nextHeader: number): boolean {
    this.fragmentOffset = 0;
    this.fragment = false;
    let o = from;
    let next = nextHeader;
    while (isIpv6Extension(next)) {
      if (next === IPPROTO_NONE || o + 2 > end) return this.#fail(BROKEN, o);
      if (next === IPPROTO_FRAGMENT) {
        if (o + 4 > end) return this.#fail(BROKEN, o);
        this.fragment = true;
        this.fragmentOffset = get16(b, o + 2) & 0xfff8;
        if (this.fragmentOffset !== 0) break;
      }
      const length = ipv6ExtensionLength(b, o, next);
      next = b[o]!;
      o += length;
    }
    this.protocol = next;
    this.offset = o;
    return true;
  }

  /**
   * Looks in the packet whose IPv6 header is at `ip` (40 bytes of it must be there) for the header `target`, or with -1
   * for the first that is no extension header. In a later fragment, with -1, `protocol` is what the fragment header
   * says follows, and `offset` is `ip`, as Linux leaves it; false if that is an extension header again.
   * (net/ipv6/exthdrs_core.c ipv6_find_hdr)
   */
  find(b: Uint8Array, ip: number, end: number, target = -1, flags = 0): boolean {
    this.fragmentOffset = 0;
    this.fragment = false;
    let o = ip + 40;
    let next = b[ip + 6]!;
    for (;;) {
      let found = next === target;
      if (!isIpv6Extension(next) || next === IPPROTO_NONE) {
        if (target < 0 || found) break;
        return this.#fail(NOT_FOUND, ip);
      }
      if (o + 2 > end) return this.#fail(BROKEN, ip);
      if (next === IPPROTO_ROUTING) {
        if (o + 4 > end) return this.#fail(BROKEN, ip);
        if ((flags & FIND_SKIP_USED_ROUTING) !== 0 && b[o + 3] === 0) found = false;
      } else if (next === IPPROTO_FRAGMENT) {
        this.fragment = true;
        if (o + 4 > end) return this.#fail(BROKEN, ip);
        const fragmentOffset = get16(b, o + 2) & 0xfff8;
        if (fragmentOffset !== 0) {
          const after = b[o]!;
          if (target < 0 && (!isIpv6Extension(after) || after === IPPROTO_NONE)) {
            this.fragmentOffset = fragmentOffset;
            this.protocol = after;
            this.offset = ip;
            return true;
          }
          if (!found) return this.#fail(NOT_FOUND, ip);
          this.fragmentOffset = fragmentOffset;
          break;
        }
      } else if (next === IPPROTO_AH && (flags & FIND_STOP_AT_AH) !== 0 && target < 0) {
        break;
      }
      if (found) break;
      const length = ipv6ExtensionLength(b, o, next);
      next = b[o]!;
      o += length;
    }
    this.protocol = next;
    this.offset = o;
    return true;
  }

  #fail(code: number, offset: number): false {
    this.protocol = code;
    this.offset = offset;
    return false;
  }
}

/**
 * Every extension header one after the other, also those that Linux's walks take for a transport (mobility, HIP, shim6).
 * One object, reused: `for (steps.start(b, ip, end); steps.next(); ) … steps.kind, steps.at, steps.length`.
 */
export class Ipv6Steps {
  /** Kind of the header in hand; after the walk the number of what follows the last. */
  kind = 0;
  /** Its offset; after the walk where the next begins. */
  at = 0;
  /** Its length in bytes; it lies wholly before the end. */
  length = 0;
  /** After the walk: the header `kind` at `at` is cut off. */
  broken = false;

  #bytes: Uint8Array = NO_BYTES;
  #end = 0;

  /** `ip` is that of the IPv6 header, 40 bytes of which must be there. */
  start(b: Uint8Array, ip: number, end: number): this {
    this.#bytes = b;
    this.#end = end;
    this.kind = -1;
    this.at = ip;
    this.length = 40;
    this.broken = false;
    return this;
  }

  /** False behind the last extension header, behind the header of a later fragment, and at a header cut off. */
  next(): boolean {
    const b = this.#bytes;
    if (this.broken || this.length === 0) return false;
    const later = this.kind === IPPROTO_FRAGMENT && (get16(b, this.at + 2) & 0xfff8) !== 0;
    const kind = this.kind < 0 ? b[this.at + 6]! : b[this.at]!;
    const o = this.at + this.length;
    this.kind = kind;
    this.at = o;
    this.length = 0;
    if (later || kind === IPPROTO_NONE) return false;
    if (!isIpv6Extension(kind) && kind !== IPPROTO_MH && kind !== IPPROTO_HIP && kind !== IPPROTO_SHIM6) {
      return false;
    }
    const length = o + 2 > this.#end ? 0 : ipv6ExtensionLength(b, o, kind);
    if (length === 0 || o + length > this.#end) {
      this.broken = true;
      return false;
    }
    this.length = length;
    return true;
  }
}

/** The options of a hop-by-hop or destination options header (RFC 8200 section 4.2). One object, reused. */
export class Ipv6OptionWalk {
  kind = 0;
  at = 0;
  /** With kind and length byte; 1 for Pad1. */
  length = 0;
  /** After the walk: an option led beyond the end. */
  broken = false;

  #bytes: Uint8Array = NO_BYTES;
  #next = 0;
  #end = 0;

  /** `from` is behind the header's two fixed bytes, `to` behind its last. */
  start(b: Uint8Array, from: number, to: number): this {
    this.#bytes = b;
    this.#next = from;
    this.#end = to;
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
    let length = 1;
    if (this.kind !== OPTION6_PAD1) {
      length = o + 1 < this.#end ? this.#bytes[o + 1]! + 2 : 2;
      if (o + length > this.#end) {
        this.broken = true;
        return false;
      }
    }
    this.length = length;
    this.#next = o + length;
    return true;
  }
}

/* Fields of a fragment header at `o`. */

export function fragment6NextHeader(b: Uint8Array, o: number): number {
  return b[o]!;
}

/** In bytes. */
export function fragment6Offset(b: Uint8Array, o: number): number {
  return get16(b, o + 2) & 0xfff8;
}

export function fragment6More(b: Uint8Array, o: number): boolean {
  return (b[o + 3]! & 1) !== 0;
}

/** Signed 32-bit. */
export function fragment6Id(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

/* Fields of a routing header at `o`. */

export function routingType(b: Uint8Array, o: number): number {
  return b[o + 2]!;
}

export function routingSegmentsLeft(b: Uint8Array, o: number): number {
  return b[o + 3]!;
}

const NO_BYTES = new Uint8Array(0);
