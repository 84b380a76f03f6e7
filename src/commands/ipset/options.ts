import { COUNTER_STEP } from '../../ipset/entry.ts';
import type { Extras, SetSettings } from '../../ipset/settings.ts';
import type { SetType } from '../../ipset/types.ts';
import { IpsetProblem, misuse, number, syntax, wholeNumber } from './problem.ts';
import type { Given } from './words.ts';

const MOST_TIMEOUT = 2147483;
const MOST_COMMENT = 255;
/** The largest number of 64 bits says that there is none. */
const MOST_COUNT = 2n ** 64n - 2n;

/** How options are called in one place. */
export interface OptionNames {
  readonly known: readonly string[];
  readonly flags: readonly string[];
  readonly ignored?: readonly string[];
  /** Takes note of an ignored option. */
  readonly warn?: (text: string) => void;
}

/** `name value` pairs. @throws {IpsetProblem} */
export function readOptions(words: readonly string[], names: OptionNames): Given {
  const { known, flags, ignored = [], warn } = names;
  const all = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const typed = words[i]!;
    const word = typed.startsWith('--') ? typed.slice(2) : typed;
    const isFlag = flags.includes(word);
    if (!isFlag && !known.includes(word) && !ignored.includes(word))
      throw misuse(`Unknown argument: \`${typed}'`);
    if (ignored.includes(word)) {
      const value = words[++i];
      if (value === undefined) throw misuse(`Missing mandatory argument of option \`${word}'`);
      if (all.has(word)) continue;
      all.set(word, value);
      warn?.(`Option '--${word} ${value}' is ignored. Please upgrade your syntax.`);
      continue;
    }
    if (isFlag) {
      all.set(word, '');
      continue;
    }
    const value = words[++i];
    if (value === undefined) throw misuse(`Missing mandatory argument of option \`${word}'`);
    if (all.has(word)) throw syntax(`${word} already specified`);
    all.set(word, value);
  }
  return all;
}

/** Which options `add`, `del` and `test` take. */
export function elementOptions(type: SetType, command: string): OptionNames {
  const extras = ['timeout', 'packets', 'bytes', 'comment', 'skbmark', 'skbprio', 'skbqueue'];
  return {
    known: [...(command === 'add' ? extras : []), ...(type.method === 'list' ? ['before', 'after'] : [])],
    flags: [
      ...(type.parts.includes('net') && command !== 'del' ? ['nomatch'] : []),
      ...(type.parts.includes('iface') && command === 'add' ? ['wildcard'] : []),
    ],
  };
}

/** Reads what stands behind an element. @throws {IpsetProblem} */
export function parseExtras(given: Given): Extras {
  const comment = given.get('comment');
  if (comment !== undefined && comment.length > MOST_COMMENT)
    throw syntax(`Comment is longer than the maximum allowed ${MOST_COMMENT} characters`);
  if (comment?.includes('"')) throw syntax('" character is not permitted in comments');
  const timeout = given.get('timeout');
  const queue = given.get('skbqueue');
  const prio = given.get('skbprio');
  return {
    ...(timeout === undefined ? {} : { timeout: number(timeout, 0, MOST_TIMEOUT) }),
    ...counter(given, 'packets'),
    ...counter(given, 'bytes'),
    ...(comment === undefined ? {} : { comment }),
    ...mark(given.get('skbmark')),
    ...(prio === undefined ? {} : { skbprio: prioOf(prio) }),
    ...(queue === undefined ? {} : { skbqueue: number(queue, 0, 65535) }),
    ...(given.has('nomatch') ? { nomatch: true } : {}),
  };
}

function counter(given: Given, key: 'packets' | 'bytes'): Partial<Extras> {
  const text = given.get(key);
  if (text === undefined) return {};
  const value = wholeNumber(text, 0n, MOST_COUNT);
  const step = BigInt(COUNTER_STEP);
  return { [key]: Number(value % step), [`${key}High`]: Number(value / step) };
}

function mark(text: string | undefined): Partial<Extras> {
  if (text === undefined) return {};
  // Hexadecimal with 0x only; what is too large is the largest.
  const match = /^0x([0-9a-f]+)(?:\/(?:0x([0-9a-f]+))?)?$/i.exec(text);
  if (!match) throw syntax('Invalid skbmark format, it should be:  MARK/MASK or MARK (see manpage)');
  const word = (digits: string) => Math.min(0xffffffff, Number.parseInt(digits, 16));
  return { skbmark: word(match[1]!), skbmask: match[2] === undefined ? 0xffffffff : word(match[2]) };
}

function prioOf(text: string): number {
  const match = /^(?:0x)?([0-9a-f]+):(?:0x)?([0-9a-f]+)$/i.exec(text);
  if (!match) throw syntax('Invalid skbprio format, it should be:MAJOR:MINOR (see manpage)');
  const half = (digits: string) => Number.parseInt(digits, 16) % 0x10000;
  return half(match[1]!) * 0x10000 + half(match[2]!);
}

/** Refuses what the set was not made for. @throws {IpsetProblem} */
export function checkExtras(extras: Extras, settings: SetSettings): void {
  const { timeout, packets, bytes, comment, skbmark, skbprio, skbqueue } = extras;
  const without = (what: string, support: string) =>
    new IpsetProblem(`${what} cannot be used: set was created without ${support} support`);
  if (timeout !== undefined && settings.timeout === undefined) throw without('Timeout', 'timeout');
  if ((packets ?? bytes) !== undefined && !settings.counters)
    throw without('Packet/byte counters', 'counter');
  if (comment !== undefined && !settings.comment) throw without('Comment', 'comment');
  if ((skbmark ?? skbprio ?? skbqueue) !== undefined && !settings.skbinfo)
    throw without('Skbinfo mapping', 'skbinfo');
}
