import type { Packet } from '../netfilter/packet.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';
import { Place } from './place.ts';

/** What one walk through a table needs for itself: a target may send a packet that enters the same table. */
export class Walk {
  readonly place = new Place();
  /** Lines of the jumps that wait for their chain's end. */
  readonly stack: Int32Array;
  readonly #transport = new Ipv6Walk();
  #transportKnown = false;

  /** `depth`: the most jumps that can be nested. */
  constructor(depth: number) {
    this.stack = new Int32Array(depth);
  }

  /** The packet may have changed: its headers are looked for again. */
  forget(): void {
    this.#transportKnown = false;
  }

  /**
   * `-p` of an IPv6 rule: looks for the header behind the extension headers (net/ipv6/netfilter/ip6_tables.c
   * ip6_packet_match). A broken chain of headers drops the packet.
   */
  ipv6ProtocolFits(packet: Packet, protocol: number, inverted: boolean): boolean {
    const transport = this.#transport;
    if (!this.#transportKnown) {
      transport.find(packet.bytes, packet.network, packet.end);
      this.#transportKnown = true;
    }
    if (transport.protocol < 0) {
      this.place.drop = true;
      return false;
    }
    this.place.transport = transport.offset;
    this.place.fragment = transport.fragmentOffset;
    if (transport.protocol === protocol) return !inverted;
    return protocol === 0 || inverted;
  }

  /** Protocol number behind the extension headers, for explanations; -1 if the headers are broken. */
  ipv6Protocol(packet: Packet): number {
    this.#transport.find(packet.bytes, packet.network, packet.end);
    this.#transportKnown = true;
    return this.#transport.protocol;
  }
}
