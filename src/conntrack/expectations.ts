import type { Timer } from '../netfilter/timers.ts';
import type { Connection, Zone } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import type { Expectation } from './expectation.ts';
import type { SettingCell } from './settings.ts';
import { sameDestination, sameTuple, type Tuple } from './tuple.ts';

export { EXPECT_INACTIVE, EXPECT_PERMANENT, Expectation } from './expectation.ts';

/** Why {@link Expectations.insert} took none: numbers of errno, as they are. */
export const EXPECT_BUSY = 16;
export const EXPECT_TOO_MANY = 24;
export const EXPECT_NO_HELPER = 108;
export const EXPECT_ALREADY = 114;

const BUCKETS = 1024;
const SECOND = 1e6;

/** The connections that are foreseen (net/netfilter/nf_conntrack_expect.c): a keyed hash of their destinations. */
export class Expectations {
  readonly #conntrack: Conntrack;
  readonly #buckets: (Expectation | undefined)[] = new Array<Expectation | undefined>(BUCKETS).fill(
    undefined,
  );
  readonly #all = new Set<Expectation>();
  readonly #max: SettingCell;
  #timer: Timer | undefined = undefined;

  constructor(conntrack: Conntrack) {
    this.#conntrack = conntrack;
    this.#max = conntrack.settings.define('nf_conntrack_expect_max', 4096, { min: 1 });
  }

  /** How many there are. */
  get count(): number {
    return this.#all.size;
  }

  /** All, the oldest first. */
  [Symbol.iterator](): IterableIterator<Expectation> {
    return this.#all.values();
  }

  /**
   * Starts to wait for a connection. 0 if so; else one of EXPECT_BUSY (another one expects what could be the same),
   * EXPECT_ALREADY (another connection or class expects just the same), EXPECT_TOO_MANY, EXPECT_NO_HELPER. The same
   * expectation of the same connection is replaced, and so begins to wait anew. `whosever`: an identical one of another
   * connection is "already", not "busy". (nf_ct_expect_related with NF_CT_EXP_F_SKIP_MASTER)
   */
  insert(expectation: Expectation, whosever = false): number {
    const { master, class: kind } = expectation;
    const { help } = master;
    if (help === undefined) return EXPECT_NO_HELPER;
    const hash = this.#conntrack.hash.ofDestination(expectation.tuple);
    for (let other = this.#buckets[hash & (BUCKETS - 1)]; other !== undefined; other = other.next) {
      if (other.hash !== hash) continue;
      if ((whosever || other.master === master) && same(other, expectation)) {
        if (other.class !== kind || other.master !== master) return EXPECT_ALREADY;
        this.remove(other);
        break;
      }
      if (clash(other, expectation)) return EXPECT_BUSY;
    }
    const policy = help.helper?.policies[kind];
    if (policy !== undefined) {
      if (policy.maxExpected > 0 && help.expecting[kind]! >= policy.maxExpected) {
        const oldest = help.expectations.find((other) => other.class === kind);
        if (oldest) this.remove(oldest);
        if (help.expecting[kind]! >= policy.maxExpected) return EXPECT_TOO_MANY;
      }
      expectation.timeout = this.#conntrack.services.timers.now + policy.timeout * SECOND;
    }
    if (this.count >= this.#max.value) {
      this.#conntrack.services.log(4, 'nf_conntrack: nf_conntrack: expectation table full');
      return EXPECT_TOO_MANY;
    }
    this.#link(expectation, hash);
    return 0;
  }

  #link(expectation: Expectation, hash: number): void {
    const bucket = hash & (BUCKETS - 1);
    expectation.hash = hash;
    expectation.next = this.#buckets[bucket];
    this.#buckets[bucket] = expectation;
    this.#all.add(expectation);
    const help = expectation.master.help!;
    help.expectations.push(expectation);
    help.expecting[expectation.class]!++;
    const { statistics, events } = this.#conntrack;
    statistics.expectCreate++;
    this.#arm(expectation.timeout);
    events.expectation('new', expectation);
  }

  /** Stops waiting; nothing happens if it does not wait. (nf_ct_unexpect_related) */
  remove(expectation: Expectation): void {
    if (!this.#all.delete(expectation)) return;
    const bucket = expectation.hash & (BUCKETS - 1);
    let other = this.#buckets[bucket];
    if (other === expectation) this.#buckets[bucket] = expectation.next;
    else {
      while (other !== undefined && other.next !== expectation) other = other.next;
      if (other !== undefined) other.next = expectation.next;
    }
    expectation.next = undefined;
    const { help } = expectation.master;
    if (help !== undefined) {
      help.expecting[expectation.class]!--;
      help.expectations.splice(help.expectations.indexOf(expectation), 1);
    }
    const { statistics, events } = this.#conntrack;
    statistics.expectDelete++;
    events.expectation('destroy', expectation);
  }

  /** Whether it still waits. */
  has(expectation: Expectation): boolean {
    return this.#all.has(expectation);
  }

  /** Waits `seconds` from now. */
  refresh(expectation: Expectation, seconds: number): void {
    expectation.timeout = this.#conntrack.services.timers.now + seconds * SECOND;
    if (this.has(expectation)) this.#arm(expectation.timeout);
  }

  /** The expectation that this tuple would fulfil, be it active or not. (__nf_ct_expect_find) */
  find(tuple: Tuple, zone: Zone): Expectation | undefined {
    return this.#find(tuple, zone, false);
  }

  /**
   * The expectation that a new connection with this tuple fulfils; taken out of the table unless it is permanent.
   * (nf_ct_find_expectation)
   */
  take(tuple: Tuple, zone: Zone): Expectation | undefined {
    const expectation = this.#find(tuple, zone, true);
    if (expectation === undefined) return undefined;
    // Nobody can know of it while its master's first packet has not left, and a dying master takes it along.
    const { master } = expectation;
    if (!master.confirmed || master.dying) return undefined;
    if (!expectation.permanent) this.remove(expectation);
    return expectation;
  }

  #find(tuple: Tuple, zone: Zone, active: boolean): Expectation | undefined {
    if (this.count === 0) return undefined;
    const { hash: hashes, services } = this.#conntrack;
    const hash = hashes.ofDestination(tuple);
    const { now } = services.timers;
    for (let other = this.#buckets[hash & (BUCKETS - 1)]; other !== undefined; other = other.next) {
      if (
        other.hash === hash &&
        other.timeout > now &&
        !(active && other.inactive) &&
        fits(tuple, other.tuple, other.mask, other.mask) &&
        other.master.zone.id === zone.id
      ) {
        return other;
      }
    }
    return undefined;
  }

  /** Drops what a connection expects. (nf_ct_remove_expectations) */
  removeOf(master: Connection): void {
    const expectations = master.help?.expectations;
    if (expectations === undefined || expectations.length === 0) return;
    for (const expectation of [...expectations]) this.remove(expectation);
  }

  /** Drops those that `which` chooses; all if left out. Answers how many. */
  flush(which: (expectation: Expectation) => boolean = () => true): number {
    let removed = 0;
    for (const expectation of [...this.#all]) {
      if (!which(expectation)) continue;
      this.remove(expectation);
      removed++;
    }
    return removed;
  }

  /** One timer serves all: for the one that lapses first. */
  #arm(due: number): void {
    const { timers } = this.#conntrack.services;
    if (due === Number.POSITIVE_INFINITY || (this.#timer !== undefined && this.#timer.due <= due)) return;
    timers.cancel(this.#timer);
    this.#timer = timers.schedule(due - timers.now, () => this.#lapse());
  }

  #lapse(): void {
    this.#timer = undefined;
    const { now } = this.#conntrack.services.timers;
    let next = Number.POSITIVE_INFINITY;
    for (const expectation of [...this.#all]) {
      if (expectation.timeout <= now) this.remove(expectation);
      else next = Math.min(next, expectation.timeout);
    }
    this.#arm(next);
  }
}

/** Whether `tuple` agrees with `other` in what both masks cover of the source, and wholly in the destination. */
function fits(tuple: Tuple, other: Tuple, a: Tuple, b: Tuple): boolean {
  return (
    tuple.protocol === other.protocol &&
    sameDestination(tuple, other) &&
    ((tuple.src0 ^ other.src0) & a.src0 & b.src0) === 0 &&
    ((tuple.src1 ^ other.src1) & a.src1 & b.src1) === 0 &&
    ((tuple.src2 ^ other.src2) & a.src2 & b.src2) === 0 &&
    ((tuple.src3 ^ other.src3) & a.src3 & b.src3) === 0 &&
    ((tuple.sourcePart ^ other.sourcePart) & a.sourcePart & b.sourcePart) === 0
  );
}

/** A connection could fulfil both. */
function clash(a: Expectation, b: Expectation): boolean {
  return fits(a.tuple, b.tuple, a.mask, b.mask) && a.master.zone.id === b.master.zone.id;
}

function same(a: Expectation, b: Expectation): boolean {
  const x = a.mask;
  const y = b.mask;
  return (
    sameTuple(a.tuple, b.tuple) &&
    x.src0 === y.src0 &&
    x.src1 === y.src1 &&
    x.src2 === y.src2 &&
    x.src3 === y.src3 &&
    x.sourcePart === y.sourcePart &&
    a.master.zone.id === b.master.zone.id
  );
}
