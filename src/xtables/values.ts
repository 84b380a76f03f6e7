import type { ParseContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';

/** An option without argument. */
export const flag: ValueType<true> = {
  syntax: '',
  argument: 'none',
  parse: () => true,
  print: () => '',
};

/**
 * An unsigned number as C's strtoull reads it with base 0: blanks, a sign, `0x` or an octal `0` in front; `rest` is what
 * follows. A minus sign wraps around, as it does there. Undefined if there is no digit or it needs more than 64 bits.
 */
export function readUnsigned(text: string): { value: bigint; rest: string } | undefined {
  const found = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(text);
  if (!found) return undefined;
  const digits = found[2]!;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (value > 0xffffffffffffffffn) return undefined;
  return {
    value: found[1] === '-' ? BigInt.asUintN(64, -value) : value,
    rest: text.slice(found[0].length),
  };
}

/** Like xtables_strtoul: as {@link readUnsigned}, but there must be no minus sign, not even before a 0. */
export function readPositive(text: string): { value: bigint; rest: string } | undefined {
  return /^[ \t\n\v\f\r]*-/.test(text) ? undefined : readUnsigned(text);
}

/** Like xtables_strtoui: an unsigned number between two bounds with nothing behind it, or undefined. */
export function unsigned(text: string, minimum: number, maximum: number): number | undefined {
  // Nearly every number of a ruleset is a short decimal one.
  if (/^[1-9][0-9]{0,8}$/.test(text)) {
    const value = Number(text);
    return value >= minimum && value <= maximum ? value : undefined;
  }
  const read = readPositive(text);
  if (read === undefined || read.rest !== '') return undefined;
  if (read.value < BigInt(minimum) || read.value > BigInt(maximum)) return undefined;
  return Number(read.value);
}

/** What libxtables says of a bad number (xtopt_parse_int). */
export function badNumber(context: ParseContext, minimum: number, maximum: number): Problem {
  return new Problem(
    `${context.extension}: bad value for option "--${context.option}", or out of range (${minimum}-${maximum}).\n`,
  );
}

/** XTTYPE_UINT8 … UINT32: a number between bounds. */
export function integer(minimum: number, maximum: number, syntax = 'number'): ValueType<number> {
  return {
    syntax,
    argument: 'required',
    parse(text, context) {
      const value = unsigned(text, minimum, maximum);
      if (value === undefined) throw badNumber(context, minimum, maximum);
      return value;
    },
    print: (value) => String(value),
  };
}

/** XTTYPE_STRING: text with limits on its length; quoted where the shell or -restore needs it. */
export function text(most: number, least = 0, syntax = 'text'): ValueType<string> {
  return {
    syntax,
    argument: 'required',
    parse(given, context) {
      if (given.length < least) {
        throw new Problem(`Argument must have a minimum length of ${least} characters\n`);
      }
      if (given.length > most) {
        throw new Problem(`Argument must have a maximum length of ${most} characters\n`);
      }
      void context;
      return given;
    },
    print: quote,
  };
}

/** xtables_save_string: bare if it consists of harmless characters, else in double quotes with `"`, `\` and `'` escaped. */
export function quote(given: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(given)) return given;
  return `"${given.replace(/["\\']/g, (character) => `\\${character}`)}"`;
}

/** A value with a mask. */
export interface Masked {
  readonly value: number;
  readonly mask: number;
}

/** XTTYPE_MARKMASK32: `value[/mask]`. Printed in hexadecimal, the mask only where it is not all ones. */
export const markMask: ValueType<Masked> = {
  syntax: 'value[/mask]',
  argument: 'required',
  parse(given, context) {
    const bad = () =>
      new Problem(
        `${context.extension}: bad integer value for option "--${context.option}", or out of range.\n`,
      );
    const value = readPositive(given);
    if (value === undefined || value.value < 0n || value.value > 0xffffffffn) throw bad();
    if (value.rest === '') return { value: Number(value.value), mask: 0xffffffff };
    if (value.rest[0] !== '/') throw trailing(context);
    const mask = readPositive(value.rest.slice(1));
    if (mask === undefined || mask.value < 0n || mask.value > 0xffffffffn) throw bad();
    if (mask.rest !== '') throw trailing(context);
    return { value: Number(value.value), mask: Number(mask.value) };
  },
  print: ({ value, mask }) => (mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`),
};

function trailing(context: ParseContext): Problem {
  return new Problem(
    `${context.extension}: trailing garbage after value for option "--${context.option}".\n`,
  );
}

/** `0x1f` */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** A range with both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}
