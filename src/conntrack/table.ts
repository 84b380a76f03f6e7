import type { Connection } from './connection.ts';
import type { TupleHash } from './hash.ts';
import { type Handle, sameTuple, type Tuple } from './tuple.ts';

const FIRST_SIZE = 1024;
/** How many buckets are looked through for an entry to drop early (NF_CT_EVICTION_RANGE). */
const EVICTION_RANGE = 8;

/** The index of connections: both handles of each in buckets of a keyed hash. Knows no time and no limit. */
export class ConnectionTable {
  readonly #hash: TupleHash;
  #buckets: (Handle | undefined)[] = new Array<Handle | undefined>(FIRST_SIZE).fill(undefined);
  #mask = FIRST_SIZE - 1;
  #handles = 0;

  constructor(hash: TupleHash) {
    this.#hash = hash;
  }

  get buckets(): number {
    return this.#mask + 1;
  }

  /**
   * The handle that a packet with this tuple belongs to. `original` and `reply` are the zone's ids: a handle must be of
   * the zone that holds in its own direction.
   */
  find(tuple: Tuple, original: number, reply: number): Handle | undefined {
    const hash = this.#hash.of(tuple);
    let handle = this.#buckets[hash & this.#mask];
    while (handle !== undefined) {
      if (
        handle.hash === hash &&
        handle.zone === (handle.direction === 0 ? original : reply) &&
        sameTuple(handle, tuple)
      ) {
        return handle;
      }
      handle = handle.next;
    }
    return undefined;
  }

  insert(connection: Connection): void {
    this.#add(connection.original);
    this.#add(connection.reply);
    if (this.#handles > this.#mask) this.#grow();
  }

  /** Only the answers are found: for a connection whose original direction another one takes. */
  insertReply(connection: Connection): void {
    this.#add(connection.reply);
  }

  remove(connection: Connection): void {
    this.#unlink(connection.original);
    this.#unlink(connection.reply);
  }

  /** A handle in one of the buckets behind that of `tuple` whose connection `may` be dropped. */
  victim(tuple: Tuple, may: (connection: Connection) => boolean): Connection | undefined {
    const first = this.#hash.of(tuple);
    for (let i = 0; i < EVICTION_RANGE; i++) {
      let handle = this.#buckets[(first + i) & this.#mask];
      while (handle !== undefined) {
        if (may(handle.connection)) return handle.connection;
        handle = handle.next;
      }
    }
    return undefined;
  }

  #add(handle: Handle): void {
    const hash = this.#hash.of(handle);
    handle.hash = hash;
    const bucket = hash & this.#mask;
    handle.next = this.#buckets[bucket];
    this.#buckets[bucket] = handle;
    this.#handles++;
  }

  #unlink(handle: Handle): void {
    const bucket = handle.hash & this.#mask;
    let other = this.#buckets[bucket];
    if (other === handle) {
      this.#buckets[bucket] = handle.next;
    } else {
      while (other !== undefined && other.next !== handle) other = other.next;
      if (other === undefined) return;
      other.next = handle.next;
    }
    handle.next = undefined;
    this.#handles--;
  }

  #grow(): void {
    const old = this.#buckets;
    const size = old.length * 2;
    this.#buckets = new Array<Handle | undefined>(size).fill(undefined);
    this.#mask = size - 1;
    for (let handle of old) {
      while (handle !== undefined) {
        const next: Handle | undefined = handle.next;
        const bucket = handle.hash & this.#mask;
        handle.next = this.#buckets[bucket];
        this.#buckets[bucket] = handle;
        handle = next;
      }
    }
  }
}
