import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyKey, type Key } from './entry.ts';
import { createSet, type ElementSet } from './set.ts';
import type { SetSettings } from './settings.ts';
import { SET_TYPES, setType } from './types.ts';

const SECOND = 1_000_000;
const SETTINGS: SetSettings = {
  family: 4,
  timeout: undefined,
  counters: false,
  comment: false,
  skbinfo: false,
  forceadd: false,
  hashsize: 64,
  maxelem: 65536,
  bucketsize: 12,
  initval: 0,
  netmask: undefined,
  bitmask: undefined,
  markmask: 0xffffffff,
  first: 0,
  last: 63,
  size: 8,
};

function setOf(type: string, settings: Partial<SetSettings> = {}): ElementSet {
  const set = createSet(setType(type)!, { ...SETTINGS, ...settings }, 4);
  if (set.kind === 'list') throw new Error('a list has no elements');
  return set;
}

function keyOf(...words: number[]): Key {
  return { ...emptyKey(), words };
}

/** A word of few values, so that elements meet. */
const word = fc.integer({ min: 1, max: 63 });
const steps = fc.array(
  fc.record({
    what: fc.constantFrom('add', 'exist', 'remove', 'find', 'wait', 'flush'),
    value: word,
    timeout: fc.integer({ min: 0, max: 20 }),
  }),
  { maxLength: 60 },
);

describe.each(['hash:ip', 'bitmap:ip'])('%s', (type) => {
  test.each([undefined, 10])('holds what a map would, timeout %s', (timeout) => {
    fc.assert(
      fc.property(steps, (all) => {
        const set = setOf(type, { timeout });
        /** When each is over. */
        const model = new Map<number, number>();
        let now = 5 * SECOND;
        for (const { what, value, timeout: seconds } of all) {
          for (const [key, expires] of model) if (expires <= now) model.delete(key);
          const key = keyOf(value);
          if (what === 'wait') now += seconds * SECOND;
          else if (what === 'flush' && seconds === 0) {
            set.flush();
            model.clear();
          } else if (what === 'find') expect(set.find(key, now) !== undefined).toBe(model.has(value));
          else if (what === 'remove')
            expect(set.remove(key, now)).toBe(model.delete(value) ? undefined : 'MISSING');
          else if (what !== 'flush') {
            const exist = what === 'exist';
            const isThere = model.has(value);
            expect(set.add(key, { timeout: seconds }, exist, now)).toBe(
              isThere && !exist ? 'EXIST' : undefined,
            );
            if (isThere && !exist) continue;
            const isOver = timeout !== undefined && seconds > 0;
            model.set(value, isOver ? now + seconds * SECOND : Number.POSITIVE_INFINITY);
          }
        }
        const left = [...model].filter(([, expires]) => expires > now).map(([value]) => value);
        expect([...set.entries(now)].map(({ words }) => words[0]).sort()).toEqual(left.sort());
      }),
    );
  });
});

/** The smallest network that an address falls into, found by looking at all. */
function smallest(
  networks: ReadonlyMap<string, readonly [number, number]>,
  address: number,
): string | undefined {
  let best: readonly [number, number] | undefined;
  for (const network of networks.values()) {
    const [from, length] = network;
    const isInside = length === 0 || (address ^ from) >>> (32 - length) === 0;
    if (isInside && (!best || length > best[1])) best = network;
  }
  return best && `${best}`;
}

test('of networks the smallest around an address is found', () => {
  const network = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 24, max: 32 }));
  fc.assert(
    fc.property(fc.array(network), fc.array(network), fc.integer({ min: 0, max: 255 }), (add, remove, at) => {
      const set = setOf('hash:net');
      const model = new Map<string, readonly [number, number]>();
      const masked = ([high, length]: readonly [number, number]) =>
        [((high << 4) & (-1 << (32 - length))) | 0, length] as const;
      for (const one of add.map(masked)) {
        set.add(keyOf(...one), {}, true, 0);
        model.set(`${one}`, one);
      }
      for (const one of remove.map(masked)) {
        expect(set.remove(keyOf(...one), 0)).toBe(model.delete(`${one}`) ? undefined : 'MISSING');
      }
      const found = set.find(keyOf(at, 32), 0);
      expect(found && `${found.words}`).toBe(smallest(model, at));
    }),
  );
});

test('a full hash takes no more, with forceadd it forgets another of the same bucket', () => {
  const full = setOf('hash:ip', { maxelem: 100 });
  const forced = setOf('hash:ip', { maxelem: 100, forceadd: true });
  for (let i = 1; i <= 100; i++) {
    expect(full.add(keyOf(i), {}, false, 0)).toBeUndefined();
    expect(forced.add(keyOf(i), {}, false, 0)).toBeUndefined();
  }
  expect(full.add(keyOf(101), {}, false, 0)).toBe('FULL');
  let taken = 0;
  for (let i = 101; i <= 200; i++) if (forced.add(keyOf(i), {}, false, 0) === undefined) taken++;
  expect(taken).toBeGreaterThan(0);
  expect([...forced.entries(0)]).toHaveLength(100);
});

test('what is over makes room', () => {
  const set = setOf('hash:ip', { maxelem: 2, timeout: 5 });
  set.add(keyOf(1), {}, false, 1);
  set.add(keyOf(2), {}, false, 1);
  expect(set.add(keyOf(3), {}, false, 1)).toBe('FULL');
  expect(set.add(keyOf(3), {}, false, 1 + 5 * SECOND)).toBeUndefined();
});

test('a network that is there for another interface hides wider ones', () => {
  const set = setOf('hash:net,iface');
  const key = (length: number, iface: string): Key => ({ ...keyOf(0, length, 0), iface });
  set.add(key(24, 'eth0'), {}, false, 0);
  set.add(key(16, 'eth1'), {}, false, 0);
  expect(set.find({ ...keyOf(5, 32, 0), iface: 'eth0' }, 0)?.words[1]).toBe(24);
  expect(set.find({ ...keyOf(5, 32, 0), iface: 'eth1' }, 0)).toBeUndefined();
  expect(set.find({ ...keyOf(0x105, 32, 0), iface: 'eth1' }, 0)?.words[1]).toBe(16);
});

test('counters go on above 2⁴⁸', () => {
  const set = setOf('hash:ip', { counters: true });
  set.add(keyOf(1), { packets: 1, bytes: 2 ** 48 - 1, bytesHigh: 3 }, false, 0);
  const found = set.find(keyOf(1), 0, { bytes: 10, update: true, accepts: undefined });
  expect(found).toMatchObject({ packets: 2, bytes: 9, bytesHigh: 4 });
});

test('every type can be made', () => {
  for (const type of SET_TYPES) expect(createSet(type, SETTINGS, 0).type).toBe(type);
});
