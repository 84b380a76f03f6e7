import {
  type Fingerprint,
  type FingerprintNumber,
  type FingerprintOption,
  OPTION_LETTERS,
} from './fingerprint.ts';

/** The fields of a line, as messages name them. */
const NAMES = ['window', 'ttl', 'df', 'size', 'options', 'genre', 'version', 'subtype', 'details'] as const;
const FORM = NAMES.join(':');
/** What the kernel has room for: characters of a name less its end, and options. */
const LONGEST_NAME = 31;
const MOST_OPTIONS = 40;
const NUMBER_OF_LETTER: ReadonlyMap<string, number> = new Map(
  [...OPTION_LETTERS].map(([option, { letter }]) => [letter, option]),
);

/** A line of fingerprints that cannot be read. `line` counts from 1. */
export class FingerprintProblem extends Error {
  readonly line: number;
  readonly problem: string;

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.name = 'FingerprintProblem';
    this.line = line;
    this.problem = problem;
  }
}

/**
 * Reads fingerprints in the format of `pf.os` (OpenBSD's, p0f 2's): a line each,
 * `window:ttl:df:size:options:genre:version:subtype:details`. Lines that begin with `#` and empty ones are left out. What
 * the numbers mean is what iptables' nfnl_osf takes them for: a size of `*` is 0, and fits nothing.
 * @throws {FingerprintProblem} for a line that is none.
 */
export function readFingerprints(text: string): Fingerprint[] {
  const found: Fingerprint[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.startsWith('#') || line.trim() === '') continue;
    found.push(readLine(line, index + 1));
  }
  return found;
}

function readLine(line: string, number: number): Fingerprint {
  const fields = line.split(':').map((field) => field.trimStart());
  const refuse = (problem: string): never => {
    throw new FingerprintProblem(number, problem);
  };
  if (fields.length !== NAMES.length) {
    refuse(`${fields.length - 1} colons, must be ${NAMES.length - 1}: ${FORM}`);
  }
  const numbers = fields.map((field) => field.trimEnd());
  const [window = '', ttl = '', df = '', size = '', options = ''] = numbers;
  // Blanks at the end of a name are part of it.
  const [genre = '', version = '', subtype = ''] = fields.slice(5);
  const name = (given: string) => given.slice(0, LONGEST_NAME);
  const within = (what: string, given: string, most: number): number => {
    if (!/^\d+$/.test(given) || Number(given) > most) {
      refuse(`${what} '${given}': must be a number from 0 to ${most}`);
    }
    return Number(given);
  };
  return {
    window: readWindow(window) ?? refuse(`window '${window}': must be *, N, SN, TN or %N, N from 1`),
    ttl: within('ttl', ttl, 255),
    dontFragment: within('df', df, 1) === 1,
    length: size === '*' ? 0 : within('size', size, 65535),
    options: readOptions(options, refuse),
    genre: name(genre.replace(/^[@*]/, '')),
    version: name(version),
    subtype: name(subtype),
  };
}

const LARGEST = 0xffffffff;
const plain = (value: number): FingerprintNumber => ({ kind: 'plain', value });

function readWindow(given: string): FingerprintNumber | undefined {
  if (given === '*') return plain(0);
  const found = /^([ST]?)(%?)(\d+|\*)$/.exec(given);
  if (!found) return undefined;
  const [, letter, percent, digits] = found as unknown as [string, string, string, string];
  const value = digits === '*' ? 0 : Number(digits);
  if (value > LARGEST) return undefined;
  if (letter !== '') return { kind: letter === 'S' ? 'segments' : 'packets', value };
  if (percent === '') return digits === '*' ? undefined : plain(value);
  // What is no multiple of 0 would stop the kernel.
  return value > 0 ? { kind: 'multiple', value } : undefined;
}

function readOptions(given: string, refuse: (problem: string) => never): readonly FingerprintOption[] {
  if (given === '.' || given === '') return [];
  const words = given.split(',').filter((word) => word.trim() !== '');
  if (words.length > MOST_OPTIONS) refuse(`${words.length} options, must be ${MOST_OPTIONS} at most`);
  return words.map((word) => readOption(word.trim(), refuse));
}

const KINDS = { '': 'plain', '%': 'multiple', S: 'segments', T: 'packets' } as const;

function readOption(word: string, refuse: (problem: string) => never): FingerprintOption {
  const option = NUMBER_OF_LETTER.get(word[0] ?? '');
  // A number means something for M and W alone; T0 is a timestamp of 0, which nobody tells from others.
  const found = /^(?:[MW]([%ST]?)(\d+|\*)?|[NSE]|T0?)$/.exec(word);
  if (option === undefined || !found || (word[0] === 'M' && /[ST]/.test(found[1] ?? ''))) {
    return refuse(
      `option '${word}': must be N, S, T, T0, E, M or W with a number, * or %N; no options are '.'`,
    );
  }
  const kind = KINDS[(found[1] ?? '') as keyof typeof KINDS];
  const value = found[2] === undefined || found[2] === '*' ? 0 : Number(found[2]);
  if (value > LARGEST) refuse(`option '${word}': ${value} is larger than ${LARGEST}`);
  return { option, kind, value };
}
