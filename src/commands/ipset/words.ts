/**
 * A line of `restore` or of the interactive mode as words, as the tool splits it: quotes keep blanks, a word without
 * anything in it is none, and neither is what an open quote begins.
 */
export function splitLine(line: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted || !/[ \t\r\n]/.test(character)) word += character;
    else {
      if (word !== '') words.push(word);
      word = '';
    }
  }
  if (word !== '' && !isQuoted) words.push(word);
  return words;
}

/** The value of each option behind the mandatory words; flags have ''. */
export type Given = ReadonlyMap<string, string>;
