import { Packet } from './packet.ts';

/**
 * Packets that are used again and again. Whoever ends a packet's way (transmission, delivery, a drop) releases it;
 * whoever keeps it (a queue, a neighbour that is being looked for, reassembly) releases it later. A packet that is
 * never released is collected as garbage; one that is released twice is ignored the second time.
 */
export class PacketPool {
  readonly #free: Packet[] = [];
  readonly #held = new WeakSet<Packet>();
  readonly #limit: number;
  #serial = 0;

  constructor(limit = 256) {
    this.#limit = limit;
  }

  /** A packet with every field reset and an id of its own. */
  acquire(): Packet {
    const packet = this.#free.pop() ?? new Packet();
    this.#held.delete(packet);
    packet.reset();
    packet.id = ++this.#serial;
    return packet;
  }

  release(packet: Packet): void {
    // A jumbo buffer is not worth keeping, and would let a flood of large packets hold memory for ever.
    if (this.#held.has(packet) || this.#free.length >= this.#limit || packet.bytes.length > 16384) return;
    this.#held.add(packet);
    this.#free.push(packet);
  }
}
