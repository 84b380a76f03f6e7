import type { Packet } from '../netfilter/packet.ts';
import type { Change, PacketWords } from './journey.ts';

/** What a packet was at one moment; later compared with what it is. */
export class Snapshot {
  #bytes = new Uint8Array(0);
  #mark = 0;

  constructor(packet: Packet) {
    this.take(packet);
  }

  take(packet: Packet): void {
    this.#bytes = packet.bytes.slice(packet.network, packet.end);
    this.#mark = packet.mark;
  }

  /** What has changed since, field by field; then remembers the packet as it is now. */
  changes(packet: Packet, words: PacketWords): Change[] {
    const found: Change[] = [];
    if (packet.mark !== this.#mark) {
      found.push({ field: 'mark', before: hex(this.#mark), after: hex(packet.mark), computed: false });
      this.#mark = packet.mark;
    }
    if (!sameBytes(this.#bytes, packet)) {
      const before = this.#bytes;
      this.take(packet);
      found.push(...fieldChanges(words.dissectPacket(before), words.dissectPacket(this.#bytes)));
    }
    return found;
  }
}

type Fields = ReturnType<PacketWords['dissectPacket']>;

/** Fields whose values differ; one that only one side has is `(none)` on the other. */
function fieldChanges(before: Fields, after: Fields): Change[] {
  // A name may come more than once (two tags of one kind): the n-th of one side is compared with the n-th of the other.
  const known = numbered(before);
  const found: Change[] = [];
  const now = numbered(after);
  for (const [key, field] of now) {
    const old = known.get(key);
    known.delete(key);
    if (old?.value === field.value) continue;
    found.push({
      field: field.name,
      before: old?.value ?? NONE,
      after: field.value,
      computed: field.computed,
    });
  }
  for (const field of known.values()) {
    found.push({ field: field.name, before: field.value, after: NONE, computed: field.computed });
  }
  return found;
}

const NONE = '(none)';

function numbered(fields: Fields): Map<string, Fields[number]> {
  const map = new Map<string, Fields[number]>();
  for (const field of fields) {
    let key = field.name;
    for (let count = 2; map.has(key); count++) key = `${field.name} ${count}`;
    map.set(key, field);
  }
  return map;
}

function sameBytes(before: Uint8Array, packet: Packet): boolean {
  const { bytes, network, end } = packet;
  if (before.length !== end - network) return false;
  for (let at = 0; at < before.length; at++) if (before[at] !== bytes[network + at]) return false;
  return true;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
