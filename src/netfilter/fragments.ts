import type { Packet } from './packet.ts';
import type { Timers } from './timers.ts';

/** What {@link Reassembly.insert} made of a fragment. */
export const INSERTED = 0;
/** All of its bytes are there already: it is dropped, the others go on waiting. */
export const DUPLICATE = 1;
/** It overlaps others: all of them are to be dropped (RFC 5722; Linux does so for IPv4, too). */
export const OVERLAP = 2;
export type Inserted = typeof INSERTED | typeof DUPLICATE | typeof OVERLAP;

/** How the host bounds reassembly; asked at each use, since an administrator may change it. */
export interface FragmentSettings {
  /** Microseconds that the fragments of one packet may take. */
  timeout(): number;
  /** Bytes that all waiting fragments may hold; beyond that new ones are dropped. */
  highThreshold(): number;
}

/** What packets keep in `control`: the sizes in which a reassembled one leaves again. */
export class FragmentSizes {
  /** Bytes of payload of each fragment in order; empty if the packet was whole, or is for the host itself. */
  pieces: readonly number[] = [];
  /** IPv6: bytes of headers that stood before the fragment header, the IPv6 header included. */
  headers = 0;

  /** The first `length` bytes of payload are to lie in one piece, because they are changed there (pskb_may_pull). */
  pull(length: number): void {
    const [first = 0] = this.pieces;
    if (this.pieces.length < 2 || first >= length) return;
    const pieces = [...this.pieces];
    while (pieces.length > 1 && pieces[0]! < length) {
      const taken = Math.min(length - pieces[0]!, pieces[1]!);
      pieces[0] = pieces[0]! + taken;
      if (taken === pieces[1]) pieces.splice(1, 1);
      else pieces[1] = pieces[1]! - taken;
    }
    this.pieces = pieces;
  }
}

interface Piece {
  readonly packet: Packet;
  /** Where the payload begins in the packet's bytes. */
  readonly start: number;
  readonly offset: number;
  readonly end: number;
  /** End of the run of fragments that came one after the other and begin here; 0 if this one does not begin a run. */
  runEnd: number;
}

/** The kernel counts the buffer's bookkeeping (truesize), too; without it empty fragments would cost nothing. */
const OVERHEAD = 832;

/** Fragments of one packet that wait for the rest (struct inet_frag_queue). */
export class FragmentQueue {
  readonly key: Int32Array;
  readonly hash: number;
  readonly pieces: Piece[] = [];
  /** Length of the whole payload as far as it is known: the farthest end seen. */
  length = 0;
  /** Bytes of payload that are there. */
  received = 0;
  firstIn = false;
  lastIn = false;
  /** Largest fragment, headers included; and the largest with DF. */
  maxSize = 0;
  maxDfSize = 0;
  /** Union of `1 << ECN bits` of all fragments. */
  ecn = 0;
  /** Interface by which the last one came. */
  inDevice = 0;
  /** IPv4: number of the source's fragments that had come when this queue got its last one. */
  distance = 0;
  /** What the family keeps with it (IPv6: where the fragment header was). */
  extra = 0;
  memory = 0;
  /** When its time is over, in microseconds of the host's clock. */
  due = 0;
  dead = false;

  constructor(key: Int32Array, hash: number) {
    this.key = key;
    this.hash = hash;
  }

  /** The piece at offset 0; only good while {@link firstIn}. */
  get head(): Piece | undefined {
    return this.pieces[0];
  }

  get complete(): boolean {
    return this.firstIn && this.lastIn && this.received === this.length;
  }
}

/** What the fragments of one packet have in common decides the ECN bits of the whole (RFC 3168 §5.3); -1: dropped. */
export function reassembledEcn(seen: number): number {
  const notCapable = (seen & 1) !== 0;
  if (notCapable && seen !== 1) return -1;
  return (seen & 8) !== 0 && seen !== 8 ? 3 : 0;
}

/**
 * The queues of one family (net/ipv4/inet_fragment.c). Packets given to it are its own until they are taken out, or
 * released when their queue is killed or runs out of time.
 */
export class Reassembly {
  readonly #timers: Timers;
  readonly #settings: FragmentSettings;
  readonly #release: (packet: Packet) => void;
  readonly #expired: (queue: FragmentQueue) => void;
  readonly #queues = new Map<number, FragmentQueue[]>();
  // Queues by when their time is over.
  readonly #due = new Map<number, Set<FragmentQueue>>();
  readonly #seed: number;
  #memory = 0;
  #count = 0;

  /**
   * `expired` is called when a queue has run out of time, before its fragments are released; it may {@link take}
   * them. `seed` makes it hard to choose keys that fall together.
   */
  constructor(
    timers: Timers,
    settings: FragmentSettings,
    release: (packet: Packet) => void,
    expired: (queue: FragmentQueue) => void,
    seed: number,
  ) {
    this.#timers = timers;
    this.#settings = settings;
    this.#release = release;
    this.#expired = expired;
    this.#seed = seed | 0;
  }

  /** Packets whose fragments wait. */
  get waiting(): number {
    return this.#count;
  }

  /** Bytes that the waiting fragments hold. */
  get memory(): number {
    return this.#memory;
  }

  /** The queue of a key, made if there is none; undefined when the memory for fragments is used up. */
  find(key: Int32Array): FragmentQueue | undefined {
    if (this.#memory > this.#settings.highThreshold()) return undefined;
    const hash = this.#hash(key);
    const bucket = this.#queues.get(hash);
    const found = bucket?.find((queue) => sameKey(queue.key, key));
    if (found) return found;
    const queue = new FragmentQueue(key.slice(), hash);
    if (bucket) bucket.push(queue);
    else this.#queues.set(hash, [queue]);
    this.#count++;
    this.restart(queue);
    return queue;
  }

  /** Gives a queue its full time again. */
  restart(queue: FragmentQueue): void {
    const due = this.#timers.now + Math.max(0, this.#settings.timeout());
    this.#due.get(queue.due)?.delete(queue);
    queue.due = due;
    const together = this.#due.get(due);
    if (together) {
      together.add(queue);
      return;
    }
    this.#due.set(due, new Set([queue]));
    this.#timers.schedule(due - this.#timers.now, () => this.#expire(due));
  }

  /** The kernel's timers that are due together run the youngest first (kernel/time/timer.c). */
  #expire(due: number): void {
    const over = [...(this.#due.get(due) ?? [])].reverse();
    this.#due.delete(due);
    for (const queue of over) {
      if (queue.dead) continue;
      this.#forget(queue);
      this.#expired(queue);
      this.#clear(queue);
    }
  }

  /**
   * Puts the bytes `offset` to `end` of a packet, which lie at `start` of its buffer, into a queue. Unless it answers
   * INSERTED, the packet stays the caller's (inet_frag_queue_insert: what came in order forms runs; a fragment within
   * one run is a duplicate, one that reaches beyond is an overlap even if every byte is known).
   */
  insert(queue: FragmentQueue, packet: Packet, start: number, offset: number, end: number): Inserted {
    const pieces = queue.pieces;
    const last = pieces[pieces.length - 1];
    const piece: Piece = { packet, start, offset, end, runEnd: end };
    if (!last || last.end < end) {
      if (last && offset < last.end) return OVERLAP;
      if (last && offset === last.end) {
        piece.runEnd = 0;
        lastRun(pieces).runEnd = end;
      }
      pieces.push(piece);
    } else {
      let low = 0;
      let high = pieces.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (pieces[middle]!.offset < end) low = middle + 1;
        else high = middle;
      }
      // Everything from `low` on begins at or behind our end. What could touch us is the run before it.
      let before = low - 1;
      while (before >= 0 && pieces[before]!.runEnd === 0) before--;
      const run = pieces[before];
      if (run && offset < run.runEnd) {
        return offset >= run.offset && end <= run.runEnd ? DUPLICATE : OVERLAP;
      }
      pieces.splice(low, 0, piece);
    }
    queue.received += end - offset;
    if (offset === 0) queue.firstIn = true;
    const memory = end - offset + OVERHEAD;
    queue.memory += memory;
    this.#memory += memory;
    return INSERTED;
  }

  /** Drops a queue with all that waits in it. */
  kill(queue: FragmentQueue): void {
    this.#forget(queue);
    this.#clear(queue);
  }

  /** Empties a queue, which goes on as a new one (ip_frag_reinit). */
  reset(queue: FragmentQueue): void {
    this.#clear(queue);
    queue.length = 0;
    queue.received = 0;
    queue.firstIn = false;
    queue.lastIn = false;
    queue.maxSize = 0;
    queue.maxDfSize = 0;
    queue.ecn = 0;
    queue.inDevice = 0;
    this.restart(queue);
  }

  /** Takes the piece at offset 0 out of a queue: it is the caller's now. */
  take(queue: FragmentQueue): Piece | undefined {
    return queue.firstIn ? queue.pieces.shift() : undefined;
  }

  /**
   * Makes `whole`, which is one of the pieces, the packet that all of them were: what lies from its `network` to
   * `headerEnd` of the first fragment, then the payload. Its fields become those of the first fragment. Ends the queue;
   * the other pieces are released. Answers the sizes of the pieces.
   */
  assemble(queue: FragmentQueue, whole: Packet, headerEnd: number): readonly number[] {
    const { pieces } = queue;
    const first = pieces[0]!.packet;
    const sizes = pieces.map((piece) => piece.end - piece.offset);
    const ownIndex = pieces.findIndex((piece) => piece.packet === whole);
    const own = pieces[ownIndex]!;
    const ownPayload =
      first === whole ? undefined : whole.bytes.slice(own.start, own.start + sizes[ownIndex]!);
    if (first !== whole) {
      const { id, cause } = whole;
      whole.copyFrom(first);
      whole.id = id;
      whole.cause = cause;
    }
    const payload = headerEnd;
    whole.end = payload + sizes[0]!;
    whole.resize(payload - whole.network + queue.length);
    for (let i = 1; i < pieces.length; i++) {
      const { packet, start, offset } = pieces[i]!;
      const bytes =
        packet === whole && ownPayload ? ownPayload : packet.bytes.subarray(start, start + sizes[i]!);
      whole.bytes.set(bytes, payload + offset);
    }
    pieces.splice(ownIndex, 1);
    this.kill(queue);
    return sizes;
  }

  #hash(key: Int32Array): number {
    let hash = this.#seed;
    for (const word of key) {
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #forget(queue: FragmentQueue): void {
    if (queue.dead) return;
    queue.dead = true;
    this.#due.get(queue.due)?.delete(queue);
    this.#count--;
    const bucket = this.#queues.get(queue.hash);
    if (!bucket) return;
    bucket.splice(bucket.indexOf(queue), 1);
    if (bucket.length === 0) this.#queues.delete(queue.hash);
  }

  #clear(queue: FragmentQueue): void {
    this.#memory -= queue.memory;
    queue.memory = 0;
    for (const { packet } of queue.pieces) this.#release(packet);
    queue.pieces.length = 0;
  }
}

function lastRun(pieces: readonly Piece[]): Piece {
  let at = pieces.length - 1;
  while (at > 0 && pieces[at]!.runEnd === 0) at--;
  return pieces[at]!;
}

function sameKey(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
