import { defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { integer, quote, readPositive, text } from '../values.ts';

const LONGEST_PREFIX = 31;

/** 64 bits, as the option was before the kernel's structure became narrower. */
const size: ValueType<bigint> = {
  syntax: 'number',
  argument: 'required',
  parse(given, context) {
    const read = readPositive(given);
    if (read === undefined || read.rest !== '') {
      throw new Problem(
        `${context.extension}: bad value for option "--${context.option}", or out of range (0-18446744073709551615).\n`,
      );
    }
    return read.value;
  },
  print: String,
};

export const ULOG = defineTarget({
  name: 'ULOG',
  families: [4],
  summary: 'hands the packet to a logging program; NFLOG took its place',
  about: 'Linux has not had it since 3.17: no rule with it loads.',
  source: 'xt_NFLOG: net/netfilter/xt_NFLOG.c nflog_tg',
  missing: true,
  options: {
    'ulog-nlgroup': option(integer(1, 32), { help: 'The group that listens.' }),
    'ulog-prefix': option(
      {
        ...text(Number.MAX_SAFE_INTEGER, 1),
        parse: (given: string) => given.slice(0, LONGEST_PREFIX),
        print: quote,
      },
      { help: 'Text in front; 31 characters count.' },
    ),
    'ulog-cprange': option(size, { help: 'Bytes of the packet to be handed over.' }),
    'ulog-qthreshold': option(integer(1, 50), { help: 'Packets that are collected first.' }),
  },
  terminal: false,
});
