import { defineMatch, type Given, type Match, option, type Values } from './extension.ts';
import type { FieldName } from './fields.ts';
import { Problem } from './problem.ts';
import { integer } from './values.ts';

const byte = integer(0, 255);

/** What differs between the matches ttl and hl. */
interface Hops {
  readonly name: string;
  readonly family: 4 | 6;
  readonly field: FieldName;
  readonly summary: string;
  /** Another name of the option for equality. */
  readonly alias?: string;
  readonly missing: string;
}

/** Time to live or hop limit: equal to, less or greater than a number. */
export function hopsMatch({ name, family, field, summary, alias, missing }: Hops): Match {
  const equal = `${name}-eq`;
  const less = `${name}-lt`;
  const greater = `${name}-gt`;
  const upper = name.toUpperCase();
  const options = {
    [less]: option(byte, {
      excludes: [equal, greater],
      help: 'Less than this number.',
      // Nothing is less than 0: the range is then written backwards, and holds nothing.
      test: ({ value }: Given<number>) => ({ field, ranges: [value > 0 ? [0, value - 1] : [1, 0]] as const }),
    }),
    [greater]: option(byte, {
      excludes: [equal, less],
      help: 'Greater than this number.',
      test: ({ value }: Given<number>) => ({ field, ranges: [[value + 1, 255]] as const }),
    }),
    [equal]: option(byte, {
      aliases: alias === undefined ? [] : [alias],
      invert: true,
      excludes: [less, greater],
      help: 'Equal to this number.',
      test: ({ value, inverted }: Given<number>) => ({ field, ranges: [[value, value]] as const, inverted }),
    }),
  };
  return defineMatch({
    name,
    families: [family],
    summary,
    source: `net/netfilter/xt_hl.c ${name === 'hl' ? 'hl_mt6' : 'ttl_mt'}`,
    options,
    settle(values: Values<typeof options>) {
      if (Object.keys(values).length === 0) throw new Problem(missing);
      return values;
    },
    list(values: Values<typeof options>) {
      const exact = values[equal];
      if (exact) return ` ${upper} match ${upper} ${exact.inverted ? '!=' : '=='} ${exact.value}`;
      const below = values[less];
      return below
        ? ` ${upper} match ${upper} < ${below.value}`
        : ` ${upper} match ${upper} > ${values[greater]?.value ?? 0}`;
    },
  });
}
