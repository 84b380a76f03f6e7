import type { FibEntry4, Flow4, NextHop4 } from './route4.ts';
import { typeError } from './route4.ts';

/** What a look-up found. Reused. */
export class FibResult4 {
  entry: FibEntry4 | undefined = undefined;
  hop: NextHop4 | undefined = undefined;
  hopIndex = 0;
  /** That of the policy rule that led here; 0 for none. */
  ruleRealm = 0;
}

/** The network part of an address. */
export function network(address: number, prefixLength: number): number {
  return prefixLength === 0 ? 0 : address & (-1 << (32 - prefixLength));
}

/**
 * One routing table: for each prefix length that occurs a map of networks. A look-up asks at most 33 maps, however
 * many routes there are (net/ipv4/fib_trie.c has a trie for the same).
 */
export class Fib4 {
  readonly id: number;
  readonly #byLength: (Map<number, FibEntry4[]> | undefined)[] = new Array(33).fill(undefined);

  constructor(id: number) {
    this.id = id;
  }

  /**
   * 0 and `result` filled in, or a negative error number: the route's own (blackhole …), or -EAGAIN if nothing fits
   * (fib_table_lookup).
   */
  lookup(flow: Flow4, result: FibResult4): number {
    for (let length = 32; length >= 0; length--) {
      const networks = this.#byLength[length];
      if (networks === undefined) continue;
      const entries = networks.get(network(flow.destination, length));
      if (entries === undefined) continue;
      for (const entry of entries) {
        if (entry.tos !== 0 && entry.tos !== flow.tos) continue;
        if (entry.scope < flow.scope) continue;
        const error = typeError(entry.type);
        if (error !== 0) {
          result.entry = entry;
          result.hop = undefined;
          return error;
        }
        const { nextHops } = entry;
        for (let i = 0; i < nextHops.length; i++) {
          const hop = nextHops[i]!;
          if (hop.dead || (flow.outDevice !== 0 && flow.outDevice !== hop.device)) continue;
          result.entry = entry;
          result.hop = hop;
          result.hopIndex = i;
          return 0;
        }
      }
    }
    return -11;
  }

  /** Routes to one network in their order: TOS first (more special ones before), then metric. */
  at(destination: number, prefixLength: number): readonly FibEntry4[] {
    return this.#byLength[prefixLength]?.get(destination) ?? [];
  }

  /** `append`: behind those of the same TOS and metric, else before them. */
  insert(entry: FibEntry4, append: boolean): void {
    let networks = this.#byLength[entry.prefixLength];
    if (!networks) {
      networks = new Map();
      this.#byLength[entry.prefixLength] = networks;
    }
    const entries = networks.get(entry.destination) ?? [];
    const goesBefore = (other: FibEntry4): boolean => {
      if (entry.tos !== other.tos) return entry.tos > other.tos;
      return entry.priority < other.priority || (entry.priority === other.priority && !append);
    };
    const at = entries.findIndex(goesBefore);
    networks.set(
      entry.destination,
      at < 0 ? [...entries, entry] : [...entries.slice(0, at), entry, ...entries.slice(at)],
    );
  }

  replace(old: FibEntry4, entry: FibEntry4): void {
    const entries = this.#byLength[old.prefixLength]?.get(old.destination);
    const at = entries?.indexOf(old) ?? -1;
    if (entries && at >= 0) entries[at] = entry;
  }

  remove(entry: FibEntry4): void {
    const networks = this.#byLength[entry.prefixLength];
    const left = networks?.get(entry.destination)?.filter((other) => other !== entry);
    if (!networks || !left) return;
    if (left.length > 0) networks.set(entry.destination, left);
    else networks.delete(entry.destination);
    if (networks.size === 0) this.#byLength[entry.prefixLength] = undefined;
  }

  /** All routes, by network as an unsigned number, the longest first: the order in which the kernel lists them. */
  list(): FibEntry4[] {
    const all: FibEntry4[] = [];
    for (const networks of this.#byLength)
      if (networks) for (const entries of networks.values()) all.push(...entries);
    return all.sort(
      (a, b) => (a.destination >>> 0) - (b.destination >>> 0) || b.prefixLength - a.prefixLength,
    );
  }

  get empty(): boolean {
    return this.#byLength.every((networks) => networks === undefined);
  }
}
