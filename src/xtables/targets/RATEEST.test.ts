import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const ESTIMATE = '--rateest-name up --rateest-interval 250ms --rateest-ewmalog 500ms';

test('an estimator is there as long as a rule counts in it', () => {
  const { run } = bench();
  run(`iptables -t mangle -A FORWARD -j RATEEST ${ESTIMATE}`);
  run(`ip6tables -t mangle -A FORWARD -j RATEEST ${ESTIMATE}`);
  run('iptables -t mangle -F');
  run('iptables -A FORWARD -m rateest --rateest up --rateest-gt --rateest-pps 5');
  run('ip6tables -t mangle -F');
  run('iptables -A FORWARD -m rateest --rateest up --rateest-lt --rateest-pps 5');
  run('iptables -F');
  expect(() => run('iptables -A FORWARD -m rateest --rateest up --rateest-gt --rateest-pps 5')).toThrow(
    'No chain/target/match by that name',
  );
});

test('rules that name the same estimator must agree', () => {
  const { run } = bench();
  run(`iptables -t mangle -A FORWARD -j RATEEST ${ESTIMATE}`);
  expect(() =>
    run(
      'iptables -t mangle -A FORWARD -j RATEEST --rateest-name up --rateest-interval 1s --rateest-ewmalog 4s',
    ),
  ).toThrow('Invalid argument');
});

test.each([
  ['300ms', '5s', '500.0ms', '8.0s'],
  ['0x1p-2s', '5s', '250.0ms', '4.0s'],
  ['8s', '4200s', '8.0s', '4096.0s'],
  // 2¹⁶ quarters of a second do not go into 32 bits of microseconds.
  ['10', '1s', '250.0ms', '3499.1s'],
])('%s and %s become %s and %s', (interval, constant, shownInterval, shownConstant) => {
  const { run } = bench();
  run(
    `iptables -t mangle -A FORWARD -j RATEEST --rateest-name up --rateest-interval ${interval} --rateest-ewmalog ${constant}`,
  );
  expect(run('iptables -t mangle -S FORWARD')).toContain(
    `--rateest-interval ${shownInterval} --rateest-ewmalog ${shownConstant}`,
  );
});
