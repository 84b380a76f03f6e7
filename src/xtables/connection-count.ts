import type { Connection, Zone } from '../conntrack/connection.ts';
import { DEFAULT_ZONE, STATUS, zoneId } from '../conntrack/connection.ts';
import type { Conntrack } from '../conntrack/conntrack.ts';
import { transportOf } from '../conntrack/transport.ts';
import { ORIGINAL, sameTuple, Tuple } from '../conntrack/tuple.ts';
import { hashList } from '../netfilter/jhash.ts';
import type { Packet } from '../netfilter/packet.ts';
import { attached } from './connection-state.ts';

/** Entries that one look through a list may throw away, and lists that one new key looks through besides. */
const MOST_COLLECTED = 64;
const SWEPT_PER_KEY = 2;

/** A connection that was counted: it may be gone since. */
interface Counted {
  readonly tuple: Tuple;
  readonly zone: Zone;
}

/** The connections of one key. */
class List {
  readonly words: readonly number[];
  readonly hash: number;
  entries: Counted[] = [];
  next: List | undefined = undefined;

  constructor(words: readonly number[], hash: number) {
    this.words = words;
    this.hash = hash;
  }
}

/**
 * Counts living connections by a key (net/netfilter/nf_conncount.c). It remembers the tuples it has seen and asks the
 * table whether they are still there; TCP connections in TIME_WAIT or CLOSE do not count. The kernel does not look
 * twice in one tick of its clock, and may count a connection twice then; this one always looks.
 */
export class ConnectionCount {
  readonly #connections: Conntrack;
  readonly #seed: number;
  readonly #buckets = new Map<number, List>();
  readonly #tuple = new Tuple();
  #sweep: Iterator<List> = this.#buckets.values();

  constructor(connections: Conntrack, seed: number) {
    this.#connections = connections;
    this.#seed = seed;
  }

  /** How many keys it remembers. */
  get size(): number {
    let size = 0;
    for (const first of this.#buckets.values()) {
      for (let list: List | undefined = first; list; list = list.next) size++;
    }
    return size;
  }

  /** Counts the packet's connection with its key, and answers how many there are; 0 if it has no tuple. */
  count(packet: Packet, words: readonly number[]): number {
    const list = this.#find(words);
    if (list !== undefined) return this.#add(packet, list);
    const found = this.#read(packet);
    if (found === undefined) return 0;
    this.#tidy();
    const made = new List([...words], this.#hash(words));
    made.entries.push({ tuple: copyOf(found.tuple), zone: found.zone });
    made.next = this.#buckets.get(made.hash);
    this.#buckets.set(made.hash, made);
    return 1;
  }

  #hash(words: readonly number[]): number {
    return hashList(words, this.#seed);
  }

  #find(words: readonly number[]): List | undefined {
    for (let list = this.#buckets.get(this.#hash(words)); list; list = list.next) {
      if (sameWords(list.words, words)) return list;
    }
    return undefined;
  }

  /** (__nf_conncount_add) */
  #add(packet: Packet, list: List): number {
    const found = this.#read(packet);
    if (found === undefined) return 0;
    const { tuple, zone } = found;
    if (found.isAssured) {
      // It was counted when it began, or began before anybody counted.
      this.#collect(list);
      return list.entries.length;
    }
    if (!this.#isCounted(list, tuple, zone)) list.entries.push({ tuple: copyOf(tuple), zone });
    return list.entries.length;
  }

  /** Is the tuple in the list? What is gone or closed leaves the list on the way. */
  #isCounted(list: List, tuple: Tuple, zone: Zone): boolean {
    const { entries } = list;
    let kept = 0;
    let at = 0;
    let counted = false;
    while (at < entries.length) {
      if (at - kept > MOST_COLLECTED) break;
      const entry = entries[at++]!;
      const living = this.#connections.findHandle(entry.tuple, entry.zone)?.connection;
      if (living === undefined) continue;
      if (sameTuple(entry.tuple, tuple) && zoneId(living.zone, ORIGINAL) === zoneId(zone, ORIGINAL)) {
        entries[kept++] = entry;
        counted = true;
        break;
      }
      if (!this.#isClosed(living)) entries[kept++] = entry;
    }
    entries.splice(kept, at - kept);
    return counted;
  }

  /** Throws away what is gone or closed. (nf_conncount_gc_list) */
  #collect(list: List): void {
    let collected = 0;
    list.entries = list.entries.filter(({ tuple, zone }) => {
      if (collected > MOST_COLLECTED) return true;
      const living = this.#connections.findHandle(tuple, zone)?.connection;
      if (living !== undefined && !this.#isClosed(living)) return true;
      collected++;
      return false;
    });
  }

  /** (already_closed) */
  #isClosed(connection: Connection): boolean {
    if (connection.original.protocol !== 6) return false;
    const state = this.#connections.trackerOf(6).stateName?.(connection);
    return state === 'TIME_WAIT' || state === 'CLOSE';
  }

  /** The tuple by which the packet's connection is counted. (get_ct_or_tuple_from_skb) */
  #read(packet: Packet): (Counted & { readonly isAssured: boolean }) | undefined {
    const known = attached(packet);
    if (known !== undefined && !known.isTemplate) {
      return { tuple: known.original, zone: known.zone, isAssured: isAssured(known) };
    }
    const { bytes, network, end, family } = packet;
    const transport = transportOf(bytes, network, end, family);
    if (transport === undefined) return undefined;
    const { protocol, offset } = transport;
    const tuple = this.#tuple;
    tuple.readAddresses(bytes, network, family);
    tuple.protocol = protocol;
    tuple.sourcePart = 0;
    tuple.destinationPart = 0;
    if (!this.#connections.trackerOf(protocol).readTuple(packet, offset, tuple)) return undefined;
    const zone = known?.zone ?? DEFAULT_ZONE;
    const living = this.#connections.findHandle(tuple, zone)?.connection;
    return { tuple, zone, isAssured: living !== undefined && isAssured(living) };
  }

  /** Before a key is added others are looked through, so that keys of the past do not pile up. */
  #tidy(): void {
    for (let i = 0; i < SWEPT_PER_KEY; i++) {
      const { value, done } = this.#sweep.next();
      if (done) {
        this.#sweep = this.#buckets.values();
        return;
      }
      for (let list: List | undefined = value; list; list = list.next) this.#collect(list);
      this.#keepFull(value);
    }
  }

  /** Drops the empty lists of a bucket. */
  #keepFull(first: List): void {
    let kept: List | undefined;
    for (let list: List | undefined = first; list; ) {
      const next: List | undefined = list.next;
      if (list.entries.length > 0) {
        list.next = kept;
        kept = list;
      }
      list = next;
    }
    if (kept) this.#buckets.set(first.hash, kept);
    else this.#buckets.delete(first.hash);
  }
}

function sameWords(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function isAssured({ confirmed, status }: Connection): boolean {
  return confirmed && (status & STATUS.ASSURED) !== 0;
}

function copyOf(tuple: Tuple): Tuple {
  const copy = new Tuple();
  copy.copyFrom(tuple);
  return copy;
}
