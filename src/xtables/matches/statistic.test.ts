import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53';

test('nth: the given one of every so many', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(5), fc.nat(20), (every, packet, sent) => {
      fc.pre(packet < every);
      const { run, receive, count } = bench();
      run(`iptables -A FORWARD -m statistic --mode nth --every ${every} --packet ${packet}`);
      run(`iptables -A FORWARD -m statistic --mode nth ! --every ${every} --packet ${packet}`);
      for (let i = 0; i < sent; i++) receive(PACKET);
      const expected = [...Array(sent).keys()].filter((i) => i % every === packet).length;
      expect([count('FORWARD'), count('FORWARD', 2)]).toEqual([expected, sent - expected]);
    }),
    { numRuns: 20 },
  );
});

test('random: about as many as the probability says', () => {
  const { run, receive, count } = bench();
  for (const p of ['0', '0.25', '1'])
    run(`iptables -A FORWARD -m statistic --mode random --probability ${p}`);
  run('iptables -A FORWARD -m statistic --mode random ! --probability 0.25');
  for (let i = 0; i < 2000; i++) receive(PACKET);
  expect([count('FORWARD'), count('FORWARD', 3)]).toEqual([0, 2000]);
  expect(Math.abs(count('FORWARD', 2) - 500)).toBeLessThan(80);
  expect(Math.abs(count('FORWARD', 4) - 1500)).toBeLessThan(80);
});

test.each([
  ['0.1', '0.10000000009'],
  ['.5', '0.50000000000'],
  ['0x1p-2', '0.25000000000'],
  ['5e-1', '0.50000000000'],
  ['nan', '0.00000000000'],
  // Half-way between two, the even one.
  ['0.000244140625', '0.00024414062'],
])('probability %s is printed as %s', (given, printed) => {
  const { run } = bench();
  run(`iptables -A FORWARD -m statistic --mode random --probability ${given}`);
  expect(run('iptables -S FORWARD')).toContain(`--probability ${printed}\n`);
});
