import type { Packet } from '../netfilter/packet.ts';

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const NONE = 59;
const DESTINATION = 60;

function isExtension(header: number): boolean {
  return (
    header === HOP_BY_HOP ||
    header === ROUTING ||
    header === FRAGMENT ||
    header === AUTHENTICATION ||
    header === NONE ||
    header === DESTINATION
  );
}

/** What lies behind the extension headers of an IPv6 packet; one object, reused. */
export class TransportHeader {
  /** Protocol number, or -1 if the chain of headers is broken. */
  protocol = -1;
  /** Offset in `packet.bytes`; that of the IPv6 header in a later fragment, as the kernel leaves it. */
  offset = 0;
  /** Offset of the fragment in bytes, 0 if it is no later fragment. */
  fragment = 0;

  /**
   * Walks the extension headers to the first other header (net/ipv6/exthdrs_core.c ipv6_find_hdr with target -1). In a
   * later fragment that is the header that follows the fragment header, unless it is an extension header again.
   */
  find(packet: Packet): void {
    const { bytes, end, network } = packet;
    this.protocol = -1;
    this.offset = network;
    this.fragment = 0;
    let at = network + 40;
    if (at > end) return;
    let header = bytes[network + 6]!;
    while (isExtension(header) && header !== NONE) {
      if (at + 2 > end) return;
      const next = bytes[at]!;
      let length: number;
      if (header === FRAGMENT) {
        if (at + 4 > end) return;
        const fragment = ((bytes[at + 2]! << 8) | bytes[at + 3]!) & ~7;
        if (fragment !== 0) {
          if (isExtension(next) && next !== NONE) return;
          this.fragment = fragment;
          this.protocol = next;
          return;
        }
        length = 8;
      } else if (header === AUTHENTICATION) {
        length = (bytes[at + 1]! + 2) * 4;
      } else {
        length = (bytes[at + 1]! + 1) * 8;
      }
      header = next;
      at += length;
    }
    this.offset = at;
    this.protocol = header;
  }
}
