import type { Family } from '../netfilter/constants.ts';
import { hashList } from '../netfilter/jhash.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { get32 } from '../wire/bytes.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';
import {
  BYTE_CREDITS,
  byteCredits,
  credits,
  DESTINATION_ADDRESS,
  DESTINATION_PORT,
  type HashlimitConfig,
  MOST_BYTE_CREDIT,
  plainRate,
  SOURCE_ADDRESS,
  SOURCE_PORT,
} from './hashlimit-config.ts';
import type { Place } from './place.ts';

const HZ = 250;
const MICROSECONDS_PER_JIFFY = 4000;
/** What a table of a machine with more than a gigabyte has, and what it can have. */
const DEFAULT_SIZE = 8192;
export const MOST_SIZE = 1_048_576;
const ENTRIES_PER_BUCKET = 8;
const WORDS = 9;
const WALK = new Ipv6Walk();

/** Where the ports stand in a transport header; undefined for one without (proto_ports_offset). */
const PORTS_AT: ReadonlyMap<number, number> = new Map([
  [6, 0],
  [17, 0],
  [33, 0],
  [50, 0],
  [51, 4],
  [132, 0],
  [136, 0],
]);

/** What tells a flow from others: source, destination, ports. One object, reused. */
export class FlowKey {
  readonly words: number[] = Array.from({ length: WORDS }, () => 0);

  /** False if the packet's ports are needed and it has no room for them. (hashlimit_init_dst) */
  read(packet: Packet, place: Place, config: HashlimitConfig): boolean {
    const { words } = this;
    const { bytes, network, family, end } = packet;
    const { mode } = config;
    words.fill(0);
    const size = family === 4 ? 1 : 4;
    const source = network + (family === 4 ? 12 : 8);
    for (let word = 0; word < size; word++) {
      if (mode & SOURCE_ADDRESS)
        words[word] = get32(bytes, source + word * 4) & maskWord(config.sourceMask, word);
      if (mode & DESTINATION_ADDRESS) {
        words[4 + word] = get32(bytes, source + (size + word) * 4) & maskWord(config.destinationMask, word);
      }
    }
    if ((mode & (SOURCE_PORT | DESTINATION_PORT)) === 0) return true;
    let protocol = bytes[network + 9]!;
    let transport = place.transport;
    if (family === 6) {
      if (!WALK.skip(bytes, network + 40, end, bytes[network + 6]!)) return false;
      protocol = WALK.protocol;
      transport = WALK.offset;
    }
    const at = PORTS_AT.get(protocol);
    if (at === undefined) return true;
    if (transport + at + 4 > end) return false;
    const ports = get32(bytes, transport + at);
    words[8] = ports & ((mode & SOURCE_PORT ? -65536 : 0) | (mode & DESTINATION_PORT ? 65535 : 0));
    return true;
  }
}

/** The part of a prefix's mask that falls on a word. */
function maskWord(bits: number, word: number): number {
  const own = bits - word * 32;
  if (own <= 0) return 0;
  return own >= 32 ? -1 : -1 << (32 - own);
}

/** 2³², of which the upper half of a number counts. */
const HALF = 2 ** 32;
/** What a jiffy brings, of packets: 2³⁹, in the upper half. */
const JIFFY_HIGH = 128;

/**
 * A flow's bucket (struct dsthash_ent). Credit, the most of it and the cost of a packet are numbers of 64 bits, kept in
 * halves. Rules of packets and of bytes may share a table and then read the same numbers differently, as in the kernel.
 */
export class HashlimitEntry {
  readonly words: readonly number[];
  readonly #table: HashlimitTable;
  /** Jiffy after which it is old. */
  expires = 0;
  #before: number;
  #high: number;
  #low: number;
  /** Of packets the most credit; of bytes how often the bucket may be filled at once. */
  #capHigh: number;
  #capLow: number;
  #counted = 0;
  #exceeded = false;

  constructor(table: HashlimitTable, words: readonly number[], now: number) {
    this.#table = table;
    this.words = words;
    this.#before = now;
    this.#high = table.creditHigh;
    this.#low = table.creditLow;
    this.#capHigh = table.capHigh;
    this.#capLow = table.capLow;
  }

  /** Fills the bucket for the time that has passed (rateinfo_recalc). */
  fill(now: number): void {
    const { config, rate } = this.#table;
    const passed = now - this.#before;
    if (passed === 0) return;
    if (config.rateMatch) {
      const interval = config.interval * HZ;
      if (passed < interval) return;
      this.#before = now;
      this.#exceeded = this.#counted * interval > passed * rate;
      this.#counted = 0;
      return;
    }
    this.#before = now;
    if (config.bytes) {
      this.#low = Math.min(this.#low + BYTE_CREDITS * passed, MOST_BYTE_CREDIT);
      return;
    }
    // It wraps around as the kernel's number does.
    this.#high = (this.#high + passed * JIFFY_HIGH) % HALF;
    if (this.#high > this.#capHigh || (this.#high === this.#capHigh && this.#low > this.#capLow)) {
      this.#high = this.#capHigh;
      this.#low = this.#capLow;
    }
  }

  /** Takes what a packet costs: true if there was enough. */
  take(length: number, rule: HashlimitConfig): boolean {
    const { costHigh, costLow, window } = this.#table;
    if (rule.rateMatch) {
      this.#counted += rule.bytes ? length : 1;
      return !this.#exceeded && this.#counted <= window;
    }
    return rule.bytes ? this.#takeBytes(length) : this.#take(costHigh, costLow);
  }

  #take(high: number, low: number): boolean {
    if (this.#high < high || (this.#high === high && this.#low < low)) return false;
    this.#high -= high;
    this.#low -= low;
    if (this.#low < 0) {
      this.#low += HALF;
      this.#high--;
    }
    return true;
  }

  /** hashlimit_byte_cost */
  #takeBytes(length: number): boolean {
    const { costHigh, costLow } = this.#table;
    const cost = Math.min(((length >> 4) + 1) * (costHigh * HALF + costLow), MOST_BYTE_CREDIT);
    if (this.#high === 0 && this.#low < cost && (this.#capHigh !== 0 || this.#capLow !== 0)) {
      if (this.#capLow === 0) this.#capHigh--;
      this.#capLow = this.#capLow === 0 ? HALF - 1 : this.#capLow - 1;
      this.#low = MOST_BYTE_CREDIT;
    }
    return this.#take(0, cost);
  }

  /** Credit, the most of it, and cost, as the kernel's file shows them; other things in their place with a rate of intervals. */
  shown(): readonly [bigint, bigint, bigint] {
    const { config, rate, costHigh, costLow } = this.#table;
    if (config.rateMatch) {
      const first = BigInt(config.interval) | (this.#exceeded ? 1n << 32n : 0n);
      return [first, BigInt(this.#counted), BigInt(rate)];
    }
    return [whole(this.#high, this.#low), whole(this.#capHigh, this.#capLow), whole(costHigh, costLow)];
  }
}

const whole = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);

/** A table of flows that rules share by its name (struct xt_hashlimit_htable). */
export class HashlimitTable {
  readonly family: Family;
  readonly name: string;
  readonly config: HashlimitConfig;
  users = 0;
  /** What a new flow's bucket holds, the most it holds, and what a packet costs: in halves. */
  readonly creditHigh: number = 0;
  readonly creditLow: number = 0;
  readonly capHigh: number = 0;
  readonly capLow: number = 0;
  readonly costHigh: number = 0;
  readonly costLow: number = 0;
  /** Of --hashlimit-rate-match: packets or bytes a second, and how much of an interval is within the limit. */
  readonly rate: number = 0;
  readonly window: number = 0;
  readonly #most: number;
  readonly #services: Services;
  readonly #created: number;
  readonly #interval: number;
  readonly #kept: number;
  readonly #seed: number;
  readonly #buckets = new Map<number, HashlimitEntry[]>();
  #count = 0;

  constructor(family: Family, name: string, config: HashlimitConfig, services: Services) {
    this.family = family;
    this.name = name;
    this.config = config;
    this.#services = services;
    const size = Math.min(config.size || DEFAULT_SIZE, MOST_SIZE);
    this.#most = config.max === 0 ? size * ENTRIES_PER_BUCKET : Math.max(config.max, size);
    this.#created = this.now();
    this.#interval = jiffies(config.gcInterval);
    this.#kept = jiffies(config.expire);
    this.#seed = services.random();
    const { bytes, average, burst, rateMatch } = config;
    if (rateMatch) {
      this.rate = plainRate(config);
      this.window = bytes ? this.rate * Number(burst || 1n) : this.rate + Number(burst);
    } else if (bytes) {
      this.creditLow = MOST_BYTE_CREDIT;
      this.costLow = byteCredits(average);
      this.capLow = Number(burst);
    } else {
      const cap = credits(average * burst);
      const cost = credits(average);
      this.creditHigh = this.capHigh = Number(cap >> 32n);
      this.creditLow = this.capLow = Number(cap & 0xffff_ffffn);
      this.costHigh = Number(cost >> 32n);
      this.costLow = Number(cost & 0xffff_ffffn);
    }
  }

  now(): number {
    return Math.floor(this.#services.now() / MICROSECONDS_PER_JIFFY);
  }

  /** The entry of a flow, its bucket filled, made if it is new; undefined if there is no room. */
  entry({ words }: FlowKey): HashlimitEntry | undefined {
    const now = this.now();
    const hash = hashList(words, this.#seed);
    const bucket = this.#buckets.get(hash);
    if (bucket) {
      for (let index = 0; index < bucket.length; index++) {
        const entry = bucket[index]!;
        if (!same(entry.words, words)) continue;
        if (this.#isGone(entry, now)) {
          bucket.splice(index, 1);
          this.#count--;
          break;
        }
        entry.expires = now + this.#kept;
        entry.fill(now);
        return entry;
      }
    }
    if (this.#count >= this.#most) {
      this.#tidy(now);
      if (this.#count >= this.#most) {
        this.#services.log(3, `xt_hashlimit: max count of ${this.config.max || this.#most} reached`);
        return undefined;
      }
    }
    const entry = new HashlimitEntry(this, [...words], now);
    entry.expires = now + this.#kept;
    const own = this.#buckets.get(hash);
    if (own) own.push(entry);
    else this.#buckets.set(hash, [entry]);
    this.#count++;
    return entry;
  }

  /** All entries, their buckets filled. */
  entries(): readonly HashlimitEntry[] {
    const now = this.now();
    this.#tidy(now);
    const all = [...this.#buckets.values()].flat();
    for (const entry of all) entry.fill(now);
    return all;
  }

  /** Old entries go when the kernel looks for them, at intervals from the table's creation on (htable_gc). */
  #isGone(entry: HashlimitEntry, now: number): boolean {
    const looks = Math.floor((now - this.#created) / this.#interval);
    return looks > 0 && this.#created + looks * this.#interval >= entry.expires;
  }

  #tidy(now: number): void {
    for (const [hash, bucket] of this.#buckets) {
      const left = bucket.filter((entry) => !this.#isGone(entry, now));
      this.#count -= bucket.length - left.length;
      if (left.length === 0) this.#buckets.delete(hash);
      else this.#buckets.set(hash, left);
    }
  }
}

/** msecs_to_jiffies: rounded up, at least one. */
function jiffies(milliseconds: number): number {
  return Math.max(1, Math.ceil((milliseconds * HZ) / 1000));
}

function same(a: readonly number[], b: readonly number[]): boolean {
  for (let word = 0; word < WORDS; word++) if (a[word] !== b[word]) return false;
  return true;
}

/** The tables of a host, by family and name. */
export class HashlimitTables {
  readonly #byName: Readonly<Record<Family, Map<string, HashlimitTable>>> = { 4: new Map(), 6: new Map() };

  static create(): HashlimitTables {
    return new HashlimitTables();
  }

  find(family: Family, name: string): HashlimitTable | undefined {
    return this.#byName[family].get(name);
  }

  /** The table of that name for one more rule; made with the rule's configuration if there is none yet. */
  use(family: Family, name: string, config: HashlimitConfig, services: Services): HashlimitTable {
    let table = this.find(family, name);
    if (!table) {
      table = new HashlimitTable(family, name, config, services);
      this.#byName[family].set(name, table);
    }
    table.users++;
    return table;
  }

  /** A rule less; without any the table is gone. */
  release(table: HashlimitTable): void {
    table.users--;
    if (table.users === 0) this.#byName[table.family].delete(table.name);
  }
}
