import { defineMatch, option } from '../extension.ts';
import { isAllNumbers, listNumbers } from '../number-range.ts';
import { range32 } from '../ranges.ts';
import { flag, type Range } from '../values.ts';

const IPPROTO_COMP = 108;
/** Without an option the kernel is asked for this index. */
const ZERO: Range = { min: 0, max: 0 };

export const ipcomp = defineMatch({
  name: 'ipcomp',
  summary: 'index of a compressed packet',
  about:
    'A header that is cut off drops the packet. Later fragments never match. Without `--ipcompspi` the index must be 0. ' +
    '`--compres` is accepted and printed, but the kernel does not look at it.',
  source: 'net/netfilter/xt_ipcomp.c comp_mt',
  protocol: IPPROTO_COMP,
  requires: 'ipcomp.cpi',
  options: {
    ipcompspi: option(range32, {
      invert: true,
      omit: isAllNumbers,
      help: 'Compression parameter index, or a range; 0 if left out.',
      test: ({ value: { min, max }, inverted }) => ({
        field: 'ipcomp.cpi',
        ranges: [[min, max]],
        inverted,
      }),
    }),
    compres: option(flag, { help: 'The reserved field is zero; has no effect.' }),
  },
  settle: ({ ipcompspi = { value: ZERO, inverted: false }, ...values }) => ({ ipcompspi, ...values }),
  list: ({ ipcompspi, compres }) => ` comp ${listNumbers('spi', ipcompspi)}${compres ? ' reserved' : ''}`,
});
