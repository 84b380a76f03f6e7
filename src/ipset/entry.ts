import type { Extras, SetSettings } from './settings.ts';

const MICROSECONDS = 1_000_000;
/** The longest that an element may be given (IPSET_MAX_TIMEOUT), in seconds. */
const MOST_TIMEOUT = 2147483;
/** What one step of the upper part of a counter is worth. */
export const COUNTER_STEP = 2 ** 48;

/** A hardware address: its first two bytes, and the other four. */
export type Mac = readonly [high: number, low: number];

/** What an element is found by. */
export interface Key {
  /** Addresses, prefix lengths, ports, marks in the order of the type's parts. */
  readonly words: number[];
  /** Interface; '' if the type has none. */
  iface: string;
  /** The interface is the beginning of a name. */
  wildcard: boolean;
  /** Hardware address of bitmap:ip,mac; undefined if it is not known. */
  mac: Mac | undefined;
}

export function emptyKey(): Key {
  return { words: [], iface: '', wildcard: false, mac: undefined };
}

/** An element of a set. Of one shape, whatever the type. */
export class Entry implements Key {
  readonly words: number[];
  iface: string;
  wildcard: boolean;
  mac: Mac | undefined;
  /** Microseconds of the host's clock; 0 for never. */
  expires = 0;
  /** Seconds of an element whose time starts only when its hardware address is known. */
  waits = 0;
  packets = 0;
  bytes = 0;
  /** How many times 2⁴⁸ the counters went round. */
  packetsHigh = 0;
  bytesHigh = 0;
  comment = '';
  skbmark = 0;
  skbmask = 0;
  skbprio = 0;
  skbqueue = 0;
  nomatch = false;
  next: Entry | undefined = undefined;

  constructor(key: Key) {
    this.words = [...key.words];
    this.iface = key.iface;
    this.wildcard = key.wildcard;
    this.mac = key.mac;
  }
}

/** A packet that is counted and compared with the counters (struct ip_set_ext, cmdflags of ip_set_adt_opt). */
export interface Counting {
  bytes: number;
  update: boolean;
  /** Refuses an element for its counters; undefined if none are asked for. */
  accepts: ((entry: Entry) => boolean) | undefined;
}

/** Counts the packet and asks the counters; false also for what is over (ip_set_match_extensions). */
export function fits(settings: SetSettings, entry: Entry, now: number, counting?: Counting): boolean {
  if (isOver(entry, now)) return false;
  if (!settings.counters || !counting) return true;
  if (counting.update) {
    entry.packets++;
    entry.bytes += counting.bytes;
    if (entry.bytes >= COUNTER_STEP) {
      entry.bytes -= COUNTER_STEP;
      entry.bytesHigh = (entry.bytesHigh + 1) & 0xffff;
    }
  }
  return counting.accepts === undefined || counting.accepts(entry);
}

/** Gives an element what was asked for it. Counters that are not given stay as they are (ip_set_init_counter). */
export function applyExtras(entry: Entry, extras: Extras, settings: SetSettings, now: number): void {
  const { timeout, counters, comment, skbinfo } = settings;
  if (timeout !== undefined) {
    const seconds = Math.min(MOST_TIMEOUT, extras.timeout ?? timeout);
    entry.expires = seconds === 0 ? 0 : now + seconds * MICROSECONDS;
  }
  if (counters) {
    entry.packets = extras.packets ?? entry.packets;
    entry.bytes = extras.bytes ?? entry.bytes;
    if (extras.packets !== undefined) entry.packetsHigh = extras.packetsHigh ?? 0;
    if (extras.bytes !== undefined) entry.bytesHigh = extras.bytesHigh ?? 0;
  }
  if (comment && !extras.keepsComment) entry.comment = extras.comment ?? '';
  if (!skbinfo) return;
  entry.skbmark = extras.skbmark ?? 0;
  entry.skbmask = extras.skbmask ?? 0;
  entry.skbprio = extras.skbprio ?? 0;
  entry.skbqueue = extras.skbqueue ?? 0;
}

export function isOver(entry: Entry, now: number): boolean {
  return entry.expires !== 0 && now >= entry.expires;
}

/** Keeps only the first bits of an address of `count` words at `at`. */
export function narrow(words: number[], at: number, count: number, length: number): void {
  for (let i = 0; i < count; i++) {
    const bits = length - 32 * i;
    if (bits >= 32) continue;
    words[at + i] = bits <= 0 ? 0 : words[at + i]! & (-1 << (32 - bits));
  }
}

/** Applies a set's netmask or bitmask to an address. */
export function mask({ netmask, bitmask }: SetSettings, words: number[], at: number, count: number): void {
  if (netmask !== undefined) narrow(words, at, count, netmask);
  if (!bitmask) return;
  for (let i = 0; i < count; i++) words[at + i] = words[at + i]! & bitmask[i]!;
}

export function sameMac(one: Mac | undefined, other: Mac): boolean {
  return one !== undefined && one[0] === other[0] && one[1] === other[1];
}
