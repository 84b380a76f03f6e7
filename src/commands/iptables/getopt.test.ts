import { describe, expect, it } from 'vitest';
import { Getopt, type LongOption, shortOptions } from './getopt.ts';

const options: readonly LongOption<string>[] = [
  { name: 'source', argument: 1, value: 's' },
  { name: 'src', argument: 1, value: 's' },
  { name: 'set-counters', argument: 1, value: 'c' },
  { name: 'numeric', argument: 0, value: 'n' },
  { name: 'wait', argument: 2, value: 'w' },
];

function read(...words: string[]): string[] {
  const getopt = new Getopt<string>(['program', ...words], shortOptions('s:nvw::'), (letter) => letter);
  const found: string[] = [];
  for (;;) {
    const next = getopt.next(options);
    if (next === undefined) break;
    if (next.kind === 'option') found.push(`${next.value}=${next.argument ?? ''}`);
    else if (next.kind === 'word') found.push(`word ${next.word}`);
    else found.push(next.kind === 'missing' ? 'missing' : `${next.why} ${getopt.previous}`);
  }
  return [...found, ...getopt.argv.slice(getopt.index).map((word) => `rest ${word}`)];
}

describe('getopt_long', () => {
  it('joins short options and attaches arguments', () => {
    expect(read('-nvs', '1.2.3.4', '-s5.6.7.8', '-w5', '-w', '3')).toEqual([
      ...['n=', 'v=', 's=1.2.3.4', 's=5.6.7.8', 'w=5', 'w=', 'word 3'],
    ]);
  });

  it('takes unambiguous abbreviations; names with one meaning are not ambiguous', () => {
    expect(read('--num', '--so', 'a', '--wait=4', '--source=b')).toEqual(['n=', 's=a', 'w=4', 's=b']);
    expect(read('--s', 'a')).toEqual(['ambiguous --s', 'word a']);
    expect(read('--sr', 'a')).toEqual(['s=a']);
  });

  it('gives words in their place and stops at --', () => {
    expect(read('a', '-n', '!', '-', '--', '-n')).toEqual(['word a', 'n=', 'word !', 'word -', 'rest -n']);
  });

  it('tells what is wrong', () => {
    expect(read('-s')).toEqual(['missing']);
    expect(read('--source')).toEqual(['missing']);
    expect(read('--bogus')).toEqual(['unknown --bogus']);
    expect(read('-nQ')).toEqual(['n=', 'unknown -nQ']);
    expect(read('--numeric=1')).toEqual(['takes none --numeric=1']);
  });
});
