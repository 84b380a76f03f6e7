import { applyExtras, type Counting, Entry, fits, isOver, type Key, type Mac, sameMac } from './entry.ts';
import type { ElementSet } from './set.ts';
import type { Extras, SetError, SetSettings } from './settings.ts';
import type { SetType } from './types.ts';

/**
 * A set of numbers in a range: addresses, networks of one length or ports, one bit each. What travels with an element has
 * its place as long as the set lives, so an element that comes again finds the counters it had
 * (net/netfilter/ipset/ip_set_bitmap_gen.h).
 */
export class BitmapSet implements ElementSet {
  readonly kind = 'bitmap';
  readonly type: SetType;
  readonly settings: SetSettings;
  /** Values that share one bit. */
  readonly #step: number;
  readonly #hasMacs: boolean;
  readonly #members: Uint32Array;
  /** Undefined if nothing travels with the elements. */
  readonly #entries: (Entry | undefined)[] | undefined;
  /** Stands for any element that nothing travels with. */
  readonly #plain: Entry = new Entry({ words: [0], iface: '', wildcard: false, mac: undefined });

  constructor(type: SetType, settings: SetSettings) {
    this.type = type;
    this.settings = settings;
    const { first, last, netmask = 32, timeout, counters, comment, skbinfo } = settings;
    this.#step = 2 ** (32 - netmask);
    const count = Math.floor((last - first) / this.#step) + 1;
    this.#members = new Uint32Array((count + 31) >>> 5);
    this.#hasMacs = type.parts.includes('mac');
    const carries = timeout !== undefined || counters || comment || skbinfo || this.#hasMacs;
    this.#entries = carries ? new Array<Entry | undefined>(count).fill(undefined) : undefined;
  }

  *entries(now: number): IterableIterator<Entry> {
    for (const [index, bits] of this.#members.entries()) {
      for (let left = bits; left !== 0; left &= left - 1) {
        const id = index * 32 + (31 - Math.clz32(left & -left));
        const entry = this.#entries?.[id] ?? this.#bare(id);
        if (!isOver(entry, now)) yield entry;
      }
    }
  }

  find(key: Key, now: number, counting?: Counting): Entry | undefined {
    const id = this.#id(key);
    if (!this.#has(id)) return undefined;
    const entry = this.#entries?.[id];
    if (!entry) return this.#plain;
    // Without a hardware address on either side nothing else is asked.
    if (this.#hasMacs && !(key.mac && entry.mac)) return entry;
    const asks = key.mac && (key.mac[0] !== 0 || key.mac[1] !== 0);
    if (asks && entry.mac && !sameMac(entry.mac, key.mac!)) return undefined;
    return fits(this.settings, entry, now, counting) ? entry : undefined;
  }

  exact(key: Key, now: number): Entry | undefined {
    return this.find(key, now);
  }

  add(key: Key, extras: Extras, exist: boolean, now: number): SetError | undefined {
    const id = this.#id(key);
    const has = this.#has(id);
    if (has && !this.#entries && !exist) return 'EXIST';
    const entry = this.#entries?.[id] ?? this.#place(id);
    if (this.#hasMacs) return this.#addMac(id, entry, key.mac, extras, exist, now);
    if (has && entry && !isOver(entry, now) && !exist) return 'EXIST';
    this.#set(id);
    if (entry) applyExtras(entry, extras, this.settings, now);
    return undefined;
  }

  /**
   * An element's time starts when its hardware address is known; until then its seconds wait, and look to Linux like a
   * time that is over (bitmap_ipmac_do_add, bitmap_ipmac_add_timeout).
   */
  #addMac(
    id: number,
    entry: Entry | undefined,
    mac: Mac | undefined,
    extras: Extras,
    exist: boolean,
    now: number,
  ): SetError | undefined {
    if (!entry) return undefined;
    const has = this.#has(id);
    const fills = has && !entry.mac && mac !== undefined;
    if (has && !fills && !this.#looksOver(entry, now) && !exist) return 'EXIST';
    // A packet's address is only lent.
    if (!has || fills || (mac && exist)) entry.mac = mac && [mac[0], mac[1]];
    this.#set(id);
    const ofSet = this.settings.timeout;
    const asked = extras.timeout ?? ofSet;
    applyExtras(
      entry,
      fills && asked === ofSet ? { ...extras, timeout: entry.waits } : extras,
      this.settings,
      now,
    );
    entry.waits = 0;
    if (mac || ofSet === undefined) return undefined;
    if (entry.mac) entry.expires = asked === 0 ? 0 : -1;
    else {
      entry.waits = asked ?? 0;
      entry.expires = 0;
    }
    return undefined;
  }

  remove(key: Key, now: number): SetError | undefined {
    const id = this.#id(key);
    if (!this.#has(id)) return 'MISSING';
    const entry = this.#entries?.[id];
    this.#members[id >>> 5] = this.#members[id >>> 5]! & ~(1 << (id & 31));
    return entry && this.#looksOver(entry, now) ? 'MISSING' : undefined;
  }

  /** What travels with the elements stays, except comments. */
  flush(): void {
    this.#members.fill(0);
    for (const entry of this.#entries ?? []) if (entry) entry.comment = '';
  }

  #looksOver(entry: Entry, now: number): boolean {
    return entry.waits !== 0 || isOver(entry, now);
  }

  #set(id: number): void {
    this.#members[id >>> 5] = this.#members[id >>> 5]! | (1 << (id & 31));
  }

  #id({ words }: Key): number {
    return Math.floor(((words[0]! >>> 0) - this.settings.first) / this.#step);
  }

  #has(id: number): boolean {
    return ((this.#members[id >>> 5] ?? 0) & (1 << (id & 31))) !== 0;
  }

  #bare(id: number): Entry {
    const value = (this.settings.first + id * this.#step) | 0;
    return new Entry({ words: [value], iface: '', wildcard: false, mac: undefined });
  }

  #place(id: number): Entry | undefined {
    if (!this.#entries) return undefined;
    const entry = this.#bare(id);
    this.#entries[id] = entry;
    return entry;
  }
}
