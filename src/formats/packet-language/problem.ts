/** A packet's text that means nothing: which word, where it stands, and what would be right. */
export class PacketLanguageError extends Error {
  /** Column of the word, from 1. */
  readonly column: number;
  /** Length of the word, at least 1. */
  readonly length: number;
  /** The message without the column: `port 70000: must be 0 to 65535`. */
  readonly problem: string;

  constructor(column: number, length: number, problem: string) {
    super(`column ${column}: ${problem}`);
    this.name = 'PacketLanguageError';
    this.column = column;
    this.length = Math.max(1, length);
    this.problem = problem;
  }
}

/** A value that does not fit; the reader adds the place. */
export class BadValue extends Error {}

/** The one of `words` that was probably meant; undefined if none is near. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = word.length <= 3 ? 2 : 3;
  for (const candidate of words) {
    const far = distance(word.toLowerCase(), candidate, least);
    if (far < least) {
      least = far;
      best = candidate;
    }
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, changes and swaps of neighbours; gives up at `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
