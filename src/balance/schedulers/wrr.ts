import type { Backend, Service } from '../service.ts';
import { type Scheduler, type SchedulerKind, weightStep } from './scheduler.ts';

/**
 * Weighted round robin, interleaved: rounds through all backends, each with a threshold that falls from the greatest
 * weight by the greatest common divisor; in a round those are chosen whose weight reaches the threshold. So a whole
 * cycle gives each its weight. (LVS documentation, "Weighted Round-Robin Scheduling"; ip_vs_wrr.c)
 */
class WeightedRoundRobin implements Scheduler {
  readonly name = 'wrr';
  #last: Backend | undefined;
  /** Where the last one stands; -1 at first. */
  #place = -1;
  #threshold = 0;
  #greatest = 0;
  #step = 0;

  choose({ backends }: Service): Backend | undefined {
    let reachable = 0;
    for (const { takesNew, weight } of backends) if (takesNew && weight > reachable) reachable = weight;
    if (reachable === 0) return undefined;
    // At most to the end of this round and through a whole one: its threshold is one that someone reaches.
    for (;;) {
      if (++this.#place >= backends.length) {
        this.#place = 0;
        this.#threshold -= this.#step;
        if (this.#threshold <= 0) this.#threshold = this.#greatest;
        // Rounds in which all who reach the threshold are full are passed over.
        if (this.#threshold > reachable) this.#threshold = reachable;
      }
      const backend = backends[this.#place]!;
      if (backend.takesNew && backend.weight >= this.#threshold) {
        this.#last = backend;
        return backend;
      }
    }
  }

  changed({ backends }: Service): void {
    const weights = backends.map(({ weight }) => weight);
    this.#greatest = Math.max(0, ...weights);
    this.#step = weightStep(weights);
    if (this.#last) {
      const place = backends.indexOf(this.#last);
      // Where it stood now stands its successor.
      this.#place = place >= 0 ? place : this.#place - 1;
      if (place < 0) this.#last = undefined;
    }
    this.#place = Math.min(this.#place, backends.length - 1);
    if (this.#threshold > this.#greatest || this.#threshold <= 0) this.#threshold = this.#greatest;
    // On the steps of the new weights.
    else if (this.#step > 0) this.#threshold = Math.ceil(this.#threshold / this.#step) * this.#step;
  }

  why(_service: Service, { weight }: Backend): string {
    return `weight ${weight} reaches this round's ${this.#threshold}`;
  }
}

export const wrr: SchedulerKind = { name: 'wrr', flags: [], create: () => new WeightedRoundRobin() };
