import { splitWords, WordsProblem } from './words.ts';

/** A command line: words, and the file its output goes to. */
export interface CommandLine {
  readonly argv: readonly string[];
  readonly output?: string;
}

/** What a shell does and this one does not. */
const OPERATORS: Readonly<Record<string, string>> = {
  '|': 'pipes',
  '&': 'background commands and lists',
  ';': 'several commands on a line',
  '<': 'input from files',
  '`': 'command substitution',
  $: 'variables and substitution',
  '(': 'subshells',
  ')': 'subshells',
};

/**
 * Reads one line of a shell: words with quotes, a comment, and one `> FILE` or `>> FILE`. A blank line has no words.
 * @throws {WordsProblem} on unclosed quotes and on what else a shell does: pipes, variables, lists.
 */
export function readCommandLine(line: string): CommandLine {
  const bare = withoutQuoted(line);
  for (const character of bare) {
    const what = Object.hasOwn(OPERATORS, character) ? OPERATORS[character] : undefined;
    if (what)
      throw new WordsProblem(`'${character}': ${what} are not supported; quote it if it is part of a word`);
  }
  const arrow = bare.indexOf('>');
  if (arrow < 0) return { argv: splitWords(line, { shell: true }) };
  const target = splitWords(line.slice(arrow).replace(/^>>?/, ''), { shell: true });
  if (target.length !== 1 || bare.replace(/>>?/, '').includes('>'))
    throw new WordsProblem("'>' must be followed by one file at the end of the line");
  // `echo 1>file` redirects descriptor 1; only a blank before the digit makes it one.
  const command = line.slice(0, arrow).replace(/(^|\s)1$/, '$1');
  return { argv: splitWords(command, { shell: true }), output: target[0]! };
}

/** The line with everything quoted, escaped or in a comment made blank or `x`, so that places stay. */
function withoutQuoted(line: string): string {
  return line
    .replace(/\\.|'[^']*'|"(?:[^"\\]|\\.)*"/gs, (quoted) => 'x'.repeat(quoted.length))
    .replace(/(^|\s)#.*$/s, (comment) => ' '.repeat(comment.length));
}
