import { lc } from './lc.ts';
import { MAGLEV_SIZE, maglev } from './mh.ts';
import { rr } from './rr.ts';
import type { SchedulerKind } from './scheduler.ts';
import { sh } from './sh.ts';
import { wlc } from './wlc.ts';
import { wrr } from './wrr.ts';

/** The schedulers by their names. A program may add its own to a balancer's. */
export function schedulers(maglevSize = MAGLEV_SIZE): Map<string, SchedulerKind> {
  return new Map([rr, wrr, lc, wlc, sh, maglev(maglevSize)].map((kind) => [kind.name, kind]));
}

/** Who chooses if nothing is said (ipvsadm's default). */
export const DEFAULT_SCHEDULER = 'wlc';
