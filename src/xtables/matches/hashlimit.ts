import type { Packet } from '../../netfilter/packet.ts';
import { parseAton, parseIpv6, prefixLength } from '../address.ts';
import { defineMatch, type Given, option, type ParseContext, type ValueType } from '../extension.ts';
import {
  checkBurst,
  configure,
  DEFAULT_GC,
  type HashlimitConfig,
  printConfig,
  type Rate,
  readBurst,
  readMode,
  readRate,
  refusal,
} from '../hashlimit-config.ts';
import { FlowKey, HashlimitTables, MOST_SIZE } from '../hashlimit-table.ts';
import type { Place } from '../place.ts';
import { Problem } from '../problem.ts';
import { flag, integer, text, unsigned } from '../values.ts';

const badValue = ({ extension, option: name }: ParseContext, given: string): Problem =>
  new Problem(`${extension}: Bad value for "--${name}" option: "${given}"`);

/** The rate; after `settle` with everything else that was given. */
const rate: ValueType<Rate | HashlimitConfig> = {
  syntax: 'number[/second|/minute|/hour|/day]|number[k|m]b/s',
  argument: 'required',
  examples: [['10/minute'], ['512kb/s'], ['1/day']],
  parse(given, context) {
    const read = readRate(given);
    if (!read) throw badValue(context, given);
    return read;
  },
  print: () => '',
};

const burst: ValueType<bigint> = {
  syntax: 'number[k|m]',
  argument: 'required',
  parse: readBurst,
  print: String,
};

const mode: ValueType<number> = {
  syntax: 'srcip|srcport|dstip|dstport[,…]',
  argument: 'required',
  choices: ['srcip', 'srcport', 'dstip', 'dstport'],
  parse(given, context) {
    const bits = readMode(given);
    if (bits === undefined) throw badValue(context, given);
    return bits;
  },
  print: String,
};

/** A prefix length, or a mask; one with holes is one that the kernel refuses. */
const HOLES = 255;
const bits: ValueType<number> = {
  syntax: 'prefixlen|mask',
  argument: 'required',
  parse(given, { family, extension, option: name }) {
    const most = family === 4 ? 32 : 128;
    const length = unsigned(given, 0, most);
    if (length !== undefined) return length;
    const mask = family === 4 ? parseAton(given) : parseIpv6(given);
    if (mask) return prefixLength(mask) ?? HOLES;
    throw new Problem(
      `${extension}: bad value for option "--${name}", neither a valid network mask nor valid CIDR (0-${most}).\n`,
    );
  },
  print: String,
};

const interval: ValueType<number> = {
  syntax: 'seconds',
  argument: 'required',
  parse(given, context) {
    const digits = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/.exec(given)?.[1];
    const seconds = digits ? Number(BigInt.asIntN(32, BigInt(digits))) : 0;
    if (seconds <= 0) throw badValue(context, given);
    return seconds;
  },
  print: String,
};

const number = integer(0, 0xffff_ffff);
const KEY = new FlowKey();

const isConfig = (value: Rate | HashlimitConfig): value is HashlimitConfig => 'mode' in value;

/** The one configuration that `settle` leaves. */
function configOf(given: Given<Rate | HashlimitConfig> | undefined): HashlimitConfig | undefined {
  return given && isConfig(given.value) ? given.value : undefined;
}

export const hashlimit = defineMatch({
  name: 'hashlimit',
  revision: 3,
  summary: 'rates of packets or bytes, one for each address, port or pair',
  about:
    'Rules that name the same table share it, and the first of them says how it is: its rate counts, and not those of the ' +
    'others. Bytes are counted in steps of 16. A table that is full drops packets of flows that it does not know. With ' +
    '`--hashlimit-rate-match` what was counted in an interval is compared with the rate, without a bucket. The file ' +
    '/proc/net/ipt_hashlimit/NAME (ip6t_hashlimit) lists the table.',
  source: 'net/netfilter/xt_hashlimit.c hashlimit_mt',
  options: {
    'hashlimit-upto': option(rate, {
      aliases: ['hashlimit'],
      invert: true,
      excludes: ['hashlimit-above'],
      help: 'Fits up to this rate.',
    }),
    'hashlimit-above': option(rate, {
      invert: true,
      excludes: ['hashlimit-upto'],
      help: 'Fits above this rate.',
    }),
    'hashlimit-srcmask': option(bits, { help: 'Bits of the source address that count; all if left out.' }),
    'hashlimit-dstmask': option(bits, {
      help: 'Bits of the destination address that count; all if left out.',
    }),
    'hashlimit-burst': option(burst, { help: 'Packets, or bytes, beyond the rate; 5 packets if left out.' }),
    'hashlimit-htable-size': option(number, { help: 'Buckets of the table; 8192 if left out.' }),
    'hashlimit-htable-max': option(number, { help: 'Most entries; eight for each bucket if left out.' }),
    'hashlimit-htable-gcinterval': option(number, {
      help: 'Milliseconds between two looks for old entries; 1000 if left out.',
    }),
    'hashlimit-htable-expire': option(number, {
      help: 'Milliseconds after which an entry is old; as long as the rate’s unit if left out.',
    }),
    'hashlimit-mode': option(mode, { help: 'What is told apart; all packets together if left out.' }),
    'hashlimit-name': option(text(Number.POSITIVE_INFINITY, 1, 'name'), {
      required: true,
      help: 'Name of the table.',
    }),
    'hashlimit-rate-match': option(flag, { help: 'Compares the rate of an interval.' }),
    'hashlimit-rate-interval': option(interval, {
      help: 'Seconds of the interval; those of the rate’s unit if left out.',
    }),
  },
  verify(values) {
    const { 'hashlimit-upto': upto, 'hashlimit-above': above, 'hashlimit-burst': most } = values;
    const last = (upto?.order ?? 0) > (above?.order ?? 0) ? upto : (above ?? upto);
    if (!last) throw new Problem('You have to specify --hashlimit');
    if (!isConfig(last.value)) checkBurst(last.value, most?.value);
  },
  settle(values, { family }) {
    const given = values['hashlimit-upto'] ?? values['hashlimit-above'];
    if (!given) return values;
    const all = family === 4 ? 32 : 128;
    const config = configure({
      ...given.value,
      above: (values['hashlimit-above'] !== undefined) !== given.inverted,
      burst: values['hashlimit-burst']?.value,
      mode: values['hashlimit-mode']?.value ?? 0,
      size: values['hashlimit-htable-size']?.value ?? 0,
      max: values['hashlimit-htable-max']?.value ?? 0,
      gcInterval: values['hashlimit-htable-gcinterval']?.value ?? DEFAULT_GC,
      expire: values['hashlimit-htable-expire']?.value,
      sourceMask: values['hashlimit-srcmask']?.value ?? all,
      destinationMask: values['hashlimit-dstmask']?.value ?? all,
      rateMatch: values['hashlimit-rate-match'] !== undefined,
      interval: values['hashlimit-rate-interval']?.value ?? 0,
    });
    const name = values['hashlimit-name']!;
    return {
      'hashlimit-upto': { value: config, inverted: false },
      'hashlimit-name': { ...name, value: name.value.slice(0, LONGEST_NAME) },
    };
  },
  taken(values) {
    const given = values['hashlimit-upto'];
    const config = configOf(given);
    if (!given || !config || (config.size <= MOST_SIZE && config.max <= MOST_SIZE)) return values;
    const value = {
      ...config,
      size: Math.min(config.size, MOST_SIZE),
      max: Math.min(config.max, MOST_SIZE),
    };
    return { ...values, 'hashlimit-upto': { ...given, value } };
  },
  save({ 'hashlimit-upto': given, 'hashlimit-name': name }, { family }) {
    const config = configOf(given);
    return config ? ` ${printConfig(config, name?.value ?? '', family, false)}` : '';
  },
  list({ 'hashlimit-upto': given }, { family }) {
    const config = configOf(given);
    return config ? ` limit: ${printConfig(config, '', family, true)}` : '';
  },
  check({ 'hashlimit-upto': given, 'hashlimit-name': name }, environment) {
    const config = configOf(given);
    if (!config) return undefined;
    const { family } = environment;
    const refused = refusal(config, name?.value ?? '', family);
    if (refused) return refused;
    // A table counts credits or intervals.
    const table = environment.shared(HashlimitTables).find(family, name?.value ?? '');
    return table && table.config.rateMatch !== config.rateMatch ? 'EINVAL' : undefined;
  },
  tests({ 'hashlimit-upto': given, 'hashlimit-name': name }, environment) {
    const config = configOf(given);
    if (!config) return [];
    const { services, family } = environment;
    const tables = environment.shared(HashlimitTables);
    const table = tables.use(family, name?.value ?? '', config, services);
    environment.onDestroy(() => tables.release(table));
    return [
      {
        option: 'hashlimit-upto',
        run(packet: Packet, place: Place) {
          if (!KEY.read(packet, place, table.config)) {
            place.drop = true;
            return false;
          }
          const entry = table.entry(KEY);
          if (!entry) {
            place.drop = true;
            return false;
          }
          return entry.take(packet.length, config) !== config.above;
        },
        explain: () => `the rate is ${config.above ? 'not exceeded' : 'exceeded'}`,
      },
    ];
  },
});

/** NAME_MAX, with room for the end of the text. */
const LONGEST_NAME = 254;
