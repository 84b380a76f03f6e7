import { hashList } from '../netfilter/jhash.ts';
import { applyExtras, type Counting, Entry, emptyKey, fits, isOver, type Key } from './entry.ts';
import { Prefixes } from './prefixes.ts';
import type { ElementSet } from './set.ts';
import type { Extras, SetError, SetSettings } from './settings.ts';
import type { SetType } from './types.ts';

const FIRST_BUCKETS = 64;

/**
 * A set of elements found by their words; networks are looked for length by length, the longest first
 * (net/netfilter/ipset/ip_set_hash_gen.h). Elements of one bucket are in the order in which they came.
 */
export class HashSet implements ElementSet {
  readonly kind = 'hash';
  readonly type: SetType;
  readonly settings: SetSettings;
  /** Bits of an address. */
  readonly bits: number;
  readonly prefixes: readonly Prefixes[];
  readonly #hasInterfaces: boolean;
  readonly #seed: number;
  readonly #scratch: Key = emptyKey();
  #buckets: (Entry | undefined)[] = new Array<Entry | undefined>(FIRST_BUCKETS).fill(undefined);
  #count = 0;
  /** The last look-up met the network, with whatever interface. */
  #met = false;

  constructor(type: SetType, settings: SetSettings, seed: number) {
    this.type = type;
    this.settings = settings;
    this.#seed = seed;
    this.#hasInterfaces = type.parts.includes('iface');
    const wide = settings.family === 6 ? 4 : 1;
    this.bits = 32 * wide;
    const prefixes: Prefixes[] = [];
    let at = 0;
    for (const part of type.parts) {
      at += part === 'ip' || part === 'net' ? wide : part === 'mac' ? 2 : 1;
      if (part === 'net') prefixes.push(new Prefixes(at++, wide));
    }
    this.prefixes = prefixes;
  }

  *entries(now: number): IterableIterator<Entry> {
    for (const first of this.#buckets) {
      for (let entry = first; entry; entry = entry.next) if (!isOver(entry, now)) yield entry;
    }
  }

  exact(key: Key, now: number): Entry | undefined {
    return this.#probe(key, now, undefined);
  }

  /** The first part's lengths are tried outermost (mtype_test_cidrs). */
  find(key: Key, now: number, counting?: Counting): Entry | undefined {
    const [one, two] = this.prefixes;
    if (!one) return this.#probe(key, now, counting);
    const { words } = this.#scratch;
    words.length = key.words.length;
    this.#scratch.iface = key.iface;
    const { lengths } = one;
    for (let i = 0; i < lengths.length; i++) {
      for (let w = 0; w < words.length; w++) words[w] = key.words[w]!;
      one.narrow(words, lengths[i]!);
      const found = two
        ? this.#findSecond(two, key, now, counting)
        : this.#probe(this.#scratch, now, counting);
      if (found) return found;
      // A network that is there for other interfaces hides wider ones.
      if (this.#hasInterfaces && this.#met) return undefined;
    }
    return undefined;
  }

  add(key: Key, extras: Extras, exist: boolean, now: number): SetError | undefined {
    let makesRoom = false;
    if (this.#count >= this.settings.maxelem) {
      this.#purge(now);
      makesRoom = this.settings.forceadd && this.#count >= this.settings.maxelem;
    }
    let place: Entry | undefined;
    for (let entry = this.#buckets[this.#bucket(key.words)]; entry; entry = entry.next) {
      if (isEqual(entry, key)) {
        if (!exist && !isOver(entry, now)) return 'EXIST';
        entry.nomatch = extras.nomatch ?? false;
        applyExtras(entry, extras, this.settings, now);
        return undefined;
      }
      if (isOver(entry, now) || makesRoom) place ??= entry;
    }
    // Something over in the same bucket makes room, or with forceadd anything.
    if (place) this.#take(place);
    else if (this.#count >= this.settings.maxelem) return 'FULL';
    const entry = new Entry(key);
    entry.nomatch = extras.nomatch ?? false;
    applyExtras(entry, extras, this.settings, now);
    this.#link(entry, now);
    return undefined;
  }

  remove(key: Key, now: number): SetError | undefined {
    for (let entry = this.#buckets[this.#bucket(key.words)]; entry; entry = entry.next) {
      if (!isEqual(entry, key)) continue;
      if (isOver(entry, now)) return 'MISSING';
      this.#take(entry);
      return undefined;
    }
    return 'MISSING';
  }

  flush(): void {
    this.#buckets = new Array<Entry | undefined>(FIRST_BUCKETS).fill(undefined);
    this.#count = 0;
    for (const one of this.prefixes) one.clear();
  }

  #findSecond(two: Prefixes, key: Key, now: number, counting: Counting | undefined): Entry | undefined {
    const { lengths } = two;
    for (let i = 0; i < lengths.length; i++) {
      two.copy(this.#scratch.words, key.words);
      two.narrow(this.#scratch.words, lengths[i]!);
      const found = this.#probe(this.#scratch, now, counting);
      if (found) return found;
    }
    return undefined;
  }

  #probe(key: Key, now: number, counting: Counting | undefined): Entry | undefined {
    this.#met = false;
    for (let entry = this.#buckets[this.#bucket(key.words)]; entry; entry = entry.next) {
      if (!sameWords(entry.words, key.words)) continue;
      this.#met = true;
      if (!sameInterface(entry, key)) continue;
      if (fits(this.settings, entry, now, counting)) return entry;
      this.#met = false;
    }
    return undefined;
  }

  #bucket(words: readonly number[]): number {
    return hashList(words, this.#seed) & (this.#buckets.length - 1);
  }

  #link(entry: Entry, now: number): void {
    if (this.#count >= this.#buckets.length) {
      this.#purge(now);
      if (this.#count >= this.#buckets.length / 2) this.#grow();
    }
    this.#append(entry);
    this.#count++;
    for (const one of this.prefixes) one.note(entry.words, 1);
  }

  #append(entry: Entry): void {
    const bucket = this.#bucket(entry.words);
    entry.next = undefined;
    let last = this.#buckets[bucket];
    if (!last) {
      this.#buckets[bucket] = entry;
      return;
    }
    while (last.next) last = last.next;
    last.next = entry;
  }

  #take(entry: Entry): void {
    const bucket = this.#bucket(entry.words);
    let before: Entry | undefined;
    for (let at = this.#buckets[bucket]; at && at !== entry; at = at.next) before = at;
    if (before) before.next = entry.next;
    else this.#buckets[bucket] = entry.next;
    this.#count--;
    for (const one of this.prefixes) one.note(entry.words, -1);
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<Entry | undefined>(old.length * 4).fill(undefined);
    for (const first of old) {
      for (let entry = first; entry; ) {
        const { next } = entry;
        this.#append(entry);
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

function isEqual(entry: Entry, key: Key): boolean {
  return sameWords(entry.words, key.words) && sameInterface(entry, key);
}

/** Only the element that is there may stand for the beginning of names (hash_netiface4_data_equal). */
function sameInterface(entry: Entry, key: Key): boolean {
  return entry.wildcard ? key.iface.startsWith(entry.iface) : entry.iface === key.iface;
}

function sameWords(one: readonly number[], other: readonly number[]): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
