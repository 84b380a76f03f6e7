import { expect, test } from 'vitest';
import { Automaton, isAutomaton } from './automaton.ts';

type Token = readonly [type: number, recurrence: number, value?: number];
const pattern = (...tokens: Token[]) =>
  Uint8Array.from(tokens.flatMap(([type, recurrence, value = 0]) => [type, 0, recurrence, value]));
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const find = (text: string, ...tokens: Token[]) =>
  new Automaton(pattern(...tokens)).find(bytes(text), 0, text.length, 0, 1000);

const [SPECIFIC, WILDCARD, DIGIT, LOWER] = [0, 1, 2, 10];
const [ONCE, PERHAPS, ANY, MULTI, HEAD] = [0, 1, 2, 3, 4];
const letter = (text: string) => text.charCodeAt(0);

test.each<[string, string, number, Token[]]>([
  ['a byte', 'a', 0, [[SPECIFIC, ONCE, letter('a')]]],
  ['data that go on', 'ab', -1, [[SPECIFIC, ONCE, letter('a')]]],
  ['a start elsewhere', 'ba', -1, [[SPECIFIC, ONCE, letter('a')]]],
  [
    'an ignored head',
    'bba',
    2,
    [
      [WILDCARD, HEAD],
      [SPECIFIC, ONCE, letter('a')],
    ],
  ],
  [
    'a head that may not be ignored',
    '1ba',
    -1,
    [
      [LOWER, HEAD],
      [SPECIFIC, ONCE, letter('a')],
    ],
  ],
  [
    'a tail that repeats',
    'x12 more',
    1,
    [
      [WILDCARD, HEAD],
      [DIGIT, MULTI],
    ],
  ],
  [
    'digits between',
    'a123z',
    0,
    [
      [SPECIFIC, ONCE, letter('a')],
      [DIGIT, ANY],
      [SPECIFIC, ONCE, letter('z')],
    ],
  ],
  [
    'no digits between',
    'az',
    0,
    [
      [SPECIFIC, ONCE, letter('a')],
      [DIGIT, ANY],
      [SPECIFIC, ONCE, letter('z')],
    ],
  ],
  [
    'a digit perhaps',
    'z',
    0,
    [
      [DIGIT, PERHAPS],
      [SPECIFIC, ONCE, letter('z')],
    ],
  ],
  ['nothing', '', -1, [[SPECIFIC, ONCE, letter('a')]]],
])('%s: %j at %i', (_about, text, place, tokens) => {
  expect(find(text, ...tokens)).toBe(place);
});

test('as many bytes as the pattern has must fit before the limit', () => {
  const automaton = new Automaton(pattern([SPECIFIC, ONCE, letter('a')]));
  expect(automaton.find(bytes('a'), 0, 1, 0, 4)).toBe(0);
  expect(automaton.find(bytes('a'), 0, 1, 0, 3)).toBe(-1);
});

test('patterns that are none', () => {
  expect(isAutomaton(pattern([SPECIFIC, ONCE, 1]))).toBe(true);
  expect(isAutomaton(pattern())).toBe(false);
  expect(isAutomaton(bytes('abc'))).toBe(false);
  expect(isAutomaton(pattern([14, ONCE]))).toBe(false);
  expect(isAutomaton(pattern([SPECIFIC, 5]))).toBe(false);
  expect(isAutomaton(pattern([WILDCARD, HEAD]))).toBe(false);
  expect(isAutomaton(pattern([DIGIT, ONCE], [WILDCARD, HEAD]))).toBe(false);
});

test('asked again behind its end, the packet is read once more from its start', () => {
  // Head ignored; one ASCII byte; any ASCII bytes. Behind the 0x10 comes a byte that fits neither: the search begins again
  // behind the end, and finds the first bytes of the packet there.
  const wanted = pattern([WILDCARD, HEAD], [7, MULTI], [7, ANY]);
  const data = Uint8Array.of(0x60, 0x61, 0xef, 0x10, 0x9f);
  expect(new Automaton(wanted).find(data, 0, 5, 2, 1000)).toBe(5);
  expect(new Automaton(wanted).find(data, 0, 5, 2, 5)).toBe(-1);
});
