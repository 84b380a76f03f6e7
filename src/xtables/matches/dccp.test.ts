import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

/** A DCCP header of a type: `words` is what it says its length is, in words of 32 bits; `options` what follows in hexadecimal. */
function frame(type: number, words: number, rest: string): Uint8Array {
  const body = `0fa00050${words.toString(16).padStart(2, '0')}000000${(type << 1).toString(16).padStart(2, '0')}000001${rest}`;
  const length = (20 + body.length / 2).toString(16).padStart(4, '0');
  const bytes = Buffer.from(
    `02000000000102000000011008004500${length}0001000040210000c000020acb007109${body}`,
    'hex',
  );
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  bytes.writeUInt16BE(~sum & 0xffff, 24);
  return bytes;
}

/** Does the rule match, not match, or drop? */
function outcome(options: string, bytes: Uint8Array): string {
  const { host, run, count } = bench();
  run(`iptables -A FORWARD -p dccp -m dccp ${options}`);
  run('iptables -A FORWARD');
  host.receive('lan0', bytes);
  if (count('FORWARD', 2) === 0) return 'dropped';
  return count('FORWARD', 1) === 1 ? 'yes' : 'no';
}

const REQUEST = frame(0, 5, '00000000' + '01052604');
const DATA = frame(2, 3, '');
const RESERVED = frame(12, 6, '00'.repeat(12));

test.each([
  ['--sport 4000 --dport 80', DATA, 'yes'],
  ['! --dport 80', DATA, 'no'],
  ['--dccp-types DATA,RESET', DATA, 'yes'],
  ['! --dccp-types DATA', DATA, 'no'],
  ['--dccp-types INVALID', RESERVED, 'yes'],
  ['--dccp-types INVALID', REQUEST, 'no'],
  ['--dccp-option 5', REQUEST, 'yes'],
  ['! --dccp-option 5', REQUEST, 'no'],
  // What looks like an option inside another is none.
  ['--dccp-option 4', REQUEST, 'no'],
  ['! --dccp-option 5', DATA, 'yes'],
  ['! --dccp-option 5', frame(2, 2, ''), 'dropped'],
  ['! --dccp-option 5', frame(2, 9, ''), 'dropped'],
])('-m dccp %s (case %#): %s', (options, bytes, expected) => {
  expect(outcome(options, bytes as Uint8Array)).toBe(expected);
});

test('the text', () => {
  const { run } = bench();
  run('iptables -A INPUT -p dccp -m dccp ! --sport 1:2 --dccp-types invalid,Request ! --dccp-option 4');
  expect(run('iptables -S INPUT')).toContain(
    '-m dccp ! --sport 1:2 --dccp-types REQUEST,INVALID ! --dccp-option 4\n',
  );
});

test.each([
  ['--dccp-types 3', "Unknown DCCP type `3'"],
  ['--dccp-option 0', 'out of range (1-255)'],
])('-m dccp %s is refused', (options, message) => {
  expect(() => bench().run(`iptables -A INPUT -p dccp -m dccp ${options}`)).toThrow(message);
});
