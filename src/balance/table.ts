import { TupleHash } from '../conntrack/hash.ts';
import { sameTuple, type Tuple } from '../conntrack/tuple.ts';
import { scale } from '../netfilter/jhash.ts';
import type { Services } from '../netfilter/services.ts';
import type { Timer } from '../netfilter/timers.ts';
import type { Balanced } from './connection.ts';
import { STATE } from './tcp-states.ts';

const SECOND = 1e6;
const FIRST_BUCKETS = 1024;
/** Seconds that the wheel reaches ahead; what lives longer is looked at again then. */
const SLOTS = 1024;
/** Connections that are looked at for one to give up when the table is full. */
const LOOKED_AT = 8;

/**
 * The balancer's own connection table. Two keyed hashes, one a direction, so that who does not know the key cannot
 * aim at a bucket; a limit; and a wheel of seconds that finds what has expired without touching what lives.
 */
export class BalanceTable {
  /** Called with each that ends. */
  readonly #ended: (connection: Balanced) => void;
  readonly #services: Services;
  readonly #hash: TupleHash;
  #in: (Balanced | undefined)[] = new Array(FIRST_BUCKETS).fill(undefined);
  #out: (Balanced | undefined)[] = new Array(FIRST_BUCKETS).fill(undefined);
  #slots: Balanced[][] = [];
  #done = 0;
  #timer: Timer | undefined;
  #size = 0;

  constructor(services: Services, ended: (connection: Balanced) => void) {
    this.#services = services;
    this.#hash = new TupleHash(() => services.random());
    this.#ended = ended;
  }

  get size(): number {
    return this.#size;
  }

  /** Of a packet from client to virtual address, or the template of such a tuple. */
  findIn(tuple: Tuple, template: boolean): Balanced | undefined {
    let found = this.#in[this.#hash.of(tuple) & (this.#in.length - 1)];
    while (found && !(found.template === template && sameTuple(found.original, tuple))) found = found.nextIn;
    return found && this.#alive(found);
  }

  /** Of a packet from backend to client. */
  findOut(tuple: Tuple): Balanced | undefined {
    let found = this.#out[this.#hash.of(tuple) & (this.#out.length - 1)];
    while (found && !sameTuple(found.reply, tuple)) found = found.nextOut;
    return found && this.#alive(found);
  }

  #alive(connection: Balanced): Balanced | undefined {
    if (connection.expires > this.#services.now()) return connection;
    return this.#lapse(connection) ? undefined : connection;
  }

  /** Its time is over: true, and it is gone; but a template stays while connections hold it (ip_vs_conn_expire). */
  #lapse(connection: Balanced): boolean {
    if (connection.controlled > 0) {
      connection.expires = this.#services.now() + 60 * SECOND;
      return false;
    }
    this.remove(connection);
    return true;
  }

  add(connection: Balanced): void {
    if (this.#size >= 2 * this.#in.length) this.#grow();
    this.#link(connection);
    if (this.#slots.length === 0) this.#slots = Array.from({ length: SLOTS }, () => []);
    if (this.#size === 0) this.#done = Math.floor(this.#services.now() / SECOND);
    this.#size++;
    this.#put(connection);
  }

  #link(connection: Balanced): void {
    const i = this.#hash.of(connection.original) & (this.#in.length - 1);
    connection.nextIn = this.#in[i];
    this.#in[i] = connection;
    if (connection.template) return;
    const o = this.#hash.of(connection.reply) & (this.#out.length - 1);
    connection.nextOut = this.#out[o];
    this.#out[o] = connection;
  }

  #grow(): void {
    const all = [...this];
    const buckets = this.#in.length * 4;
    this.#in = new Array(buckets).fill(undefined);
    this.#out = new Array(buckets).fill(undefined);
    for (const connection of all) this.#link(connection);
  }

  remove(connection: Balanced): void {
    if (connection.slot < 0) return;
    this.#take(connection);
    const i = this.#hash.of(connection.original) & (this.#in.length - 1);
    if (this.#in[i] === connection) this.#in[i] = connection.nextIn;
    else
      for (let at = this.#in[i]; at; at = at.nextIn)
        if (at.nextIn === connection) at.nextIn = connection.nextIn;
    if (!connection.template) {
      const o = this.#hash.of(connection.reply) & (this.#out.length - 1);
      if (this.#out[o] === connection) this.#out[o] = connection.nextOut;
      else
        for (let at = this.#out[o]; at; at = at.nextOut)
          if (at.nextOut === connection) at.nextOut = connection.nextOut;
    }
    this.#size--;
    this.#ended(connection);
  }

  /** Its time is over at `expires`. A later one costs nothing; an earlier one moves it on the wheel. */
  renew(connection: Balanced, expires: number): void {
    const sooner = expires < connection.expires;
    connection.expires = expires;
    if (!sooner || connection.slot < 0) return;
    this.#take(connection);
    this.#put(connection);
  }

  /**
   * Gives up a connection that is not established, of a few that chance picks; false if they all are. What is on its
   * way to be established goes before what is closing.
   */
  makeRoom(): boolean {
    let victim: Balanced | undefined;
    let at = scale(this.#services.random(), this.#in.length);
    let seen = 0;
    for (let steps = 0; steps < 64 && seen < LOOKED_AT; steps++, at = (at + 1) & (this.#in.length - 1)) {
      for (let one = this.#in[at]; one && seen < LOOKED_AT; one = one.nextIn, seen++) {
        if (one.controlled > 0 || one.state === STATE.ESTABLISHED) continue;
        // Of UDP, whoever sent more than once is taken for established.
        if (one.state === STATE.UDP && one.packets > 1) continue;
        if (victim === undefined || (one.active && !victim.active)) victim = one;
      }
    }
    if (victim) this.remove(victim);
    return victim !== undefined;
  }

  *[Symbol.iterator](): Generator<Balanced> {
    for (let at of this.#in) {
      while (at) {
        const { nextIn } = at;
        yield at;
        at = nextIn;
      }
    }
  }

  #second(connection: Balanced): number {
    const due = Math.floor(connection.expires / SECOND) + 1;
    return Math.min(Math.max(due, this.#done + 1), this.#done + SLOTS - 1);
  }

  #put(connection: Balanced): void {
    const second = this.#second(connection);
    const list = this.#slots[second % SLOTS]!;
    connection.slot = second % SLOTS;
    connection.place = list.length;
    list.push(connection);
    this.#schedule(second);
  }

  #take(connection: Balanced): void {
    const list = this.#slots[connection.slot]!;
    const last = list.pop()!;
    if (last !== connection) {
      list[connection.place] = last;
      last.place = connection.place;
    }
    connection.slot = -1;
  }

  #schedule(second: number): void {
    const due = second * SECOND;
    const { timers } = this.#services;
    if (this.#timer !== undefined) {
      if (this.#timer.due <= due) return;
      timers.cancel(this.#timer);
    }
    this.#timer = timers.schedule(due - timers.now, () => this.#turn());
  }

  #turn(): void {
    this.#timer = undefined;
    const time = this.#services.now();
    const now = Math.floor(time / SECOND);
    while (this.#done < now && this.#size > 0) {
      this.#done++;
      const list = this.#slots[this.#done % SLOTS]!;
      for (let one = list.at(-1); one !== undefined; one = list.at(-1)) {
        if (one.expires <= time && this.#lapse(one)) continue;
        // Never into the second in hand: see #second.
        this.#take(one);
        this.#put(one);
      }
    }
    this.#done = now;
    for (let ahead = 1; this.#size > 0 && ahead < SLOTS; ahead++) {
      if (this.#slots[(now + ahead) % SLOTS]!.length === 0) continue;
      this.#schedule(now + ahead);
      return;
    }
  }
}
