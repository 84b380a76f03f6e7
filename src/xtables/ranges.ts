import type { ParseContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { type Range, readUnsigned } from './values.ts';

const MOST = 65535;

/** A range of 16-bit numbers in which either end may be left out, as libxtables reads it (XTTYPE_UINT16RC). */
export const range16: ValueType<Range> = {
  syntax: 'number[:number]',
  argument: 'required',
  parse(given, context) {
    const [low, rest] = end(given, 0, given, context);
    if (rest === '') return { min: low, max: given.startsWith(':') ? MOST : low };
    if (rest[0] !== ':') throw unexpected(rest, context);
    const [high, left] = end(rest.slice(1), MOST, given, context);
    if (left !== '') throw unexpected(left, context);
    return { min: low, max: high };
  },
  print: ({ min, max }) => (min === max ? String(min) : `${min}:${max}`),
};

/** One end, which may be empty, and what follows it. */
function end(
  text: string,
  otherwise: number,
  whole: string,
  context: ParseContext,
): readonly [number, string] {
  if (text === '' && text !== whole) return [otherwise, ''];
  if (text.startsWith(':')) return [otherwise, text];
  const read = readUnsigned(text);
  if (!read || read.value > BigInt(MOST)) {
    throw new Problem(
      `${context.extension}: bad value for option "--${context.option}" near "${text}", or out of range (0-${MOST}).\n`,
    );
  }
  return [Number(read.value), read.rest];
}

function unexpected(rest: string, { extension, option }: ParseContext): Problem {
  return new Problem(`${extension}: Argument to "--${option}" has unexpected characters near "${rest}".\n`);
}
