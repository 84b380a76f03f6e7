import { transportOf } from '../conntrack/transport.ts';
import { get32 } from '../wire/bytes.ts';
import { IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '../wire/protocols.ts';

/** Words of one end: the address in four, the port. */
const END = 5;

/** Both ends of a packet and its protocol, the same for either direction. One object, reused. */
export class FlowEnds {
  readonly #words = new Int32Array(2 * END + 1);

  /** Reads an IP packet; false if it is none. */
  read(packet: Uint8Array): boolean {
    const family = (packet[0] ?? 0) >> 4;
    if (family === 4 ? packet.length < 20 : family !== 6 || packet.length < 40) return false;
    const words = this.#words.fill(0);
    const transport = transportOf(packet, 0, packet.length, family === 4 ? 4 : 6);
    words[2 * END] = (family << 8) | (transport?.protocol ?? 255);
    const count = family === 4 ? 1 : 4;
    const from = family === 4 ? 12 : 8;
    for (let at = 0; at < count; at++) {
      words[at] = get32(packet, from + 4 * at);
      words[END + at] = get32(packet, from + 4 * (count + at));
    }
    if (transport && hasPorts(transport.protocol) && transport.offset + 4 <= packet.length) {
      const ports = get32(packet, transport.offset);
      words[END - 1] = ports >>> 16;
      words[2 * END - 1] = ports & 0xffff;
    }
    this.#putInOrder();
    return true;
  }

  /** A number that is the same for the same ends. */
  get hash(): number {
    let hash = 0;
    for (const word of this.#words) {
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  isLike(other: FlowEnds): boolean {
    return this.#words.every((word, at) => word === other.#words[at]);
  }

  copy(): FlowEnds {
    const copy = new FlowEnds();
    copy.#words.set(this.#words);
    return copy;
  }

  /** The end with the lower address and port comes first. */
  #putInOrder(): void {
    const words = this.#words;
    for (let at = 0; at < END; at++) {
      const one = words[at]!;
      const two = words[END + at]!;
      if (one < two) return;
      if (one === two) continue;
      for (let swapped = at; swapped < END; swapped++) {
        const kept = words[swapped]!;
        words[swapped] = words[END + swapped]!;
        words[END + swapped] = kept;
      }
      return;
    }
  }
}

function hasPorts(protocol: number): boolean {
  return (
    protocol === IPPROTO_TCP ||
    protocol === IPPROTO_UDP ||
    protocol === IPPROTO_SCTP ||
    protocol === IPPROTO_DCCP ||
    protocol === IPPROTO_UDPLITE
  );
}
