import type { Backend, Service } from '../service.ts';
import type { Scheduler, SchedulerKind } from './scheduler.ts';

/**
 * Weighted least connections: the least (active × 256 + inactive) / weight; of equals the first. (LVS documentation,
 * "Weighted Least-Connection Scheduling"; ip_vs_wlc.c)
 */
class WeightedLeastConnections implements Scheduler {
  readonly name = 'wlc';

  choose({ backends }: Service): Backend | undefined {
    let least: Backend | undefined;
    let cost = 0;
    for (const backend of backends) {
      if (!backend.takesNew) continue;
      const { overhead } = backend;
      // Compared by cross multiplication, so that no fraction is rounded.
      if (least === undefined || overhead * least.weight < cost * backend.weight) {
        least = backend;
        cost = overhead;
      }
    }
    return least;
  }

  changed(): void {}

  why(_service: Service, { active, inactive, weight }: Backend): string {
    return `${active} active and ${inactive} inactive connections at weight ${weight} are fewest`;
  }
}

export const wlc: SchedulerKind = { name: 'wlc', flags: [], create: () => new WeightedLeastConnections() };
