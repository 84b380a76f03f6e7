import type { ParseContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { type Range, readPositive } from './values.ts';

/** One or two numbers with a colon between them; `high` is undefined where there is no colon. */
interface Ends {
  readonly low: bigint;
  readonly high: bigint | undefined;
}

/**
 * Reads `a`, `a:b`, `a:`, `:b`, `:` or nothing at all as libxtables does: what is left out is 0 in front and `most` behind
 * (xtopt_parse_mint).
 */
export function readEnds(given: string, most: bigint, context: ParseContext): Ends {
  const [low, rest] = end(given, 0n, most, context);
  if (rest === '') return { low, high: undefined };
  const [high, left] = end(rest.slice(1), most, most, context);
  if (left !== '') throw tooMany(context);
  return { low, high };
}

/** What libxtables says of a third component. */
export function tooMany({ extension, option }: ParseContext): Problem {
  return new Problem(`${extension}: Too many components for option "--${option}" (max: 2)\n`);
}

/** One end, which may be empty, and what follows it: nothing, or a colon and more. */
function end(
  text: string,
  otherwise: bigint,
  most: bigint,
  { extension, option }: ParseContext,
): readonly [bigint, string] {
  if (text === '' || text.startsWith(':')) return [otherwise, text];
  const read = readPositive(text);
  if (!read || read.value > most) {
    throw new Problem(
      `${extension}: bad value for option "--${option}" near "${text}", or out of range (0-${most}).\n`,
    );
  }
  if (read.rest !== '' && read.rest[0] !== ':') {
    throw new Problem(
      `${extension}: Argument to "--${option}" has unexpected characters near "${read.rest}".\n`,
    );
  }
  return [read.value, read.rest];
}

function rangeUpTo(most: number): ValueType<Range> {
  return {
    syntax: 'number[:number]',
    argument: 'required',
    parse(given, context) {
      const { low, high } = readEnds(given, BigInt(most), context);
      return { min: Number(low), max: Number(high ?? low) };
    },
    print: ({ min, max }) => (min === max ? String(min) : `${min}:${max}`),
  };
}

/** A range of 16-bit numbers in which either end may be left out (XTTYPE_UINT16RC). */
export const range16 = rangeUpTo(0xffff);

/** A range of 32-bit numbers in which either end may be left out (XTTYPE_UINT32RC). */
export const range32 = rangeUpTo(0xffffffff);
