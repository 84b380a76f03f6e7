import { Problem } from '../../xtables/problem.ts';

/** Most words of a line, and the longest word, that iptables-restore can hold (MAX_ARGC, struct xt_param_buf). */
const MOST_WORDS = 255;
const LONGEST_WORD = 1024;
/** Its buffer for a line; longer lines are read as several (fgets). */
const LONGEST_LINE = 10240;

/** Splits the input as fgets does: each line with its newline, cut where the buffer is full. */
export function* inputLines(text: string): Generator<string> {
  let from = 0;
  while (from < text.length) {
    const newline = text.indexOf('\n', from);
    const end = Math.min(newline < 0 ? text.length : newline + 1, from + LONGEST_LINE - 1);
    // A NUL ends the line for C, though the rest is read away with it.
    const line = text.slice(from, end);
    const nul = line.indexOf('\0');
    yield nul < 0 ? line : line.slice(0, nul);
    from = end;
  }
}

/** Words of a line: blanks part them, only double quotes quote, a backslash escapes inside quotes (add_param_to_argv). */
export function splitLine(text: string, words: string[]): void {
  let word = '';
  let open = false;
  let escaped = false;
  const add = (character: string) => {
    word += character;
    if (word.length >= LONGEST_WORD) throw new Problem('Parameter too long!');
  };
  for (const character of text) {
    if (open) {
      if (escaped) {
        add(character);
        escaped = false;
        continue;
      }
      if (character === '\\') {
        escaped = true;
        continue;
      }
      if (character !== '"') {
        add(character);
        continue;
      }
      open = false;
    } else if (character === '"') {
      open = true;
      continue;
    } else if (character === ' ' || character === '\t' || character === '\n') {
      if (word === '') continue;
    } else {
      add(character);
      continue;
    }
    addWord(words, word);
    word = '';
  }
  if (word !== '') addWord(words, word);
}

export function addWord(words: string[], word: string): void {
  if (words.length + 1 >= MOST_WORDS) throw new Problem('Parser cannot handle more arguments');
  words.push(word);
}

/** The counters in front of a rule, `[12:3456]`, and what follows them. */
export function leadingCounters(
  text: string,
  line: number,
): { readonly packets: string; readonly bytes: string; readonly rest: string } | undefined {
  if (text[0] !== '[') return undefined;
  const end = text.indexOf(']');
  if (end < 0) throw new Problem(`Bad line ${line}: need ]`);
  const [packets, after] = tokens(text.slice(1), ':');
  if (packets === undefined) throw new Problem(`Bad line ${line}: need :`);
  const [bytes] = tokens(after, ']');
  if (bytes === undefined) throw new Problem(`Bad line ${line}: need ]`);
  return { packets, bytes, rest: text.slice(end + 1) };
}

/** strtok: the first word between any of the delimiters, and what follows it. */
export function tokens(text: string, delimiters: string): readonly [string | undefined, string] {
  let from = 0;
  while (from < text.length && delimiters.includes(text[from]!)) from++;
  if (from === text.length) return [undefined, ''];
  let to = from;
  while (to < text.length && !delimiters.includes(text[to]!)) to++;
  return [text.slice(from, to), text.slice(to + 1)];
}
