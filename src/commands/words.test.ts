import { expect, test } from 'vitest';
import { readCommandLine } from './line.ts';
import { splitWords, WordsProblem } from './words.ts';

test.each([
  ['a b  c', ['a', 'b', 'c']],
  ['', []],
  ["''", ['']],
  [`a'b'"c"`, ['abc']],
  [String.raw`a\ b`, ['a b']],
  [String.raw`"a\"b\\c\d\$"`, [String.raw`a"b\c\d\$`]],
  [String.raw`'a\'`, ['a\\']],
  ['a#b #c', ['a#b', '#c']],
  ['--comment "a  b" -j\tACCEPT\n', ['--comment', 'a  b', '-j', 'ACCEPT']],
])('%s', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test('a shell also ends at a comment and escapes the dollar', () => {
  expect(splitWords(String.raw`echo "\$x" a#b # c`, { shell: true })).toEqual(['echo', '$x', 'a#b']);
});

test.each([
  ["a 'b", "quote (') is not closed"],
  ['a "b\\"', 'quote (") is not closed'],
  ['a \\', 'a backslash ends'],
])('refused: %s', (line, problem) => {
  expect(() => splitWords(line)).toThrow(WordsProblem);
  expect(() => splitWords(line)).toThrow(problem);
});

test('output goes to a file', () => {
  expect(readCommandLine('echo 1 > /proc/sys/net/ipv4/ip_forward')).toEqual({
    argv: ['echo', '1'],
    output: '/proc/sys/net/ipv4/ip_forward',
  });
  expect(readCommandLine(`echo '>' "|" >>'a b' # > c`)).toEqual({ argv: ['echo', '>', '|'], output: 'a b' });
  expect(readCommandLine('echo a1>b').argv).toEqual(['echo', 'a1']);
  expect(readCommandLine('echo a 1>b')).toEqual({ argv: ['echo', 'a'], output: 'b' });
});

test.each(['iptables-save | grep x', 'a; b', 'a &', 'a > b > c', 'a >', 'cat < b', 'echo $x', 'echo `x`'])(
  'not a command line of this shell: %s',
  (line) => {
    expect(() => readCommandLine(line)).toThrow(WordsProblem);
  },
);
