/** Options of neighbour discovery messages (RFC 4861 section 4.6). */
export const SOURCE_LINK_LAYER = 1;
export const TARGET_LINK_LAYER = 2;
export const REDIRECTED_HEADER = 4;

const UNIT = 8;
/** An Ethernet address fills one unit of 8 bytes with type and length. */
const ETHERNET_UNITS = 1;

/** Where the options of a message lie; 0: it has none of this kind. Reused: read it before the next call. */
export interface DiscoveryOptions {
  sourceLinkLayer: number;
  targetLinkLayer: number;
  redirectedHeader: number;
}

const options: DiscoveryOptions = { sourceLinkLayer: 0, targetLinkLayer: 0, redirectedHeader: 0 };

/**
 * Reads the options from `from` to `end`. Of several of a kind the first counts. Undefined if one is cut off or has
 * length 0: the whole message is bad then. (net/ipv6/ndisc.c ndisc_parse_options)
 */
export function readDiscoveryOptions(
  bytes: Uint8Array,
  from: number,
  end: number,
): DiscoveryOptions | undefined {
  options.sourceLinkLayer = 0;
  options.targetLinkLayer = 0;
  options.redirectedHeader = 0;
  let at = from;
  while (at < end) {
    if (at + 2 > end) return undefined;
    const length = bytes[at + 1]! * UNIT;
    if (length === 0 || at + length > end) return undefined;
    switch (bytes[at]) {
      case SOURCE_LINK_LAYER:
        options.sourceLinkLayer ||= at;
        break;
      case TARGET_LINK_LAYER:
        options.targetLinkLayer ||= at;
        break;
      case REDIRECTED_HEADER:
        options.redirectedHeader ||= at;
        break;
    }
    at += length;
  }
  return options;
}

/** True if the link-layer address option at `at` has the length of an Ethernet address. */
export function isEthernetOption(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === ETHERNET_UNITS;
}

/** Writes a link-layer address option; answers the offset behind it. */
export function writeLinkLayerOption(bytes: Uint8Array, at: number, type: number, mac: Uint8Array): number {
  bytes[at] = type;
  bytes[at + 1] = ETHERNET_UNITS;
  bytes.set(mac.subarray(0, 6), at + 2);
  return at + UNIT;
}
