import { isIpv6Extension } from '../../wire/ipv6-extensions.ts';

/** Offsets within an IPv6 header (RFC 8200 section 3). */
export const PAYLOAD_LENGTH = 4;
export const NEXT_HEADER = 6;
export const HOP_LIMIT = 7;
export const SOURCE = 8;
export const DESTINATION = 24;
export const HEADER_LENGTH = 40;
export const FRAGMENT_HEADER_LENGTH = 8;
/** Every link carries packets of this size (RFC 8200 section 5). */
export const MIN_MTU = 1280;
export const MAX_PAYLOAD = 65535;

/** Values of a next header field. */
export const HOP_BY_HOP = 0;
export const TCP = 6;
export const UDP = 17;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
export const ICMPV6 = 58;
export const NO_NEXT_HEADER = 59;
export const DESTINATION_OPTIONS = 60;
export const PIM = 103;
export const UDP_LITE = 136;
export const RAW = 255;

/** What {@link skipExtensions} found. Reused: read it before the next call. */
export interface Skipped {
  /** Offset of the header that is no extension, or of a later fragment's data. */
  offset: number;
  nextHeader: number;
  /** Offset field of a fragment header that was passed, with its flags; 0 if there was none. */
  fragment: number;
}

const skipped: Skipped = { offset: 0, nextHeader: 0, fragment: 0 };

/**
 * Passes the extension headers from `offset` on, the first of which is `nextHeader`; stops at a later fragment's data.
 * Answers undefined if a header is cut off by `end`, or is "no next header".
 * (net/ipv6/exthdrs_core.c ipv6_skip_exthdr)
 */
export function skipExtensions(
  bytes: Uint8Array,
  offset: number,
  end: number,
  nextHeader: number,
): Skipped | undefined {
  skipped.fragment = 0;
  let at = offset;
  let next = nextHeader;
  while (isIpv6Extension(next)) {
    if (next === NO_NEXT_HEADER || at + 2 > end) return undefined;
    let length: number;
    if (next === FRAGMENT) {
      if (at + 4 > end) return undefined;
      skipped.fragment = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if ((skipped.fragment & 0xfff8) !== 0) break;
      length = FRAGMENT_HEADER_LENGTH;
    } else if (next === AUTHENTICATION) {
      length = (bytes[at + 1]! + 2) << 2;
    } else {
      length = (bytes[at + 1]! + 1) << 3;
    }
    next = bytes[at]!;
    at += length;
  }
  skipped.offset = at;
  skipped.nextHeader = next;
  return skipped;
}

/** Where fragmenting may begin; reused. */
export interface Unfragmentable {
  /** Bytes from the IPv6 header to where a fragment header goes. */
  length: number;
  /** Offset (from the IPv6 header) of the next header field that will say "fragment". */
  nextHeaderAt: number;
}

const unfragmentable: Unfragmentable = { length: 0, nextHeaderAt: 0 };

/**
 * How much of a packet every fragment must repeat: hop-by-hop options, and all up to a routing header; undefined if the
 * headers are broken. (net/ipv6/output_core.c ip6_find_1stfragopt)
 */
export function unfragmentablePart(
  bytes: Uint8Array,
  network: number,
  end: number,
): Unfragmentable | undefined {
  let offset = HEADER_LENGTH;
  let field = NEXT_HEADER;
  let routed = false;
  while (network + offset <= end) {
    const next = bytes[network + field]!;
    if (next === ROUTING) {
      routed = true;
    } else if (next !== HOP_BY_HOP && (next !== DESTINATION_OPTIONS || routed)) {
      unfragmentable.length = offset;
      unfragmentable.nextHeaderAt = field;
      return unfragmentable;
    }
    if (network + offset + 2 > end) return undefined;
    const length = (bytes[network + offset + 1]! + 1) << 3;
    if (offset + length >= MAX_PAYLOAD) return undefined;
    field = offset;
    offset += length;
  }
  return undefined;
}
