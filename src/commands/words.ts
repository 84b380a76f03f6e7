/** A line that cannot be split into words. `message` is a short phrase: `a quote is not closed`. */
export class WordsProblem extends Error {}

const BLANK = /[ \t\r\n]/;

/**
 * Splits a line into words as a POSIX shell does with quotes and backslashes, and nothing else of a shell: in single
 * quotes everything stands for itself, in double quotes a backslash escapes `"` and `\`, elsewhere it escapes
 * anything. With `shell` it also escapes `$` and a backquote in double quotes, and a `#` at the beginning of a word ends
 * the line.
 * @throws {WordsProblem} if a quote is not closed or a backslash ends the line.
 */
export function splitWords(line: string, options: { readonly shell?: boolean } = {}): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (BLANK.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined && options.shell) {
      break;
    } else if (character === '\\') {
      at++;
      if (at === line.length) throw new WordsProblem('a backslash ends the line');
      word = (word ?? '') + line[at];
    } else if (character === "'" || character === '"') {
      const end = closing(line, at);
      word = (word ?? '') + unquoted(line.slice(at + 1, end), character, options.shell);
      at = end;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Place of the quote that closes the one at `from`. */
function closing(line: string, from: number): number {
  const quote = line[from];
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] === quote) return at;
    if (line[at] === '\\' && quote === '"') at++;
  }
  throw new WordsProblem(`a quote (${quote}) is not closed`);
}

function unquoted(text: string, quote: string, shell = false): string {
  if (quote === "'") return text;
  return text.replace(shell ? /\\(["\\$`])/g : /\\(["\\])/g, '$1');
}
