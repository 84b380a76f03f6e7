import type { ValueType } from './extension.ts';
import { Problem } from './problem.ts';

const LONGEST = 15;

/** The name of an interface as `-i` takes it (xtables_parse_interface). */
export function interfaceName(word: string, warn: (line: string) => void): string {
  if (word.length > LONGEST) {
    throw new Problem(`interface name \`${word}' must be shorter than IFNAMSIZ (${LONGEST})`);
  }
  if (/[/ ]/.test(word)) {
    warn(`Warning: weird character in interface \`${word}' ('/' and ' ' are not allowed by the kernel).\n`);
  }
  return word;
}

/** An interface as an option's argument; with a final `+` all whose names begin like that. */
export const interfaceWord: ValueType<string> = {
  syntax: 'interface[+]',
  argument: 'required',
  parse: (given, context) => interfaceName(given, (line) => context.warn(line)),
  print: (name) => name,
};
