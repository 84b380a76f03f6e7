import { Problem } from '../../xtables/problem.ts';
import type { Getopt } from './getopt.ts';

/** The argument of an option that may also stand as a word of its own. */
function argumentOf(words: Getopt<unknown>, attached: string | undefined): string | undefined {
  if (attached !== undefined || !words.hasWord()) return attached;
  return words.argv[words.index++];
}

/** `-w [seconds]`: taken and checked; nobody else holds the lock of a simulated host. */
export function checkWait(words: Getopt<unknown>, attached: string | undefined): void {
  const text = argumentOf(words, attached);
  if (text !== undefined && !/^[ \t\n]*[+-]?[0-9]/.test(text)) throw new Problem('wait seconds not numeric');
}

/** `-W microseconds`: checked, then ignored with a word about it, as the real tool does. */
export function checkInterval(
  words: Getopt<unknown>,
  attached: string | undefined,
  warn: (line: string) => void,
): void {
  const text = argumentOf(words, attached);
  if (text === undefined) throw new Problem('wait interval value required');
  const number = /^[ \t\n]*[+-]?([0-9]+)/.exec(text);
  if (!number) throw new Problem('wait interval not numeric');
  if (Number(number[1]) > 999999) throw new Problem(`too long usec wait ${number[1]} > 999999 usec`);
  warn('Ignoring deprecated --wait-interval option.\n');
}
