import type { Tuple } from '../../conntrack/tuple.ts';
import type { Backend, Service } from '../service.ts';

/** Chooses backends for the new connections of one service. */
export interface Scheduler {
  readonly name: string;
  /** The backend for a new connection from client to virtual address, or undefined: nobody is to be had. */
  choose(service: Service, tuple: Tuple): Backend | undefined;
  /** Backends came, went or changed their weights, or the service its flags. */
  changed(service: Service): void;
  /** Why it chose this one just now, for a journey: `6 × 256 + 2 connections at weight 3 is least`. */
  why(service: Service, chosen: Backend): string;
}

/** How a kind of scheduler is made: one a service. */
export interface SchedulerKind {
  readonly name: string;
  /** Flags that it knows (ipvsadm -b), the first of bit 1. */
  readonly flags: readonly string[];
  create(): Scheduler;
}

export function gcd(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** The greatest common divisor of all weights that are not 0; 0 if all are. */
export function weightStep(weights: readonly number[]): number {
  return weights.reduce((step, weight) => (weight > 0 ? gcd(weight, step) : step), 0);
}
