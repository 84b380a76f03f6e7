/** Lines about connections and expectations, compared in any order and without what time and chance decide. */

/** Seconds by which a timeout may differ. */
const TOLERANCE = 2;
const CONNTRACK_LINE = /^(ipv[46] +\d+ +)?\w+ +\d+ .*\bsrc=/;
const FIRST_WORDS = /^((?:ipv[46] \d+ )?\S+ \d+) (\d+) /;
const EXPECTATION = /^(\d+) (proto=)/;

/** A line, its timeout apart, and its words without `use=`. */
export interface Entry {
  readonly line: string;
  readonly timeout: number | undefined;
  readonly words: readonly string[];
}

/** A line of `conntrack -L`. */
export function isEntry(line: string): boolean {
  return CONNTRACK_LINE.test(squeezed(line));
}

export function entry(text: string): Entry {
  const line = squeezed(text);
  const connection = FIRST_WORDS.exec(line);
  const expectation = connection ? null : EXPECTATION.exec(line);
  let timeout: number | undefined;
  let rest = line;
  if (connection) {
    timeout = Number(connection[2]);
    rest = `${connection[1]} T ${line.slice(connection[0].length)}`;
  } else if (expectation) {
    timeout = Number(expectation[1]);
    rest = `T${line.slice(expectation[1]!.length)}`;
  }
  return { line, timeout, words: rest.split(' ').filter((word) => word !== '' && !word.startsWith('use=')) };
}

export function entriesFit(one: Entry, two: Entry): boolean {
  if ((one.timeout === undefined) !== (two.timeout === undefined)) return false;
  if (Math.abs((one.timeout ?? 0) - (two.timeout ?? 0)) > TOLERANCE) return false;
  return one.words.length === two.words.length && one.words.every((word, i) => wordsFit(word, two.words[i]!));
}

/** Equal, or `dport=1024..65535` and a port in that range. */
function wordsFit(one: string, two: string): boolean {
  if (one === two) return true;
  const [key, value] = halves(one);
  const [otherKey, otherValue] = halves(two);
  if (key !== otherKey || !value.includes('..') || !/^\d+$/.test(otherValue)) return false;
  const [low, high] = value.split('..').map(Number);
  return low! <= Number(otherValue) && Number(otherValue) <= high!;
}

function halves(word: string): [string, string] {
  const at = word.indexOf('=');
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
}

function squeezed(line: string): string {
  return line.trim().split(/\s+/).join(' ');
}
