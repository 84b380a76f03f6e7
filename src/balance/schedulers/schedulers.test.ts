import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tuple } from '../../conntrack/tuple.ts';
import { ServiceDirectory } from '../directory.ts';
import type { Backend, Service } from '../service.ts';
import { isPrime, maglevTable, maglevTurns } from './mh.ts';
import { schedulers } from './registry.ts';

const NAME = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
const CONNECTIONS = 100_000;

function service(
  scheduler: string,
  weights: readonly number[],
): { directory: ServiceDirectory; it: Service } {
  const directory = new ServiceDirectory(schedulers(), () => 0);
  const made = directory.add(NAME, { scheduler });
  for (const [i, weight] of weights.entries()) {
    directory.addBackend(made, { address: `10.0.0.${i + 1}` }, { weight });
  }
  return { directory, it: made };
}

const tuple = new Tuple();
tuple.protocol = 6;
/** The i-th of clients that are spread over all addresses. */
function client(i: number): Tuple {
  tuple.src0 = Math.imul(i + 1, 0x9e3779b1);
  tuple.sourcePart = 1024 + (i % 60000);
  return tuple;
}

function spread(made: Service, open: boolean): Map<Backend | undefined, number> {
  const counts = new Map<Backend | undefined, number>();
  for (let i = 0; i < CONNECTIONS; i++) {
    const backend = made.scheduler.choose(made, client(i));
    counts.set(backend, (counts.get(backend) ?? 0) + 1);
    if (open && backend) backend.active++;
  }
  return counts;
}

describe('shares', () => {
  it.each(['wrr', 'wlc', 'mh', 'sh'])(
    '%s: of 100,000 connections, within 1 %% of the weight',
    (scheduler) => {
      for (const weights of [
        [1, 1],
        [5, 3, 2],
        [10, 1],
        [4, 3, 2, 1, 0],
      ]) {
        const { it: made } = service(scheduler, weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const counts = spread(made, true);
        made.backends.forEach((backend, i) => {
          // sh gives out whole buckets, of which there are 256, and drained ones have one.
          if (scheduler === 'sh' && weights.includes(0)) return;
          const share = (counts.get(backend) ?? 0) / CONNECTIONS;
          expect(Math.abs(share - weights[i]! / total)).toBeLessThan(0.01);
        });
      }
    },
  );

  it('wrr is exact in every cycle, interleaved', () => {
    const { it: made } = service('wrr', [4, 3, 2]);
    const names = Array.from({ length: 9 }, () => made.scheduler.choose(made, tuple)!.address.a & 255);
    expect(names).toEqual([1, 1, 2, 1, 2, 3, 1, 2, 3]);
  });

  it('wrr comes to an end whatever changes', () => {
    const weights = fc.array(fc.oneof(fc.nat(5), fc.nat(0x7fffffff)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.array(fc.tuple(fc.nat(5), fc.nat(9), fc.boolean())), (given, changes) => {
        const { directory, it: made } = service('wrr', given);
        for (const [place, weight, overloaded] of changes) {
          const backend = made.backends[place % made.backends.length]!;
          directory.editBackend(backend, { weight });
          backend.overloaded = overloaded;
          if (place === 0 && made.backends.length > 1) directory.removeBackend(backend);
          const chosen = made.scheduler.choose(made, tuple);
          expect(chosen?.takesNew ?? false).toBe(made.backends.some(({ takesNew }) => takesNew));
        }
      }),
    );
  });
});

describe('Maglev', () => {
  it('fills the table of the paper', () => {
    const table = maglevTable(7, [[1], [2], [3]], [1, 1, 1]);
    const counts = [0, 1, 2].map((i) => table.filter((owner) => owner === i).length);
    expect(counts).toEqual([3, 2, 2]);
    expect(maglevTurns([4, 2, 0])).toEqual([2, 1, 0]);
    expect(maglevTurns([2 ** 31 - 1, 1])).toEqual([255, 1]);
    expect([65537, 251, 65536, 1, 9].map(isPrime)).toEqual([true, true, false, false, false]);
  });

  it('moves at most 2 % of the others when one of ten goes', () => {
    const { directory, it: made } = service('mh', new Array(10).fill(1));
    const before = Array.from({ length: CONNECTIONS }, (_, i) => made.scheduler.choose(made, client(i)));
    for (const gone of [...made.backends]) {
      directory.removeBackend(gone);
      let others = 0;
      let moved = 0;
      for (let i = 0; i < CONNECTIONS; i++) {
        if (before[i]!.name === gone.name) continue;
        others++;
        if (made.scheduler.choose(made, client(i))!.name !== before[i]!.name) moved++;
      }
      expect(moved / others).toBeLessThan(0.02);
      directory.addBackend(made, { address: gone.name.split(':')[0]! }, {});
    }
  });

  it('draining takes from the drained one only, and its clients find others with mh-fallback', () => {
    const { directory, it: made } = service('mh', [1, 1, 1]);
    const before = Array.from({ length: 1000 }, (_, i) => made.scheduler.choose(made, client(i)));
    const drained = made.backends[0]!;
    directory.editBackend(drained, { weight: 0 });
    const after = before.map((_, i) => made.scheduler.choose(made, client(i)));
    expect(after).toEqual(before.map((backend) => (backend === drained ? undefined : backend)));
    directory.edit(made, { flags: ['mh-fallback'] });
    const fallen = before.map((_, i) => made.scheduler.choose(made, client(i)));
    fallen.forEach((backend, i) => {
      if (before[i] === drained) expect(backend?.takesNew).toBe(true);
      else expect(backend).toBe(before[i]);
    });
  });
});
