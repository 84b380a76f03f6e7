import type { Backend, Service } from '../service.ts';
import type { Scheduler, SchedulerKind } from './scheduler.ts';

/** Round robin: one after the other, drained and full ones left out. (LVS documentation; ip_vs_rr.c) */
class RoundRobin implements Scheduler {
  readonly name = 'rr';
  #last: Backend | undefined;

  choose({ backends }: Service): Backend | undefined {
    const from = this.#last ? backends.indexOf(this.#last) : -1;
    for (let i = 1; i <= backends.length; i++) {
      const backend = backends[(from + i) % backends.length]!;
      if (!backend.takesNew) continue;
      this.#last = backend;
      return backend;
    }
    return undefined;
  }

  changed({ backends }: Service): void {
    if (this.#last && !backends.includes(this.#last)) this.#last = undefined;
  }

  why(): string {
    return 'its turn';
  }
}

export const rr: SchedulerKind = { name: 'rr', flags: [], create: () => new RoundRobin() };
