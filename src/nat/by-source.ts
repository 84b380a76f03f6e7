import { type Connection, type Translation, type Zone, zoneId } from '../conntrack/connection.ts';
import type { Conntrack } from '../conntrack/conntrack.ts';
import { ORIGINAL, sameSource, type Tuple } from '../conntrack/tuple.ts';

const FIRST_SIZE = 256;

/** What a connection keeps for NAT, made when first needed. */
export function translationOf(connection: Connection): Translation {
  connection.translation ??= {
    masqueradeDevice: 0,
    nextBySource: undefined,
    listed: false,
    sourceHash: 0,
  };
  return connection.translation;
}

/**
 * Connections by the source of their original direction, the newest first: who has a mapping gets the same again.
 * (nf_nat_bysource)
 */
export class BySource {
  readonly #conntrack: Conntrack;
  #buckets: (Connection | undefined)[] = new Array<Connection | undefined>(FIRST_SIZE).fill(undefined);
  #count = 0;

  constructor(conntrack: Conntrack) {
    this.#conntrack = conntrack;
  }

  add(connection: Connection): void {
    const translation = translationOf(connection);
    if (translation.listed) return;
    if (this.#count >= this.#buckets.length * 2) this.#grow();
    translation.sourceHash = this.#conntrack.hash.ofSource(connection.original);
    translation.listed = true;
    this.#put(connection, translation);
    this.#count++;
  }

  remove(connection: Connection): void {
    const { translation } = connection;
    if (!translation?.listed) return;
    translation.listed = false;
    this.#count--;
    const bucket = translation.sourceHash & (this.#buckets.length - 1);
    let other = this.#buckets[bucket];
    if (other === connection) {
      this.#buckets[bucket] = translation.nextBySource;
    } else {
      while (other !== undefined && other.translation!.nextBySource !== connection) {
        other = other.translation!.nextBySource;
      }
      if (other !== undefined) other.translation!.nextBySource = translation.nextBySource;
    }
    translation.nextBySource = undefined;
  }

  /** Asks `take` about each connection with this source in this zone, until it answers true. */
  find(tuple: Tuple, zone: Zone, take: (connection: Connection) => boolean): boolean {
    const hash = this.#conntrack.hash.ofSource(tuple);
    const id = zoneId(zone, ORIGINAL);
    let connection = this.#buckets[hash & (this.#buckets.length - 1)];
    while (connection !== undefined) {
      const { original } = connection;
      if (
        original.protocol === tuple.protocol &&
        original.zone === id &&
        sameSource(original, tuple) &&
        take(connection)
      ) {
        return true;
      }
      connection = connection.translation!.nextBySource;
    }
    return false;
  }

  #put(connection: Connection, translation: Translation): void {
    const bucket = translation.sourceHash & (this.#buckets.length - 1);
    translation.nextBySource = this.#buckets[bucket];
    this.#buckets[bucket] = connection;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<Connection | undefined>(old.length * 4).fill(undefined);
    for (const first of old) {
      // Turned round twice, each chain keeps its order.
      const chain: Connection[] = [];
      for (let one = first; one !== undefined; one = one.translation!.nextBySource) chain.push(one);
      for (let i = chain.length - 1; i >= 0; i--) this.#put(chain[i]!, chain[i]!.translation!);
    }
  }
}
