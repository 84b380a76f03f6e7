import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Timers } from '../netfilter/timers.ts';
import { Connection } from './connection.ts';
import { Expiry } from './expiry.ts';
import { TupleHash } from './hash.ts';
import { ConnectionTable } from './table.ts';
import { Tuple } from './tuple.ts';

function counter(): () => number {
  let next = 0x12345678;
  return () => {
    next = (Math.imul(next, 1664525) + 1013904223) >>> 0;
    return next;
  };
}

/** A connection from a small world, so that tuples meet often. */
function connectionOf(flow: number): Connection {
  const connection = new Connection();
  connection.original.src0 = flow & 7;
  connection.original.dst0 = 0x0a000001;
  connection.original.sourcePart = flow >> 3;
  connection.original.protocol = 17;
  connection.reply.swapFrom(connection.original);
  return connection;
}

describe('the table of connections', () => {
  test('finds what was put in and not taken out, in both directions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.boolean()), { maxLength: 3000 }),
        (steps) => {
          const table = new ConnectionTable(new TupleHash(counter()));
          const model = new Map<number, Connection>();
          for (const [flow, add] of steps) {
            const known = model.get(flow);
            if (add && !known) {
              const connection = connectionOf(flow);
              model.set(flow, connection);
              table.insert(connection);
            } else if (!add && known) {
              model.delete(flow);
              table.remove(known);
            }
          }
          for (const [flow] of steps) {
            const probe = connectionOf(flow);
            const known = model.get(flow);
            if (table.find(probe.original, 0, 0) !== known?.original) return false;
            if (table.find(probe.reply, 0, 0) !== known?.reply) return false;
          }
          return true;
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a handle is found only in its zone', () => {
    const table = new ConnectionTable(new TupleHash(counter()));
    const connection = connectionOf(1);
    connection.setZone({ id: 7, directions: 1, fromMark: false });
    table.insert(connection);
    expect(table.find(connection.original, 0, 0)).toBeUndefined();
    expect(table.find(connection.original, 7, 0)).toBe(connection.original);
    expect(table.find(connection.reply, 7, 0)).toBe(connection.reply);
    expect(table.find(connection.reply, 7, 7)).toBeUndefined();
  });

  test('who does not know the key cannot aim at a bucket', () => {
    const other = new TupleHash(() => 99);
    const hash = new TupleHash(counter());
    // Flows chosen to fall into one of 256 buckets under one key are spread under another.
    const tuple = new Tuple();
    const counts = new Map<number, number>();
    let aimed = 0;
    for (let source = 0; aimed < 1000; source++) {
      tuple.src0 = source;
      if ((other.of(tuple) & 255) !== 0) continue;
      aimed++;
      const bucket = hash.of(tuple) & 255;
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    expect(Math.max(...counts.values())).toBeLessThan(20);
  });
});

describe('expiry', () => {
  test('every connection ends within a second of its time, and none before', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            wait: fc.integer({ min: 0, max: 9000 }),
            life: fc.integer({ min: 0, max: 20000 }),
            change: fc.option(fc.integer({ min: 0, max: 20000 }), { nil: undefined }),
          }),
          { maxLength: 60 },
        ),
        (steps) => {
          const timers = new Timers();
          const alive = new Set<Connection>();
          let early = 0;
          const expiry = new Expiry(timers, (connection) => {
            if (connection.timeout > timers.now) early++;
            alive.delete(connection);
          });
          for (const { wait, life, change } of steps) {
            timers.advance(wait * 1e6);
            const connection = connectionOf(0);
            connection.timeout = timers.now + life * 1e6;
            expiry.add(connection);
            alive.add(connection);
            const [first] = alive;
            if (change !== undefined && first) {
              const before = first.timeout;
              first.timeout = timers.now + change * 1e6;
              if (first.timeout < before) expiry.sooner(first);
            }
            for (const one of alive) if (one.timeout < timers.now - 1e6) return false;
          }
          timers.advance(50_000 * 1e6);
          return early === 0 && alive.size === 0;
        },
      ),
      { numRuns: 60 },
    );
  });
});
