import type { Backend, Service } from '../service.ts';
import type { Scheduler, SchedulerKind } from './scheduler.ts';

/** Least connections: active ones count 256 times, inactive ones once; of equals the first. (ip_vs_lc.c) */
class LeastConnections implements Scheduler {
  readonly name = 'lc';

  choose({ backends }: Service): Backend | undefined {
    let least: Backend | undefined;
    for (const backend of backends) {
      if (backend.takesNew && (least === undefined || backend.overhead < least.overhead)) least = backend;
    }
    return least;
  }

  changed(): void {}

  why(_service: Service, { active, inactive }: Backend): string {
    return `${active} active and ${inactive} inactive connections are fewest`;
  }
}

export const lc: SchedulerKind = { name: 'lc', flags: [], create: () => new LeastConnections() };
