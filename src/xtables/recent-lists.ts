import type { Family } from '../netfilter/constants.ts';
import { hashList } from '../netfilter/jhash.ts';
import type { WideMask } from './hosts.ts';

/** Defaults of the module's parameters: most addresses of a list, and packets remembered of each where no rule asks. */
export const MOST_ADDRESSES = 100;
const STAMPS = 32;
const BUCKETS = 128;

/** When an address was seen last, in ticks of 1/250 s. (struct recent_entry) */
export class RecentEntry {
  readonly family: Family;
  /** Four words; IPv4 has the first. */
  readonly address: readonly number[];
  /** Time to live of the packet that was seen last. */
  ttl: number;
  /** The last packets, a ring: `index` is behind the newest. */
  readonly stamps: number[];
  index = 1;
  readonly bucket: number;

  constructor(family: Family, address: readonly number[], ttl: number, now: number, bucket: number) {
    this.family = family;
    this.address = address;
    this.ttl = ttl;
    this.stamps = [now];
    this.bucket = bucket;
  }

  /** Tick of the packet that was seen last. */
  get last(): number {
    return this.stamps[this.index - 1]!;
  }
}

/** A list of addresses that rules share by its name. (struct recent_table) */
export class RecentList {
  readonly name: string;
  readonly mask: WideMask;
  /** Rules that use it. */
  users = 1;
  /** Packets remembered of each address, less one: one less than a power of two. */
  #ring: number;
  readonly #seed: number;
  readonly #buckets: RecentEntry[][] = Array.from({ length: BUCKETS }, () => []);
  /** All of them, the one that was not seen for longest first. */
  readonly #oldest = new Set<RecentEntry>();
  readonly #words = [0, 0, 0, 0];

  constructor(name: string, mask: WideMask, stamps: number, seed: number) {
    this.name = name;
    this.mask = mask;
    this.#ring = stamps - 1;
    this.#seed = seed;
  }

  /** The addresses, the one that was not seen for longest first. */
  entries(): IterableIterator<RecentEntry> {
    return this.#oldest.values();
  }

  get size(): number {
    return this.#oldest.size;
  }

  /** A rule wants so many packets remembered: if that is more than before, the list is emptied. */
  remember(stamps: number): void {
    if (stamps - 1 <= this.#ring) return;
    this.flush();
    this.#ring = stamps - 1;
  }

  flush(): void {
    for (const bucket of this.#buckets) bucket.length = 0;
    this.#oldest.clear();
  }

  /** An address, as it lies in a packet, that was seen; `ttl` 0 for any. (recent_entry_lookup) */
  find(family: Family, address: readonly number[], ttl: number): RecentEntry | undefined {
    const words = this.#masked(address);
    for (const entry of this.#buckets[this.#bucket(words)]!) {
      const seen = entry.address;
      if (entry.family !== family) continue;
      if (seen[0] !== words[0] || seen[1] !== words[1] || seen[2] !== words[2] || seen[3] !== words[3])
        continue;
      if (ttl === entry.ttl || ttl === 0 || entry.ttl === 0) return entry;
    }
    return undefined;
  }

  /** A new address, in place of the one that was not seen for longest if the list is full. (recent_entry_init) */
  add(family: Family, address: readonly number[], ttl: number, now: number): RecentEntry {
    if (this.#oldest.size >= MOST_ADDRESSES) {
      for (const first of this.#oldest) {
        this.remove(first);
        break;
      }
    }
    const words = [...this.#masked(address)];
    const entry = new RecentEntry(family, words, ttl, now, this.#bucket(words));
    this.#buckets[entry.bucket]!.push(entry);
    this.#oldest.add(entry);
    return entry;
  }

  /** Seen again. (recent_entry_update) */
  update(entry: RecentEntry, ttl: number, now: number): void {
    entry.index &= this.#ring;
    entry.stamps[entry.index++] = now;
    entry.ttl = ttl;
    this.#oldest.delete(entry);
    this.#oldest.add(entry);
  }

  remove(entry: RecentEntry): void {
    const bucket = this.#buckets[entry.bucket]!;
    bucket.splice(bucket.indexOf(entry), 1);
    this.#oldest.delete(entry);
  }

  /**
   * Removes the one that was not seen for longest, if that was before `time`; not `working`, which is about to be
   * updated. (recent_entry_reap)
   */
  reap(time: number, working: RecentEntry | undefined): void {
    for (const first of this.#oldest) {
      if (first !== working && time > first.last) this.remove(first);
      return;
    }
  }

  #masked(address: readonly number[]): readonly number[] {
    const words = this.#words;
    for (let i = 0; i < 4; i++) words[i] = (address[i] ?? 0) & this.mask[i]!;
    return words;
  }

  #bucket(words: readonly number[]): number {
    return hashList(words, this.#seed) & (BUCKETS - 1);
  }
}

/** The lists of a host, by name: what /proc/net/xt_recent shows. */
export class RecentLists {
  readonly #lists = new Map<string, RecentList>();

  /** The key for `environment.shared`. */
  static create(): RecentLists {
    return new RecentLists();
  }

  get(name: string): RecentList | undefined {
    return this.#lists.get(name);
  }

  all(): IterableIterator<RecentList> {
    return this.#lists.values();
  }

  /**
   * A rule begins to use a list, which is made if there is none of that name: the mask is that of the first rule.
   * `hits` is how many packets the rule asks for, 0 if it does not. (recent_mt_check)
   */
  use(name: string, mask: WideMask, hits: number, seed: () => number): RecentList {
    const stamps = hits === 0 ? STAMPS : 2 ** Math.ceil(Math.log2(hits));
    const known = this.#lists.get(name);
    if (known) {
      known.remember(stamps);
      known.users++;
      return known;
    }
    const made = new RecentList(name, mask, stamps, seed());
    this.#lists.set(name, made);
    return made;
  }

  /** A rule is gone; with the last one goes the list. */
  release(list: RecentList): void {
    if (--list.users === 0) this.#lists.delete(list.name);
  }
}
