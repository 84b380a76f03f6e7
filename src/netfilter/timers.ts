/** A timer that was set; {@link Timers.cancel} takes it back. */
export interface Timer {
  /** When it is due, in microseconds of the host's clock. */
  readonly due: number;
}

class Entry implements Timer {
  due: number;
  readonly order: number;
  run: (() => void) | undefined;
  constructor(due: number, order: number, run: () => void) {
    this.due = due;
    this.order = order;
    this.run = run;
  }
}

/** The host's clock and what waits for it. It moves only when {@link advance} is called. */
export class Timers {
  readonly #heap: Entry[] = [];
  #now: number;
  #order = 0;

  /** `start`: microseconds the clock shows at first. */
  constructor(start = 0) {
    this.#now = start;
  }

  /** Microseconds. */
  get now(): number {
    return this.#now;
  }

  /** When the next timer is due; undefined if none is set. */
  get next(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.due;
  }

  /** Calls `run` once, `delay` microseconds from now. Timers due at the same moment run in the order they were set. */
  schedule(delay: number, run: () => void): Timer {
    const entry = new Entry(this.#now + Math.max(0, delay), this.#order++, run);
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return entry;
  }

  cancel(timer: Timer | undefined): void {
    if (timer instanceof Entry) timer.run = undefined;
  }

  /** Lets `duration` microseconds pass; what falls due meanwhile runs at its own moment. */
  advance(duration: number): void {
    const until = this.#now + Math.max(0, duration);
    for (;;) {
      this.#dropCancelled();
      const first = this.#heap[0];
      if (!first || first.due > until) break;
      this.#pop();
      this.#now = Math.max(this.#now, first.due);
      first.run?.();
    }
    this.#now = until;
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.run === undefined) this.#pop();
  }

  #before(a: Entry, b: Entry): boolean {
    return a.due < b.due || (a.due === b.due && a.order < b.order);
  }

  #up(index: number): void {
    const heap = this.#heap;
    let i = index;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(heap[i]!, heap[parent]!)) return;
      [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
      i = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && this.#before(heap[right]!, heap[left]!) ? right : left;
      if (!this.#before(heap[child]!, heap[i]!)) return;
      [heap[i], heap[child]] = [heap[child]!, heap[i]!];
      i = child;
    }
  }
}
