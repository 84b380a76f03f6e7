import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { Fib6, network6, prefixFits6 } from './fib6.ts';
import type { FibEntry6 } from './route6.ts';

function entry(destination: Uint8Array, prefixLength: number, metric: number): FibEntry6 {
  return {
    table: 254,
    destination: network6(destination, prefixLength),
    prefixLength,
    from: new Uint8Array(16),
    fromLength: 0,
    metric,
    type: ROUTE_TYPE.UNICAST,
    protocol: 3,
    source: undefined,
    metrics: {},
    mtuLocked: false,
    preference: 0,
    nextHops: [{ device: 2, gateway: undefined, weight: 1, onlink: false, dead: false }],
    made: new Map(),
  };
}

// Few different bytes, so that prefixes overlap.
const address = fc.uint8Array({ minLength: 16, maxLength: 16, max: 3 });

test('a walk meets every route that covers an address, the longest prefix and the lowest metric first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(address, fc.integer({ min: 0, max: 128 }), fc.nat(3)), { maxLength: 40 }),
      address,
      (given, wanted) => {
        const fib = new Fib6(254);
        const routes = given.map(([bytes, length, metric]) => entry(bytes, length, metric));
        for (const one of routes) fib.insert(one);
        const met: FibEntry6[] = [];
        fib.walk(wanted, 0, (one) => {
          met.push(one);
          return false;
        });
        const expected = routes
          .filter((one) => prefixFits6(one.destination, one.prefixLength, wanted, 0))
          .sort((a, b) => b.prefixLength - a.prefixLength || a.metric - b.metric);
        expect(met).toEqual(expected);
        for (const one of routes) fib.remove(one);
        expect(fib.list()).toEqual([]);
      },
    ),
  );
});
