/** Matches that ask for one number of a header: the SPI of IPsec. */
import type { Family } from '../netfilter/constants.ts';
import { defineMatch, type Given, type Match, option } from './extension.ts';
import type { FieldName } from './fields.ts';
import { isAllNumbers, listNumbers } from './number-range.ts';
import { range32 } from './ranges.ts';
import type { Range } from './values.ts';

/** `--ahspi`, `--espspi`: a number or a range. */
export const spiOption = option(range32, {
  invert: true,
  omit: isAllNumbers,
  help: 'Security parameters index, or a range.',
});

interface SpiMatch {
  readonly name: string;
  readonly families?: readonly Family[];
  readonly protocol: number;
  /** Name of the option. */
  readonly option: string;
  readonly field: FieldName;
  readonly summary: string;
  readonly source: string;
  /** Text of `-L` around the range. */
  list(shown: string): string;
}

export function spiMatch({ option: key, field, list, ...rest }: SpiMatch): Match {
  return defineMatch({
    ...rest,
    about: 'A header that is cut off drops the packet. Later fragments never match.',
    requires: field,
    options: {
      [key]: {
        ...spiOption,
        test: ({ value: { min, max }, inverted }: Given<Range>) => ({
          field,
          ranges: [[min, max]],
          inverted,
        }),
      },
    },
    list: (values) => list(listNumbers('spi', values[key] as Given<Range> | undefined)),
  });
}
