import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { Fib4, FibResult4, network } from './fib4.ts';
import { type FibEntry4, Flow4 } from './route4.ts';

function entry(
  given: Partial<FibEntry4> & Pick<FibEntry4, 'destination' | 'prefixLength'>,
  device = 2,
): FibEntry4 {
  return {
    table: 254,
    tos: 0,
    priority: 0,
    type: ROUTE_TYPE.UNICAST,
    scope: 0,
    protocol: 3,
    source: 0,
    realm: 0,
    metrics: {},
    mtuLocked: false,
    nextHops: [{ device, gateway: 0, weight: 1, onlink: false, realm: 0, scope: 254, dead: false }],
    made: new Map(),
    ...given,
  };
}

const route = fc
  .record({
    address: fc.integer(),
    prefixLength: fc.integer({ min: 0, max: 32 }),
    priority: fc.nat(3),
    tos: fc.constantFrom(0, 0, 0, 16),
    device: fc.integer({ min: 2, max: 4 }),
  })
  .map(({ address, prefixLength, priority, tos, device }) =>
    entry({ destination: network(address, prefixLength), prefixLength, priority, tos }, device),
  );

/** The best of all routes, one after the other: longest prefix, then TOS, then metric, then the one that was there first. */
function naive(routes: readonly FibEntry4[], flow: Flow4): FibEntry4 | undefined {
  let best: FibEntry4 | undefined;
  for (const candidate of routes) {
    if (network(flow.destination, candidate.prefixLength) !== candidate.destination) continue;
    if (candidate.tos !== 0 && candidate.tos !== flow.tos) continue;
    if (flow.outDevice !== 0 && candidate.nextHops[0]!.device !== flow.outDevice) continue;
    const better =
      !best ||
      candidate.prefixLength > best.prefixLength ||
      (candidate.prefixLength === best.prefixLength &&
        (candidate.tos > best.tos || (candidate.tos === best.tos && candidate.priority < best.priority)));
    if (better) best = candidate;
  }
  return best;
}

test('the table finds what a look at every route finds', () => {
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 60 }),
      fc.array(fc.nat(59)),
      fc.array(
        fc.record({
          destination: fc.integer(),
          near: fc.nat(59),
          tos: fc.constantFrom(0, 16),
          outDevice: fc.constantFrom(0, 0, 2, 3),
        }),
        { minLength: 1, maxLength: 20 },
      ),
      (routes, removed, questions) => {
        const fib = new Fib4(254);
        for (const one of routes) fib.insert(one, true);
        const gone = new Set(removed.map((index) => routes[index]));
        for (const one of gone) if (one) fib.remove(one);
        const left = routes.filter((one) => !gone.has(one));
        const result = new FibResult4();
        for (const { destination, near, tos, outDevice } of questions) {
          const flow = new Flow4();
          // Half of the questions are about an address that a route covers.
          flow.destination =
            near % 2 ? destination : (routes[near]?.destination ?? destination) | (destination & 1);
          flow.tos = tos;
          flow.outDevice = outDevice;
          const expected = naive(left, flow);
          expect(fib.lookup(flow, result)).toBe(expected ? 0 : -11);
          if (expected) expect(result.entry).toBe(expected);
        }
      },
    ),
  );
});

test.each([
  [ROUTE_TYPE.BLACKHOLE, -22],
  [ROUTE_TYPE.UNREACHABLE, -113],
  [ROUTE_TYPE.PROHIBIT, -13],
  [ROUTE_TYPE.THROW, -11],
])('a route of type %i answers with the error %i, and hides shorter prefixes', (type, error) => {
  const fib = new Fib4(254);
  fib.insert(entry({ destination: 0, prefixLength: 0 }), true);
  fib.insert(entry({ destination: network(0x0a000000, 8), prefixLength: 8, type, nextHops: [] }), true);
  const flow = new Flow4();
  flow.destination = 0x0a010203;
  expect(fib.lookup(flow, new FibResult4())).toBe(error);
});

test('a next hop whose interface is down does not count', () => {
  const fib = new Fib4(254);
  const short = entry({ destination: 0, prefixLength: 0 }, 3);
  const long = entry({ destination: network(0x0a000000, 8), prefixLength: 8 });
  fib.insert(short, true);
  fib.insert(long, true);
  long.nextHops[0]!.dead = true;
  const flow = new Flow4();
  flow.destination = 0x0a010203;
  const result = new FibResult4();
  expect(fib.lookup(flow, result)).toBe(0);
  expect(result.entry).toBe(short);
});
