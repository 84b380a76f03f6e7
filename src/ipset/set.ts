import type { Family } from '../netfilter/constants.ts';
import { hashList } from '../netfilter/jhash.ts';
import type { SetType } from './types.ts';

/** Why something failed; `ipset/texts.ts` of the commands says it in words. */
export type SetError =
  | 'EXIST'
  | 'MISSING'
  | 'FULL'
  | 'RANGE'
  | 'LOOP'
  | 'NAME'
  | 'NAMEREF'
  | 'CIDR'
  | 'REF_EXIST';

/** What `create` was given. */
export interface SetSettings {
  readonly family: 0 | Family;
  /** Seconds; undefined without timeouts. */
  readonly timeout: number | undefined;
  readonly counters: boolean;
  readonly comment: boolean;
  readonly skbinfo: boolean;
  readonly forceadd: boolean;
  readonly hashsize: number;
  readonly maxelem: number;
  readonly bucketsize: number;
  readonly initval: number;
  /** Length of the prefix that counts of the addresses; undefined for all of it. */
  readonly netmask: number | undefined;
  /** Bits of the addresses that count, as words. */
  readonly bitmask: readonly number[] | undefined;
  readonly markmask: number;
  /** First and last value of a bitmap, unsigned. */
  readonly first: number;
  readonly last: number;
  /** Places of a list. */
  readonly size: number;
}

/** What travels with an element. */
export interface Extras {
  /** Seconds; undefined for the set's own. */
  readonly timeout?: number;
  readonly packets?: number;
  readonly bytes?: number;
  readonly comment?: string;
  readonly skbmark?: number;
  readonly skbmask?: number;
  readonly skbprio?: number;
  readonly skbqueue?: number;
  readonly nomatch?: boolean;
}

/** What an element is found by. */
export interface Key {
  /** Addresses, prefix lengths, ports, marks in the order of the type's parts. */
  readonly words: number[];
  /** Interface; '' if the type has none. */
  iface: string;
  physdev: boolean;
  wildcard: boolean;
  /** Hardware address of bitmap:ip,mac as two words; undefined if it is not known. */
  mac: readonly [number, number] | undefined;
}

/** An element of a set. Of one shape, whatever the type. */
export class Entry implements Key {
  readonly words: number[];
  iface: string;
  physdev: boolean;
  wildcard: boolean;
  mac: readonly [number, number] | undefined;
  /** Microseconds of the host's clock; 0 for never. */
  expires = 0;
  packets = 0;
  bytes = 0;
  comment = '';
  skbmark = 0;
  skbmask = 0;
  skbprio = 0;
  skbqueue = 0;
  nomatch = false;
  /** The set of a list:set. */
  slot: object | undefined = undefined;
  next: Entry | undefined = undefined;

  constructor(key: Key) {
    this.words = [...key.words];
    this.iface = key.iface;
    this.physdev = key.physdev;
    this.wildcard = key.wildcard;
    this.mac = key.mac;
  }
}

/** Time of an element that a set has none of. */
const MICROSECONDS = 1_000_000;
/** Bits of the largest prefix. */
const BITS = { 0: 32, 4: 32, 6: 128 } as const;

/** A set and its elements; what is over stays until somebody looks, and is never seen. */
export class IpSet {
  readonly type: SetType;
  readonly settings: SetSettings;
  /** Elements of a list, in order; unused by the others. */
  readonly list: Entry[] = [];
  /** Where in the words the prefix lengths stand, and how many elements have each length. */
  readonly #cidrs: readonly { readonly at: number; readonly words: number; readonly count: Int32Array }[];
  /** Lengths that are there, the longest first, for each of `#cidrs`. */
  readonly #lengths: number[][] = [];
  readonly #seed: number;
  #buckets: (Entry | undefined)[] = new Array<Entry | undefined>(64).fill(undefined);
  #count = 0;
  readonly #scratch: Key = { words: [], iface: '', physdev: false, wildcard: false, mac: undefined };

  constructor(type: SetType, settings: SetSettings, seed: number) {
    this.type = type;
    this.settings = settings;
    this.#seed = seed;
    const wide = settings.family === 6 ? 4 : 1;
    const cidrs: { at: number; words: number; count: Int32Array }[] = [];
    let at = 0;
    for (const part of type.parts) {
      at += part === 'ip' || part === 'net' ? wide : part === 'mac' ? 2 : 1;
      if (part !== 'net') continue;
      cidrs.push({ at, words: wide, count: new Int32Array(BITS[settings.family] + 1) });
      this.#lengths.push([]);
      at++;
    }
    this.#cidrs = cidrs;
  }

  /** Bits of an address. */
  get bits(): number {
    return BITS[this.settings.family];
  }

  /** The longest prefix there is, of the first network part; the kernel adds packets' addresses with it. */
  longest(which: number): number {
    return this.#lengths[which]?.[0] ?? this.bits;
  }

  /** The elements that are not over. */
  *entries(now: number): IterableIterator<Entry> {
    if (this.type.method === 'list') {
      for (const entry of this.list) if (!isOver(entry, now)) yield entry;
      return;
    }
    for (const first of this.#buckets) {
      for (let entry = first; entry; entry = entry.next) if (!isOver(entry, now)) yield entry;
    }
  }

  /** The element of exactly this key. */
  exact(key: Key, now: number): Entry | undefined {
    for (let entry = this.#buckets[this.#bucket(key.words)]; entry; entry = entry.next) {
      if (!sameWords(entry.words, key.words) || isOver(entry, now)) continue;
      if (entry.iface === key.iface && entry.wildcard === key.wildcard) return entry;
    }
    return undefined;
  }

  /**
   * The element that an address falls into: prefix lengths are tried from the longest, the first part's outermost (net/
   * netfilter/ipset/ip_set_hash_gen.h mtype_test_cidrs). Elements whose counters or so do not fit (`accepts`) are passed over.
   */
  find(key: Key, now: number, accepts?: (entry: Entry) => boolean): Entry | undefined {
    if (this.#cidrs.length === 0) {
      const found = this.#lookup(key, now);
      return found && (!accepts || found.nomatch || accepts(found)) ? found : undefined;
    }
    const { words } = this.#scratch;
    this.#scratch.iface = key.iface;
    const [one, two] = this.#cidrs;
    for (const length of this.#lengths[0]!) {
      copy(words, key.words);
      narrow(words, one!.at - one!.words, one!.words, length);
      words[one!.at] = length;
      if (!two) {
        const found = this.#lookup(this.#scratch, now);
        if (found && (!accepts || found.nomatch || accepts(found))) return found;
        continue;
      }
      for (const other of this.#lengths[1]!) {
        for (let i = two.at - two.words; i < two.at; i++) words[i] = key.words[i]!;
        narrow(words, two.at - two.words, two.words, other);
        words[two.at] = other;
        const found = this.#lookup(this.#scratch, now);
        if (found && (!accepts || found.nomatch || accepts(found))) return found;
      }
    }
    return undefined;
  }

  /** @returns undefined if it is in the set now. */
  add(key: Key, extras: Extras, exist: boolean, now: number): SetError | undefined {
    const found = this.exact(key, now);
    if (found) {
      if (!exist) {
        // An address whose hardware address was not known gets it.
        if (this.type.method !== 'bitmap' || found.mac || !key.mac) return 'EXIST';
      }
      if (this.type.method === 'bitmap') found.mac = key.mac ?? found.mac;
      found.nomatch = extras.nomatch ?? false;
      this.apply(found, extras, now);
      return undefined;
    }
    if (this.type.method === 'hash' && this.#count >= this.settings.maxelem) {
      this.#purge(now);
      if (this.#count >= this.settings.maxelem) {
        if (!this.settings.forceadd) return 'FULL';
        // An element of the bucket where it belongs makes room, if there is one.
        const victim = this.#buckets[this.#bucket(key.words)];
        if (!victim) return 'FULL';
        this.#take(victim);
      }
    } else if (this.#count >= this.#buckets.length) this.#purge(now);
    const over = this.#over(key, now);
    if (over) this.#take(over);
    const entry = new Entry(key);
    entry.nomatch = extras.nomatch ?? false;
    this.apply(entry, extras, now);
    this.#link(entry);
    return undefined;
  }

  /** True if it was there. */
  remove(key: Key, now: number): boolean {
    const found = this.exact(key, now);
    if (!found || (this.type.method === 'bitmap' && key.mac && !sameMac(found.mac, key.mac))) return false;
    this.#take(found);
    return true;
  }

  flush(): void {
    this.#buckets = new Array<Entry | undefined>(64).fill(undefined);
    this.#count = 0;
    this.list.length = 0;
    for (const { count } of this.#cidrs) count.fill(0);
    for (const lengths of this.#lengths) lengths.length = 0;
  }

  /** Gives an element what was asked for it. */
  apply(entry: Entry, extras: Extras, now: number): void {
    const { timeout, counters, comment, skbinfo } = this.settings;
    const seconds = extras.timeout ?? timeout ?? 0;
    if (timeout !== undefined) entry.expires = seconds === 0 ? 0 : now + seconds * MICROSECONDS;
    if (counters) {
      entry.packets = extras.packets ?? entry.packets;
      entry.bytes = extras.bytes ?? entry.bytes;
    }
    if (comment) entry.comment = extras.comment ?? '';
    if (!skbinfo) return;
    entry.skbmark = extras.skbmark ?? 0;
    entry.skbmask = extras.skbmask ?? 0;
    entry.skbprio = extras.skbprio ?? 0;
    entry.skbqueue = extras.skbqueue ?? 0;
  }

  #lookup(key: Key, now: number): Entry | undefined {
    for (let entry = this.#buckets[this.#bucket(key.words)]; entry; entry = entry.next) {
      if (!sameWords(entry.words, key.words) || isOver(entry, now)) continue;
      if (entry.wildcard ? key.iface.startsWith(entry.iface) : entry.iface === key.iface) return entry;
    }
    return undefined;
  }

  #over(key: Key, now: number): Entry | undefined {
    for (let entry = this.#buckets[this.#bucket(key.words)]; entry; entry = entry.next) {
      if (isOver(entry, now) && sameWords(entry.words, key.words)) return entry;
    }
    return undefined;
  }

  #bucket(words: readonly number[]): number {
    return hashList(words, this.#seed) & (this.#buckets.length - 1);
  }

  #link(entry: Entry): void {
    if (this.#count >= this.#buckets.length * 2) this.#grow();
    const bucket = this.#bucket(entry.words);
    entry.next = this.#buckets[bucket];
    this.#buckets[bucket] = entry;
    this.#count++;
    this.#note(entry, 1);
  }

  #take(entry: Entry): void {
    const bucket = this.#bucket(entry.words);
    let before: Entry | undefined;
    for (let at = this.#buckets[bucket]; at; before = at, at = at.next) {
      if (at !== entry) continue;
      if (before) before.next = at.next;
      else this.#buckets[bucket] = at.next;
      this.#count--;
      this.#note(entry, -1);
      return;
    }
  }

  #note({ words }: Entry, by: number): void {
    for (const [which, { at, count }] of this.#cidrs.entries()) {
      const length = words[at]!;
      const before = count[length]!;
      count[length] = before + by;
      if (before !== 0 && before + by !== 0) continue;
      this.#lengths[which] = [...count.keys()].filter((one) => count[one] !== 0).reverse();
    }
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<Entry | undefined>(old.length * 4).fill(undefined);
    for (const first of old) {
      for (let entry = first; entry; ) {
        const { next } = entry;
        const bucket = this.#bucket(entry.words);
        entry.next = this.#buckets[bucket];
        this.#buckets[bucket] = entry;
        entry = next;
      }
    }
  }

  #purge(now: number): void {
    if (this.settings.timeout === undefined) return;
    for (const first of [...this.#buckets]) {
      for (let entry = first; entry; entry = entry.next) if (isOver(entry, now)) this.#take(entry);
    }
  }
}

/** Keeps only the first bits of an address. */
export function narrow(words: number[], at: number, count: number, length: number): void {
  for (let i = 0; i < count; i++) {
    const bits = length - 32 * i;
    if (bits >= 32) continue;
    words[at + i] = bits <= 0 ? 0 : words[at + i]! & (-1 << (32 - bits));
  }
}

export function isOver(entry: Entry, now: number): boolean {
  return entry.expires !== 0 && now >= entry.expires;
}

function sameWords(one: readonly number[], other: readonly number[]): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function sameMac(one: readonly number[] | undefined, other: readonly number[]): boolean {
  return one !== undefined && one[0] === other[0] && one[1] === other[1];
}

function copy(to: number[], from: readonly number[]): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i]!;
  to.length = from.length;
}
