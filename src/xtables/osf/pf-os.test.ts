import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fingerprints } from './fingerprints.ts';
import { FingerprintProblem, readFingerprints } from './pf-os.ts';

describe('pf.os', () => {
  test('a line', () => {
    expect(
      readFingerprints('# none\n\nS4:64:1:60:M*,S,T,N,W7:\t\t@Linux:2.6::Linux 2.6 (newer, 3)\n'),
    ).toEqual([
      {
        window: { kind: 'segments', value: 4 },
        ttl: 64,
        dontFragment: true,
        length: 60,
        options: [
          { option: 2, kind: 'plain', value: 0 },
          { option: 4, kind: 'plain', value: 0 },
          { option: 8, kind: 'plain', value: 0 },
          { option: 1, kind: 'plain', value: 0 },
          { option: 3, kind: 'plain', value: 7 },
        ],
        genre: 'Linux',
        version: '2.6',
        subtype: '',
      },
    ]);
  });

  test.each([
    ['*', { kind: 'plain', value: 0 }],
    ['16384', { kind: 'plain', value: 16384 }],
    ['T22', { kind: 'packets', value: 22 }],
    ['S*', { kind: 'segments', value: 0 }],
    ['%8192', { kind: 'multiple', value: 8192 }],
  ])('window %s', (text, window) => {
    expect(readFingerprints(`${text}:64:0:40:.:A:b:c:d`)[0]).toMatchObject({ window, options: [] });
  });

  test('options with numbers, and names that are too long', () => {
    const [print] = readFingerprints(`*:64:0:40:W%2,M512,T0,E:${'A'.repeat(40)}:b :c:d`);
    expect(print?.options.map(({ option, kind, value }) => [option, kind, value])).toEqual([
      [3, 'multiple', 2],
      [2, 'plain', 512],
      [8, 'plain', 0],
      [0, 'plain', 0],
    ]);
    expect(print).toMatchObject({ genre: 'A'.repeat(31), version: 'b ' });
  });

  test.each([
    ['abc', 'line 1: 0 colons, must be 8: window:ttl:df:size:options:genre:version:subtype:details'],
    ['#\nX:64:0:40:.:A:b:c:d', "line 2: window 'X': must be *, N, SN, TN or %N, N from 1"],
    ['%0:64:0:40:.:A:b:c:d', "line 1: window '%0': must be"],
    ['5:256:0:40:.:A:b:c:d', "line 1: ttl '256': must be a number from 0 to 255"],
    ['5:64:2:40:.:A:b:c:d', "line 1: df '2': must be a number from 0 to 1"],
    ['5:64:0:x:.:A:b:c:d', "line 1: size 'x': must be a number from 0 to 65535"],
    ['5:64:0:40:N,Q:A:b:c:d', "line 1: option 'Q': must be N, S, T, T0, E, M or W with a number"],
    [`5:64:0:40:${'N,'.repeat(41)}:A:b:c:d`, 'line 1: 41 options, must be 40 at most'],
    [
      '5:64:0:40:W99999999999:A:b:c:d',
      "line 1: option 'W99999999999': 99999999999 is larger than 4294967295",
    ],
  ])('%s is refused', (text, message) => {
    expect(() => readFingerprints(text)).toThrow(message);
  });

  test('whatever the text, it is read or refused', () => {
    const word = fc.constantFrom(
      '*',
      'S4',
      '%2',
      '64',
      '1',
      'M*,N',
      '.',
      'Linux',
      ':',
      '\n',
      '\t',
      '#',
      '9e9',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 4 })), { maxLength: 40 }), (words) => {
        try {
          readFingerprints(words.join(words.length % 2 ? ':' : ''));
        } catch (error) {
          expect(error).toBeInstanceOf(FingerprintProblem);
        }
      }),
    );
  });
});

test('what is there already is not added again', () => {
  const text = '5:64:0:40:.:A:b:c:d\n5:64:1:40:.:A:b:c:d\n5:64:0:40:.:A:b:c:other details\n';
  const prints = new Fingerprints();
  prints.load(text);
  expect(prints.count).toBe(2);
  const [first] = readFingerprints(text);
  expect(prints.remove(first!)).toBe(true);
  expect(prints.remove(first!)).toBe(false);
  expect(prints.list(false)).toEqual([]);
  expect(prints.list(true)).toHaveLength(1);
});
