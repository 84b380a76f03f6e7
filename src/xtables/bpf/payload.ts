import type { Packet } from '../../netfilter/packet.ts';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ETHERNET_OVER_GRE = 0x6558;
/** Protocols whose payload is behind a header of a fixed size: ICMP, IGMP, UDP, DCCP, ICMPv6, SCTP, UDP-Lite. */
const HEADER: ReadonlyMap<number, number> = new Map([
  [1, 8],
  [2, 8],
  [17, 8],
  [33, 12],
  [58, 8],
  [132, 12],
  [136, 8],
]);
/** Most headers looked at (net/core/flow_dissector.c MAX_FLOW_DISSECT_HDRS). */
const MOST_HEADERS = 15;

/**
 * Where the payload behind the innermost transport header begins, counted from the IP header: through tunnels of IP in IP and
 * GRE, up to the first fragment header. 0 if a header is cut (net/core/flow_dissector.c __skb_get_poff).
 */
export function payloadOffset(packet: Packet): number {
  return new Dissection(packet).payload();
}

class Dissection {
  readonly #packet: Packet;
  readonly #length: number;
  #at = 0;
  /** What is at #at: an EtherType while #inIp is false, else a protocol number. */
  #next: number;
  #inIp = false;
  /** A fragment behind the first has no transport header. */
  #later = false;

  constructor(packet: Packet) {
    this.#packet = packet;
    this.#length = packet.length;
    this.#next = packet.etherType;
  }

  payload(): number {
    for (let headers = 0; ; headers++) {
      if (headers > MOST_HEADERS) break;
      const more = this.#inIp ? this.#protocol() : this.#network();
      if (more === undefined) return 0;
      if (!more) break;
    }
    return this.#later ? this.#at : this.#at + this.#transport();
  }

  /** Bytes of the header found at the end of the way. */
  #transport(): number {
    if (this.#next !== 6) return HEADER.get(this.#next) ?? 0;
    if (this.#at + 13 > this.#length) return 0;
    return Math.max(20, (this.#byte(12) & 0xf0) >> 2);
  }

  /** True to go on, false at the end of the way, undefined where it cannot be followed. */
  #network(): boolean | undefined {
    this.#inIp = true;
    if (this.#next === IPV4) {
      const header = (this.#byte(0) & 15) * 4;
      if (!this.#has(20) || header < 20) return undefined;
      const fragment = this.#half(6) & 0x3fff;
      this.#next = this.#byte(9);
      this.#at += header;
      this.#later = (fragment & 0x1fff) !== 0;
      return fragment === 0;
    }
    if (this.#next !== IPV6 || !this.#has(40)) return undefined;
    this.#next = this.#byte(6);
    this.#at += 40;
    return true;
  }

  #protocol(): boolean | undefined {
    switch (this.#next) {
      case 4:
        this.#tunnel(IPV4);
        return true;
      case 41:
        this.#tunnel(IPV6);
        return true;
      case 47:
        return this.#gre();
      case 0:
      case 43:
      case 60:
        if (!this.#has(2)) return undefined;
        return this.#skip(this.#byte(0), 8 + this.#byte(1) * 8);
      case 44: {
        if (!this.#has(8)) return undefined;
        this.#later = (this.#half(2) & 0xfff8) !== 0;
        this.#skip(this.#byte(0), 8);
        return false;
      }
      default:
        return false;
    }
  }

  /** GRE of version 0; one with routing, or another version, is where the way ends. */
  #gre(): boolean | undefined {
    if (!this.#has(4)) return undefined;
    const flags = this.#half(0);
    if ((flags & 0x4007) !== 0) return false;
    const type = this.#half(2);
    this.#at += 4;
    for (const part of [0x8000, 0x2000, 0x1000]) if (flags & part) this.#at += 4;
    this.#tunnel(type);
    if (type !== ETHERNET_OVER_GRE) return true;
    if (!this.#has(14)) return undefined;
    this.#tunnel(this.#half(12));
    this.#at += 14;
    return true;
  }

  #tunnel(type: number): void {
    this.#next = type;
    this.#inIp = false;
  }

  #skip(next: number, length: number): true {
    this.#next = next;
    this.#at += length;
    return true;
  }

  #has(length: number): boolean {
    return this.#at + length <= this.#length;
  }

  #byte(offset: number): number {
    return this.#packet.bytes[this.#packet.network + this.#at + offset]!;
  }

  #half(offset: number): number {
    return (this.#byte(offset) << 8) | this.#byte(offset + 1);
  }
}
