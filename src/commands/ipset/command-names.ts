import { misuse } from './problem.ts';

/** Names of the commands; how many names or words each must have, and may. */
const COMMANDS: readonly (readonly [names: readonly string[], least: number, most: number])[] = [
  [['create', 'new', 'n', '-N', '--create', '--new'], 2, Number.POSITIVE_INFINITY],
  [['add', '-A', '--add'], 2, Number.POSITIVE_INFINITY],
  [['del', '-D', '--del', '--delete'], 2, Number.POSITIVE_INFINITY],
  [['test', '-T', '--test'], 2, Number.POSITIVE_INFINITY],
  [['destroy', 'x', '-X', '--destroy'], 0, 1],
  [['list', '-L', '--list'], 0, 1],
  [['save', '-S', '--save'], 0, 1],
  [['restore', '-R', '--restore'], 0, 0],
  [['flush', '-F', '--flush'], 0, 1],
  [['rename', 'e', '-E', '--rename'], 2, 2],
  [['swap', 'w', '-W', '--swap'], 2, 2],
  [['help', '-h', '-H', '--help'], 0, Number.POSITIVE_INFINITY],
  [['version', '-v', '-V', '--version'], 0, Number.POSITIVE_INFINITY],
  [['quit'], 0, Number.POSITIVE_INFINITY],
];

/** The command of the first word, which may be the beginning of a name; undefined if there is none. */
export function findCommand(words: readonly string[]): string | undefined {
  const word = words[0] ?? '';
  if (word === '') return undefined;
  const known = COMMANDS.find(([names]) => names[0]!.startsWith(word) || names.includes(word));
  return known?.[0][0];
}

/** @throws {IpsetProblem} if there are too few words or too many */
export function countWords(command: string, words: readonly string[]): void {
  const [, least, most] = COMMANDS.find(([names]) => names[0] === command)!;
  if (words.length < least)
    throw misuse(`Missing ${words.length === 0 ? '' : 'second '}mandatory argument to command ${command}`);
  if (words.length > most) throw misuse(`Unknown argument ${words[most]}`);
}
