import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

/** An SCTP packet from port 4000 to 80 whose chunks are these bytes, in hexadecimal, in a frame to lan0. */
function frame(chunks: string): Uint8Array {
  const body = `0fa00050${'00000007'}00000000${chunks}`;
  const length = (20 + body.length / 2).toString(16).padStart(4, '0');
  const bytes = Buffer.from(
    `0200000000010200000001100800${`4500${length}00010000`}40840000c000020acb007109${body}`,
    'hex',
  );
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  bytes.writeUInt16BE(~sum & 0xffff, 24);
  return bytes;
}

const DATA = '00030004';
const INIT = '01000004';
const ABORT_T = '06010004';

/** Does the rule match, not match, or drop? */
function outcome(options: string, chunks: string): string {
  const { host, run, count } = bench();
  run(`iptables -A FORWARD -p sctp -m sctp ${options}`);
  run('iptables -A FORWARD');
  host.receive('lan0', frame(chunks));
  if (count('FORWARD', 2) === 0) return 'dropped';
  return count('FORWARD', 1) === 1 ? 'yes' : 'no';
}

test.each([
  ['--sport 4000 ! --dport 81', DATA, 'yes'],
  ['--chunk-types any DATA,SACK', INIT + DATA, 'yes'],
  ['--chunk-types all DATA,INIT', INIT + DATA, 'yes'],
  ['--chunk-types all DATA,SACK', INIT + DATA, 'no'],
  ['--chunk-types only DATA', DATA + DATA, 'yes'],
  ['--chunk-types only DATA', DATA + INIT, 'no'],
  ['--chunk-types only ALL', DATA + INIT, 'yes'],
  ['--chunk-types any NONE', DATA, 'no'],
  ['--chunk-types all NONE', DATA, 'yes'],
  ['! --chunk-types any DATA', INIT, 'yes'],
  ['--chunk-types any DATA:BE', DATA, 'yes'],
  ['--chunk-types any DATA:bE', DATA, 'no'],
  ['--chunk-types any ABORT:T', ABORT_T, 'yes'],
  ['--chunk-types only ABORT:t', ABORT_T, 'no'],
  // What is found before the chunks end counts; what is not there drops, inverted or not.
  ['--chunk-types any DATA', `${DATA}01000000`, 'yes'],
  ['--chunk-types all DATA,SACK', `${DATA}01000000`, 'dropped'],
  ['! --chunk-types any INIT', '', 'dropped'],
  ['--dport 80', '', 'yes'],
])('-m sctp %s, chunks %s: %s', (options, chunks, expected) => {
  expect(outcome(options, chunks)).toBe(expected);
});

test('the text', () => {
  const { run } = bench();
  run('iptables -A INPUT -p sctp -m sctp ! --sport 1:2 --chunk-types only init,DATA:Be');
  expect(run('iptables -S INPUT')).toContain('-m sctp ! --sport 1:2 --chunk-types only DATA:Be,INIT\n');
});

test.each([
  ['--chunk-types any DATA:X', 'Invalid flags for chunk type 0'],
  ['--chunk-types some DATA', 'Match type has to be one of "ALL", "ANY" or "ONLY"'],
  ['--chunk-types all', '--chunk-types requires two args'],
  ['--chunk-types any FOO', "Unknown sctp chunk `FOO'"],
  ['--dport 2:1', 'invalid portrange (min > max)'],
])('-m sctp %s is refused', (options, message) => {
  expect(() => bench().run(`iptables -A INPUT -p sctp -m sctp ${options}`)).toThrow(message);
});
