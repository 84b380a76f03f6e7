/** Differentiated services code points, as the match and the target read and write them. */
import type { ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { integer } from './values.ts';

/** Classes by name (RFC 2474, RFC 2597, RFC 3246). */
const CLASSES: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 8 }, (_, i): [string, number] => [`CS${i}`, i << 3]),
  ['BE', 0],
  ...[1, 2, 3, 4].flatMap((i) => [1, 2, 3].map((j): [string, number] => [`AF${i}${j}`, (i << 3) | (j << 1)])),
  ['EF', 0x2e],
]);

export const printDscp = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

export const dscpClass: ValueType<number> = {
  syntax: 'class',
  argument: 'required',
  choices: [...CLASSES.keys()],
  parse(given) {
    // What stands behind a class's name does not matter to the real tool.
    const wanted = given.toUpperCase();
    for (const [name, value] of CLASSES) if (wanted.startsWith(name)) return value;
    throw new Problem(`Invalid DSCP value \`${given}'`);
  },
  print: printDscp,
};

/** 0 to 63. */
export const codePoint: ValueType<number> = { ...integer(0, 63), print: printDscp };
