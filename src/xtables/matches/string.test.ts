import { expect, test } from 'vitest';
import { bench, matches } from '../extension.fixture.ts';

const WEB = 'tcp 192.0.2.10:4000 > 203.0.113.9:80 "GET /index.html HTTP/1.1"';

test.each([
  ['--string "GET" --algo bm', true],
  ['--string "get" --algo kmp', false],
  ['--string "get" --algo kmp --icase', true],
  ['! --string "GET" --algo bm', false],
  ['--string "GET" --algo bm --from 41', false],
  ['--string "GET" --algo bm --from 40 --to 43', true],
  ['--string "GET" --algo bm --from 40 --to 42', false],
  ['--hex-string "GET |2f|index" --algo kmp', true],
  // An ignored head, a `G`, then anything, or nothing.
  ['--hex-string "|01000400 00000047 01000300|" --algo fsm', true],
  ['--hex-string "|01000400 00000047|" --algo fsm', false],
])('%s → %s', (rule, expected) => {
  expect(matches(`-m string ${rule}`, WEB)).toBe(expected);
});

test.each([
  ['--string a --algo regex', 'No chain/target/match by that name'],
  ['--string a --algo bm --from 6 --to 5', 'Invalid argument'],
  ['--string a --algo fsm', 'Invalid argument'],
  ['--hex-string "|4|" --algo bm', 'Invalid hex block'],
  ['--hex-string "|414" --algo bm', 'Odd number of hex digits'],
  ['--hex-string "|4g|" --algo bm', "Invalid hex char 'g'"],
  ['--algo bm', "You must specify `--string' or `--hex-string'"],
])('%s is refused: %s', (rule, message) => {
  const { run } = bench();
  expect(() => run(`iptables -A FORWARD -m string ${rule}`)).toThrow(message);
});
