import type { Timer, Timers } from '../netfilter/timers.ts';
import type { Connection } from './connection.ts';

const SECOND = 1e6;
/** Seconds that the wheel reaches ahead; what lives longer is looked at again then. */
const SLOTS = 4096;

/**
 * Finds connections whose time is over, without touching those that live: a wheel of seconds. A connection whose
 * timeout was put off stays where it is and moves on when its slot comes round; so keeping one alive costs nothing here.
 * Whether one has expired is decided by its timeout alone; the wheel only cleans up behind.
 */
export class Expiry {
  readonly #timers: Timers;
  readonly #expire: (connection: Connection) => void;
  /** Made when the first connection comes. */
  #slots: Connection[][] = [];
  #count = 0;
  #timer: Timer | undefined;
  /** The second up to which all slots are empty. */
  #done = 0;

  constructor(timers: Timers, expire: (connection: Connection) => void) {
    this.#timers = timers;
    this.#expire = expire;
  }

  add(connection: Connection): void {
    if (this.#slots.length === 0) this.#slots = Array.from({ length: SLOTS }, () => []);
    if (this.#count === 0) this.#done = Math.floor(this.#timers.now / SECOND);
    this.#put(connection);
    this.#count++;
    this.#schedule(this.#second(connection));
  }

  remove(connection: Connection): void {
    if (connection.wheel < 0) return;
    this.#take(connection);
    this.#count--;
  }

  /** Its timeout is earlier than it was. */
  sooner(connection: Connection): void {
    if (connection.wheel < 0) return;
    this.#take(connection);
    this.#put(connection);
    this.#schedule(this.#second(connection));
  }

  /** The second in which a connection is looked at. */
  #second(connection: Connection): number {
    const due = Math.floor(connection.timeout / SECOND) + 1;
    return Math.min(Math.max(due, this.#done + 1), this.#done + SLOTS - 1);
  }

  #put(connection: Connection): void {
    const slot = this.#second(connection) % SLOTS;
    const list = this.#slots[slot]!;
    connection.wheel = slot;
    connection.wheelPlace = list.length;
    list.push(connection);
  }

  #take(connection: Connection): void {
    const list = this.#slots[connection.wheel]!;
    const last = list.pop()!;
    if (last !== connection) {
      list[connection.wheelPlace] = last;
      last.wheelPlace = connection.wheelPlace;
    }
    connection.wheel = -1;
  }

  #schedule(second: number): void {
    const due = second * SECOND;
    if (this.#timer !== undefined) {
      if (this.#timer.due <= due) return;
      this.#timers.cancel(this.#timer);
    }
    this.#timer = this.#timers.schedule(due - this.#timers.now, () => this.#turn());
  }

  #turn(): void {
    this.#timer = undefined;
    const now = Math.floor(this.#timers.now / SECOND);
    while (this.#done < now && this.#count > 0) {
      this.#done++;
      const list = this.#slots[this.#done % SLOTS]!;
      // Those that live on are put elsewhere: #second never answers the second in hand.
      for (let connection = list.at(-1); connection !== undefined; connection = list.at(-1)) {
        this.#take(connection);
        if (connection.timeout <= this.#timers.now) {
          this.#count--;
          this.#expire(connection);
        } else {
          this.#put(connection);
        }
      }
    }
    this.#done = now;
    if (this.#count === 0) return;
    for (let ahead = 1; ahead < SLOTS; ahead++) {
      if (this.#slots[(now + ahead) % SLOTS]!.length > 0) {
        this.#schedule(now + ahead);
        return;
      }
    }
  }
}
