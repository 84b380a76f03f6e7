import type { LongOption } from '../iptables/getopt.ts';
import { wrong } from './problem.ts';

/** Commands by letter, and behind `x` those for expectations: rows of the table of legal options. */
export type CommandKey = 'L' | 'I' | 'A' | 'U' | 'D' | 'G' | 'F' | 'E' | 'C' | 'S' | 'V' | 'h' | `x${string}`;

/** Options by letter with the names that messages give them, in the order in which they are checked. */
const OPTION_NAMES: readonly (readonly [letter: string, name: string])[] = [
  ['s', 'src'],
  ['d', 'dst'],
  ['r', 'reply-src'],
  ['q', 'reply-dst'],
  ['p', 'protonum'],
  ['t', 'timeout'],
  ['u', 'status'],
  ['z', 'zero'],
  ['e', 'event-mask'],
  ['[', 'tuple-src'],
  [']', 'tuple-dst'],
  ['{', 'mask-src'],
  ['}', 'mask-dst'],
  ['m', 'mark'],
  ['i', 'id'],
  ['f', 'family'],
  ['n', 'src-nat'],
  ['g', 'dst-nat'],
  ['o', 'output'],
  ['c', 'secmark'],
  ['b', 'buffer-size'],
  ['j', 'any-nat'],
  ['w', 'zone'],
  ['l', 'label'],
  ['<', 'label-add'],
  ['>', 'label-del'],
  ['(', 'orig-zone'],
  [')', 'reply-zone'],
];

/** Which options a command may (`may`), must (`must`), or must in pairs (`pairs`) have. */
interface Legal {
  readonly may: string;
  readonly must?: string;
  readonly pairs?: boolean;
}

const NOTHING: Legal = { may: '' };
const CREATE: Legal = { may: 'sdrqumngcw<()', must: 'pt', pairs: true };

const LEGAL: Readonly<Record<string, Legal>> = {
  L: { may: 'sdrqpuz{}mfngocjwl()' },
  I: CREATE,
  A: CREATE,
  U: { may: 'sdrqptu{}mifngol<>' },
  D: { may: 'sdrqptu{}mifngowl()' },
  G: { may: 'sdrqiol', must: 'p', pairs: true },
  F: { may: 'f' },
  E: { may: 'sdrqpe{}mfngocbjwl()' },
  h: { may: 'p' },
  xL: { may: 'fo' },
  xI: { may: 'rqu', must: 'sdpt[]{}' },
  xD: { may: 'rq', must: 'sdp' },
  xG: { may: 'rq', must: 'sdp' },
  xE: { may: 'o' },
};

/** Says what is missing from or too much in a command's options, given by letter. */
export function checkOptions(command: CommandKey, given: ReadonlySet<string>): void {
  const { may, must = '', pairs } = LEGAL[command] ?? NOTHING;
  for (const [letter, name] of OPTION_NAMES) {
    if (given.has(letter)) {
      if (!may.includes(letter) && !must.includes(letter))
        wrong(`Illegal option \`--${name}' with this command`);
    } else if (must.includes(letter)) wrong(`You need to supply the \`--${name}' option for this command`);
  }
  if (!pairs) return;
  const [s, d, r, q] = ['s', 'd', 'r', 'q'].map((letter) => given.has(letter));
  if ((s && d) || (r && q)) return;
  if (!s && !d && (r || q)) wrong("you have to specify `--reply-src' and `--reply-dst'");
  wrong("you have to specify `--src' and `--dst'");
}

export const SHORT_OPTIONS = new Map<string, 0 | 1 | 2>([
  ...[...'hVSz'].map((letter): [string, 0] => [letter, 0]),
  ...[...'sdrqptueamifocbwl[]{}<()'].map((letter): [string, 1] => [letter, 1]),
  ...[...'LIUDGEFACngj>'].map((letter): [string, 2] => [letter, 2]),
]);

const LONG: readonly (readonly [name: string, argument: 0 | 1 | 2, letter: string])[] = [
  ['dump', 2, 'L'],
  ['create', 2, 'I'],
  ['add', 2, 'A'],
  ['delete', 2, 'D'],
  ['update', 2, 'U'],
  ['get', 2, 'G'],
  ['flush', 2, 'F'],
  ['event', 2, 'E'],
  ['counter', 2, 'C'],
  ['stats', 0, 'S'],
  ['version', 0, 'V'],
  ['help', 0, 'h'],
  ['orig-src', 1, 's'],
  ['src', 1, 's'],
  ['orig-dst', 1, 'd'],
  ['dst', 1, 'd'],
  ['reply-src', 1, 'r'],
  ['reply-dst', 1, 'q'],
  ['protonum', 1, 'p'],
  ['timeout', 1, 't'],
  ['status', 1, 'u'],
  ['zero', 0, 'z'],
  ['event-mask', 1, 'e'],
  ['tuple-src', 1, '['],
  ['tuple-dst', 1, ']'],
  ['mask-src', 1, '{'],
  ['mask-dst', 1, '}'],
  ['nat-range', 1, 'a'],
  ['mark', 1, 'm'],
  ['secmark', 1, 'c'],
  ['id', 2, 'i'],
  ['family', 1, 'f'],
  ['src-nat', 2, 'n'],
  ['dst-nat', 2, 'g'],
  ['output', 1, 'o'],
  ['buffer-size', 1, 'b'],
  ['any-nat', 2, 'j'],
  ['zone', 1, 'w'],
  ['label', 1, 'l'],
  ['label-add', 1, '<'],
  ['label-del', 2, '>'],
  ['orig-zone', 1, '('],
  ['reply-zone', 1, ')'],
];

export const LONG_OPTIONS: readonly LongOption<string>[] = LONG.map(([name, argument, value]) => ({
  name,
  argument,
  value,
}));

/** The first long name of a letter, as messages give it. */
export function longName(letter: string): string {
  return LONG.find(([, , other]) => other === letter)?.[0] ?? 'unknown';
}
