import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timers } from './timers.ts';

test('timers run in the order they fall due, at their own moment', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ delay: fc.nat(1000), cancel: fc.boolean() })),
      fc.nat(1200),
      (wanted, passed) => {
        const timers = new Timers(50);
        const ran: { at: number; index: number }[] = [];
        wanted.forEach(({ delay, cancel }, index) => {
          const timer = timers.schedule(delay, () => ran.push({ at: timers.now, index }));
          if (cancel) timers.cancel(timer);
        });
        timers.advance(passed);
        const expected = wanted
          .map(({ delay, cancel }, index) => ({ at: 50 + delay, index, cancel }))
          .filter(({ at, cancel }) => !cancel && at <= 50 + passed)
          .sort((a, b) => a.at - b.at || a.index - b.index)
          .map(({ at, index }) => ({ at, index }));
        expect(ran).toEqual(expected);
        expect(timers.now).toBe(50 + passed);
      },
    ),
  );
});

test('a timer that sets another: it runs in the same stretch if it falls due in it', () => {
  const timers = new Timers();
  const at: number[] = [];
  const again = () => {
    at.push(timers.now);
    if (at.length < 5) timers.schedule(30, again);
  };
  timers.schedule(30, again);
  timers.advance(100);
  expect(at).toEqual([30, 60, 90]);
  expect(timers.next).toBe(120);
});
