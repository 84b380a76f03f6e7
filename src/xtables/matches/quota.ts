import { defineMatch, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readPositive } from '../values.ts';

const LARGEST = 0xffff_ffff_ffff_ffffn;

/** XTTYPE_UINT64. */
const bytes: ValueType<bigint> = {
  syntax: 'bytes',
  argument: 'required',
  parse(given, { extension, option: name }) {
    const read = readPositive(given);
    if (read?.rest !== '' || read.value > LARGEST) {
      throw new Problem(`${extension}: bad value for option "--${name}", or out of range (0-${LARGEST}).\n`);
    }
    return read.value;
  },
  print: String,
};

export const quota = defineMatch({
  name: 'quota',
  summary: 'packets as long as bytes are left',
  about:
    'Every packet that fits takes its bytes; the first one that is too long takes all that is left. The quota is whole again ' +
    'whenever any rule of its table is changed, as every change replaces the whole table.',
  source: 'net/netfilter/xt_quota.c quota_mt',
  options: {
    quota: option(bytes, { required: true, invert: true, help: 'Bytes, counted from the IP header on.' }),
  },
  list: ({ quota: given }) => (given ? ` quota: ${given.value} bytes` : ''),
  tests({ quota: given }) {
    if (!given) return [];
    const { inverted } = given;
    let left = Number(given.value);
    return [
      {
        option: 'quota',
        run({ length }) {
          if (left < length) {
            left = 0;
            return inverted;
          }
          left -= length;
          return !inverted;
        },
        explain: () => (inverted ? `${left} bytes are left` : 'no bytes are left'),
      },
    ];
  },
});
