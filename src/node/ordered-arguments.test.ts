import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { orderedArguments, wordsOf } from './ordered-arguments.ts';

function parsed(...argv: string[]): { command: Command; words: string[] } {
  const program = new Command('program').exitOverride();
  const command = program
    .command('trace')
    .argument('[packet...]')
    .option('--in <device>')
    .option('--send')
    .option('-v, --verbose')
    .action(() => {});
  program.parse(['trace', ...argv], { from: 'user' });
  return { command, words: wordsOf(command) };
}

describe('the order of options and arguments', () => {
  it('is told', () => {
    const { command, words } = parsed(
      'first',
      '--in',
      'lan0',
      'second',
      '-v',
      '--in=wan0',
      'third',
      '--send',
      'fourth',
    );
    expect(orderedArguments(command, words)).toEqual([
      { kind: 'argument', value: 'first' },
      { kind: 'option', name: 'in', value: 'lan0' },
      { kind: 'argument', value: 'second' },
      { kind: 'option', name: 'verbose', value: undefined },
      { kind: 'option', name: 'in', value: 'wan0' },
      { kind: 'argument', value: 'third' },
      { kind: 'option', name: 'send', value: undefined },
      { kind: 'argument', value: 'fourth' },
    ]);
  });

  it('takes everything behind -- as an argument', () => {
    const { command, words } = parsed('--in', 'lan0', '--', '--send');
    expect(orderedArguments(command, words).at(-1)).toEqual({ kind: 'argument', value: '--send' });
  });
});
