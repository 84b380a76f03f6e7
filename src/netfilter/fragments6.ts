import {
  type FragmentQueue,
  type FragmentSettings,
  FragmentSizes,
  INSERTED,
  OVERLAP,
  Reassembly,
  reassembledEcn,
} from './fragments.ts';
import { DEFRAG_LOCAL } from './fragments4.ts';
import type { Packet } from './packet.ts';
import type { Timers } from './timers.ts';

const HEADER_LENGTH = 40;
const FRAGMENT_HEADER_LENGTH = 8;
const PAYLOAD_LENGTH = 4;
const SOURCE = 8;
const DESTINATION = 24;
const MAX_PAYLOAD = 65535;
const OFFSET_MASK = 0xfff8;
const MORE_FRAGMENTS = 1;
const KEY_WORDS = 11;

/** What {@link Fragments6.add} made of a fragment; a positive number is where a parameter problem points to. */
export const WHOLE = -1;
export const TAKEN = 0;
/** Only for those that gather for looking at packets: they have to drop it; {@link Fragments6.reason} says why. */
export const REFUSED = -2;

/** What the host does for IPv6 reassembly. */
export interface FragmentHost6 {
  readonly timers: Timers;
  readonly settings: FragmentSettings;
  /** Ends a packet's way, with the reason. */
  drop(packet: Packet, where: string, reason: string): void;
  release(packet: Packet): void;
  /** Time ran out and the first fragment is there: it comes with its user, and is to be released or sent on. */
  expired(first: Packet, user: number, inDevice: number): void;
  /** An unsigned 32-bit number. */
  random(): number;
}

/** Reassembly of IPv6 packets (net/ipv6/reassembly.c, net/ipv6/netfilter/nf_conntrack_reasm.c). */
export class Fragments6 {
  /** After WHOLE: where, counted from the IPv6 header, the next header field is that names what is at `transport`. */
  fieldAt = 0;
  /** After REFUSED: why. */
  reason = '';
  readonly #host: FragmentHost6;
  readonly #reassembly: Reassembly;
  readonly #key = new Int32Array(KEY_WORDS);
  #last: FragmentQueue | undefined;

  constructor(host: FragmentHost6) {
    this.#host = host;
    this.#reassembly = new Reassembly(
      host.timers,
      host.settings,
      host.release,
      (queue) => this.#expire(queue),
      host.random(),
    );
  }

  /** Packets whose fragments wait. */
  get waiting(): number {
    return this.#reassembly.waiting;
  }

  /** Bytes that the waiting fragments hold. */
  get memory(): number {
    return this.#reassembly.memory;
  }

  /**
   * Adds a fragment whose fragment header lies at `at` of its bytes and was named by the next header field at
   * `fieldAt`, counted from the IPv6 header. Fragments of one packet that different users gather do not meet.
   * WHOLE: `packet` is the whole packet now: without the fragment header, `transport` behind where it was, and
   * `fragmentMax` the size of the largest fragment. TAKEN: it waits for the others, or was dropped. REFUSED. Otherwise nothing
   * happened, and a parameter problem about this offset is to be sent.
   */
  add(packet: Packet, at: number, fieldAt: number, user: number): number {
    const { bytes, network } = packet;
    const key = this.#key;
    key[0] = user;
    key[1] = word(bytes, at + 4);
    for (let i = 0; i < 8; i++) key[2 + i] = word(bytes, network + SOURCE + 4 * i);
    key[10] = needsInterface(bytes, network + DESTINATION) ? packet.inDevice : 0;
    const queue = this.#reassembly.find(key);
    this.#last = queue;
    if (!queue) return this.#drop(packet, 'memory for fragments is used up');
    queue.inDevice = packet.inDevice;
    const field = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const offset = field & OFFSET_MASK;
    const headers = at + FRAGMENT_HEADER_LENGTH - network - HEADER_LENGTH;
    const payload = (bytes[network + PAYLOAD_LENGTH]! << 8) | bytes[network + PAYLOAD_LENGTH + 1]!;
    const end = offset + payload - headers;
    if (end > MAX_PAYLOAD || end < 0) return at + 2 - network;
    if ((field & MORE_FRAGMENTS) === 0) {
      if (end < queue.length || (queue.lastIn && end !== queue.length)) {
        return this.#refuse(queue, packet, 'a fragment lies behind the last one');
      }
      queue.lastIn = true;
      queue.length = end;
    } else {
      if ((end & 7) !== 0) return PAYLOAD_LENGTH;
      if (end > queue.length) {
        if (queue.lastIn) return this.#refuse(queue, packet, 'a fragment lies behind the last one');
        queue.length = end;
      }
    }
    if (end <= offset) return this.#refuse(queue, packet, 'a fragment without data');
    const start = at + FRAGMENT_HEADER_LENGTH;
    if (start + end - offset > packet.end) return this.#refuse(queue, packet, 'the fragment is cut off');
    packet.end = start + end - offset;
    const inserted = this.#reassembly.insert(queue, packet, start, offset, end);
    if (inserted === OVERLAP) return this.#discard(queue, packet, 'fragments overlap');
    if (inserted !== INSERTED) {
      this.#host.drop(packet, 'reassembly', 'duplicate fragment');
      return TAKEN;
    }
    queue.ecn |= 1 << ((bytes[network + 1]! >> 4) & 3);
    const size = packet.end - network;
    if (size > queue.maxSize) queue.maxSize = size;
    if (offset === 0) queue.extra = fieldAt;
    if (queue.complete) return this.#finish(queue, packet);
    packet.route = undefined;
    packet.sender = undefined;
    return TAKEN;
  }

  /** Gives up the packet of which a part was added last. */
  abandon(): void {
    if (this.#last) this.#reassembly.kill(this.#last);
  }

  #finish(queue: FragmentQueue, packet: Packet): number {
    const { route, inDevice } = packet;
    const piece = queue.head!;
    const first = piece.packet;
    const headers = piece.start - FRAGMENT_HEADER_LENGTH - first.network - HEADER_LENGTH;
    const payload = headers + queue.length;
    const ecn = reassembledEcn(queue.ecn);
    if (ecn < 0 || payload > MAX_PAYLOAD) {
      const reason = ecn < 0 ? 'the ECN bits of its fragments contradict' : 'longer than 65535 bytes';
      queue.pieces.splice(
        queue.pieces.findIndex((other) => other.packet === packet),
        1,
      );
      this.#reassembly.kill(queue);
      return this.#drop(packet, reason);
    }
    const fieldAt = queue.extra;
    const maxSize = queue.maxSize;
    removeFragmentHeader(first, piece.start - FRAGMENT_HEADER_LENGTH, fieldAt);
    const sizes = this.#reassembly.assemble(queue, packet, piece.start);
    if (queue.key[0] !== DEFRAG_LOCAL) {
      const kept = new FragmentSizes();
      kept.pieces = sizes;
      kept.headers = HEADER_LENGTH + headers;
      packet.control = kept;
    }
    packet.route = route;
    packet.inDevice = inDevice;
    packet.fragmentMax = maxSize;
    packet.transport = piece.start;
    const { bytes, network } = packet;
    bytes[network + 1]! |= ecn << 4;
    bytes[network + PAYLOAD_LENGTH] = payload >> 8;
    bytes[network + PAYLOAD_LENGTH + 1] = payload & 255;
    this.fieldAt = fieldAt;
    return WHOLE;
  }

  #expire(queue: FragmentQueue): void {
    const piece = this.#reassembly.take(queue);
    if (!piece) return;
    this.#host.expired(piece.packet, queue.key[0]!, queue.inDevice);
  }

  /** A fragment that contradicts what came: connection tracking only drops it, the host gives up all of them. */
  #refuse(queue: FragmentQueue, packet: Packet, reason: string): number {
    if (queue.key[0] === DEFRAG_LOCAL) this.#reassembly.kill(queue);
    return this.#drop(packet, reason);
  }

  #discard(queue: FragmentQueue, packet: Packet, reason: string): number {
    this.#reassembly.kill(queue);
    return this.#drop(packet, reason);
  }

  #drop(packet: Packet, reason: string): number {
    if (this.#key[0] !== DEFRAG_LOCAL) {
      this.reason = reason;
      return REFUSED;
    }
    this.#host.drop(packet, 'reassembly', reason);
    return TAKEN;
  }
}

/** Moves all that is before the fragment header up to where it ends, as the kernel does. */
function removeFragmentHeader(packet: Packet, at: number, fieldAt: number): void {
  const { bytes } = packet;
  bytes[packet.network + fieldAt] = bytes[at]!;
  const from = packet.link >= 0 ? packet.link : packet.network;
  bytes.copyWithin(from + FRAGMENT_HEADER_LENGTH, from, at);
  if (packet.link >= 0) packet.link += FRAGMENT_HEADER_LENGTH;
  packet.network += FRAGMENT_HEADER_LENGTH;
}

/** Fragments to a multicast or link-local address belong together only if they came by one interface. */
function needsInterface(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xff || (bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
