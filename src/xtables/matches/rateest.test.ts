import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53 len 72';

/** A host that estimates what it forwards, every 250 ms; each measurement halves what it forgets and takes half of the new. */
function estimating() {
  const made = bench();
  made.run(
    'iptables -t mangle -A FORWARD -j RATEEST --rateest-name up --rateest-interval 250ms --rateest-ewmalog 500ms',
  );
  return made;
}

test('the average follows what is counted, and forgets it', () => {
  const { host, run, receive, count } = estimating();
  run('iptables -A FORWARD -m rateest --rateest up --rateest-gt --rateest-pps 3');
  run('iptables -A FORWARD -m rateest --rateest up --rateest-eq --rateest-bps 3200bit');
  for (let i = 0; i < 4; i++) receive(PACKET);
  expect(count('FORWARD', 1)).toBe(0);
  // 4 packets of 100 bytes in a quarter are 16 a second, half of which count: 8 packets and 800 bytes, 6400 bits.
  host.advance(0.26);
  receive(PACKET);
  expect([count('FORWARD', 1), count('FORWARD', 2)]).toEqual([1, 0]);
  // Half of that is left, and one packet adds 2.
  host.advance(0.25);
  receive(PACKET);
  expect(count('FORWARD', 1)).toBe(2);
  host.advance(5);
  receive(PACKET);
  expect(count('FORWARD', 1)).toBe(2);
});

test.each([
  ['--rateest-delta --rateest up --rateest-pps1 10 --rateest-lt --rateest-pps2 3', 1],
  ['--rateest-delta --rateest up --rateest-pps1 12 --rateest-lt --rateest-pps2 3', 0],
  ['--rateest-delta --rateest up --rateest-pps1 1 --rateest-eq --rateest-pps2 0', 1],
  ['--rateest up ! --rateest-eq --rateest-bps 6400bit', 0],
  ['--rateest up --rateest-eq --rateest-bps 6400bit --rateest-pps 8', 1],
  ['--rateest up --rateest-eq --rateest-bps 6400bit --rateest-pps 7', 0],
  ['--rateest1 up --rateest2 up --rateest-eq --rateest-bps', 1],
])('%s matches %d', (options, matched) => {
  const { host, run, receive, count } = estimating();
  run(`iptables -A FORWARD -m rateest ${options}`);
  for (let i = 0; i < 4; i++) receive(PACKET);
  const before = count('FORWARD');
  host.advance(0.26);
  receive(PACKET);
  expect(count('FORWARD') - before).toBe(matched);
});

test('a rule that does not match tells the rates', () => {
  const { run } = bench();
  expect(() => run('iptables -A FORWARD -m rateest --rateest none --rateest-gt --rateest-pps 5')).toThrow(
    'No chain/target/match by that name',
  );
});
