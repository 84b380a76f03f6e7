import { type Estimator, Estimators } from '../estimators.ts';
import {
  defineMatch,
  type Given,
  option,
  type ParseContext,
  type Values,
  type ValueType,
} from '../extension.ts';
import { Problem } from '../problem.ts';
import { readDouble, toUint32 } from '../strtod.ts';
import { flag, unsigned } from '../values.ts';

/** IFNAMSIZ less its end. */
const LONGEST_NAME = 15;

/** Units of a rate, in bits a second. */
const BITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['bit', 1],
  ...['k', 'm', 'g', 't'].flatMap((letter, index): [string, number][] => [
    [`${letter}bit`, 1000 ** (index + 1)],
    [`${letter}ibit`, 1024 ** (index + 1)],
    [`${letter}bps`, 8 * 1000 ** (index + 1)],
    [`${letter}ibps`, 8 * 1024 ** (index + 1)],
  ]),
  ['bps', 8],
]);

/** An option that may not stand behind `!`, with the real tool's words for it. */
function plain<T>(type: ValueType<T>, what: string): ValueType<T> {
  return {
    ...type,
    parse(given, context) {
      if (context.inverted) throw new Problem(`rateest: ${what} can't be inverted`);
      return type.parse(given, context);
    },
  };
}

const twice = (name: string): string => `rateest: can't specify ${name} twice`;

const anyName: ValueType<string> = {
  syntax: 'name',
  examples: [['web']],
  argument: 'required',
  parse: (given) => given.slice(0, LONGEST_NAME),
  print: (name) => name,
};

/** The next word, unless it is an option: 0 then. */
function optionalNumber(read: (text: string) => number, print: (value: number) => string): ValueType<number> {
  return {
    syntax: '',
    argument: 'none',
    parse(_given, context: ParseContext) {
      const next = context.peek();
      if (next === undefined || next.startsWith('-') || next.startsWith('!')) return 0;
      const value = read(next);
      context.take();
      return value;
    },
    print,
  };
}

/** A rate in bits a second by default, kept in bytes a second and 32 bits. */
function readRate(text: string): number {
  const read = readDouble(text);
  const unit = read && BITS.get(read.rest.toLowerCase());
  if (!read || unit === undefined) throw new Problem(`rateest: could not parse rate \`${text}'`);
  return toUint32((read.value * unit) / 8);
}

function printRate(bytes: number): string {
  const bits = bytes * 8;
  if (bits >= 1e9) return `${roundEven(bits / 1e6)}Mbit`;
  return bits >= 1e6 ? `${roundEven(bits / 1e3)}Kbit` : `${bits}bit`;
}

/** As C's `%.0f`: a half goes to the even number. */
function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function readPackets(text: string): number {
  const value = unsigned(text, 0, 0xffff_ffff);
  if (value === undefined) throw new Problem(`rateest: could not parse pps \`${text}'`);
  return value;
}

const rate = plain(optionalNumber(readRate, printRate), 'rateest-bps');
const packets = plain(optionalNumber(readPackets, String), 'rateest-pps');
const comparison = { invert: true, repeated: twice('lt/gt/eq') };
const MODES = ['rateest-lt', 'rateest-gt', 'rateest-eq'] as const;

const options = {
  rateest1: option(plain(anyName, 'rateest'), {
    aliases: ['rateest'],
    invert: true,
    repeated: twice('--rateest1'),
    help: 'The estimator.',
  }),
  rateest2: option(plain(anyName, 'rateest'), {
    invert: true,
    repeated: twice('--rateest2'),
    help: 'An estimator to compare with.',
  }),
  'rateest-bps1': option(rate, {
    invert: true,
    repeated: twice('--rateest-bps1'),
    help: 'With --rateest-delta: the rate from which the first estimate is taken.',
  }),
  'rateest-bps2': option(rate, {
    aliases: ['rateest-bps'],
    invert: true,
    repeated: twice('--rateest-bps2'),
    help: 'Compares bytes a second: with this rate (8bit, 1kbit, 2mbit, 1kbps), or with the other estimator’s.',
  }),
  'rateest-pps1': option(packets, {
    invert: true,
    repeated: twice('--rateest-pps1'),
    help: 'With --rateest-delta: the packets a second from which the first estimate is taken.',
  }),
  'rateest-pps2': option(packets, {
    aliases: ['rateest-pps'],
    invert: true,
    repeated: twice('--rateest-pps2'),
    help: 'Compares packets a second.',
  }),
  'rateest-lt': option(flag, { ...comparison, help: 'The first is less.' }),
  'rateest-gt': option(flag, { ...comparison, help: 'The first is greater.' }),
  'rateest-eq': option(flag, { ...comparison, help: 'Both are equal.' }),
  'rateest-delta': option(plain(flag, 'rateest-delta'), {
    invert: true,
    repeated: twice('--rateest-delta'),
    help: 'Compares how much is left to the rates that are given.',
  }),
};

type RateestValues = Values<typeof options>;

/** The comparison, `lt`, and whether it is inverted. */
function modeOf(values: RateestValues): { word: string; inverted: boolean } | undefined {
  const key = MODES.find((name) => values[name]);
  return key && { word: key.slice('rateest-'.length), inverted: values[key]!.inverted };
}

const HOLDS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  gt: (a, b) => a > b,
  eq: (a, b) => a === b,
};

export const rateest = defineMatch({
  name: 'rateest',
  summary: 'rates that the target RATEEST estimates',
  about:
    'Compares an estimator’s rate with a rate, or with another estimator’s. With `--rateest-delta` it is not the rates that are ' +
    'compared but what is left of given rates, which is never less than 0.',
  source: 'net/netfilter/xt_rateest.c xt_rateest_mt',
  options,
  settle(values) {
    const given = MODES.filter((name) => values[name]);
    const order = (name: (typeof MODES)[number]): number => values[name]?.order ?? 0;
    // The last comparison counts; inverted it is if any of them was.
    const last = given.reduce((a, b) => (order(b) > order(a) ? b : a), given[0]!);
    const zero: Given<number> = { value: 0, inverted: false };
    const bytes = values['rateest-bps1'] ?? values['rateest-bps2'];
    const counted = values['rateest-pps1'] ?? values['rateest-pps2'];
    return {
      rateest1: values.rateest1 ?? { value: '', inverted: false },
      ...(values.rateest2 && { rateest2: values.rateest2 }),
      ...(bytes && {
        'rateest-bps1': values['rateest-bps1'] ?? zero,
        'rateest-bps2': values['rateest-bps2'] ?? zero,
      }),
      ...(counted && {
        'rateest-pps1': values['rateest-pps1'] ?? zero,
        'rateest-pps2': values['rateest-pps2'] ?? zero,
      }),
      ...(given.length > 0 && {
        [last]: { value: true, inverted: given.some((name) => values[name]!.inverted) },
      }),
      ...(values['rateest-delta'] && { 'rateest-delta': values['rateest-delta'] }),
    };
  },
  save(values) {
    const { rateest1, rateest2, 'rateest-delta': delta } = values;
    const mode = modeOf(values);
    const compared = mode ? `${mode.inverted ? ' !' : ''} --rateest-${mode.word}` : '';
    const part = (unit: 'bps' | 'pps', print: (value: number) => string): string => {
      const first = values[`rateest-${unit}1`];
      const second = values[`rateest-${unit}2`];
      if (!first || !second) return '';
      if (delta) {
        return ` --rateest-${unit}1 ${print(first.value)}${compared} --rateest-${unit}2 ${print(second.value)}`;
      }
      return `${compared} --rateest-${unit}${rateest2 ? '' : ` ${print(second.value)}`}`;
    };
    return (
      (delta ? ' --rateest-delta' : '') +
      ` --rateest${rateest2 ? '1' : ''} ${rateest1?.value ?? ''}` +
      part('bps', printRate) +
      part('pps', String) +
      (rateest2 ? ` --rateest2 ${rateest2.value}` : '')
    );
  },
  list(values, { numeric }) {
    const { rateest1, rateest2, 'rateest-delta': delta } = values;
    const mode = modeOf(values);
    const compared = mode ? `${mode.inverted ? ' !' : ''} ${mode.word}` : '';
    const shown = (bytes: number): string => (numeric ? String(bytes) : printRate(bytes));
    const bps1 = values['rateest-bps1'];
    const bps2 = values['rateest-bps2'];
    const pps1 = values['rateest-pps1'];
    const pps2 = values['rateest-pps2'];
    let line = ` rateest match ${rateest1?.value ?? ''}${delta ? ' delta' : ''}`;
    if (bps1 && bps2) {
      line += ` bps${delta ? ` ${shown(bps1.value)}` : ''}${rateest2 ? '' : ` ${shown(bps2.value)}${compared}`}`;
    }
    if (pps1 && pps2) {
      line += ` pps${delta ? ` ${pps1.value}` : ''}${rateest2 ? '' : `${compared} ${pps2.value}`}`;
    }
    if (!rateest2) return line;
    line += `${compared} ${rateest2.value}`;
    if (bps2) line += ` bps${delta ? ` ${shown(bps2.value)}` : ''}`;
    if (pps2) line += ` pps${delta ? ` ${pps2.value}` : ''}`;
    return line;
  },
  check(values, environment) {
    if (!values['rateest-bps1'] && !values['rateest-pps1']) return 'EINVAL';
    if (!modeOf(values)) return 'EINVAL';
    const estimators = environment.shared(Estimators);
    const names = [values.rateest1, values.rateest2].flatMap((given) => given?.value ?? []);
    return names.every((name) => estimators.find(name)) ? undefined : 'ENOENT';
  },
  tests(values, environment) {
    const estimators = environment.shared(Estimators);
    const use = (given: Given<string> | undefined): Estimator | undefined => {
      const found = given && estimators.find(given.value);
      return found && estimators.use(found, environment);
    };
    const one = use(values.rateest1);
    const other = use(values.rateest2);
    const mode = modeOf(values);
    if (!one || !mode) return [];
    const holds = HOLDS[mode.word]!;
    const delta = values['rateest-delta'] !== undefined;
    const left = (of: number, taken: number): number => (delta ? Math.max(0, of - taken) : taken);
    const fits = (
      first: Given<number> | undefined,
      second: Given<number> | undefined,
      unit: 'bytes' | 'packets',
    ) =>
      !first ||
      !second ||
      holds(left(first.value, one[unit]), other ? left(second.value, other[unit]) : second.value);
    const rates = (estimator: Estimator): string =>
      `${estimator.name}: ${estimator.bytes} bytes and ${estimator.packets} packets a second`;
    return [
      {
        option: `rateest-${mode.word}`,
        run: () =>
          (fits(values['rateest-bps1'], values['rateest-bps2'], 'bytes') &&
            fits(values['rateest-pps1'], values['rateest-pps2'], 'packets')) !== mode.inverted,
        explain: () => (other ? `${rates(one)}; ${rates(other)}` : rates(one)),
      },
    ];
  },
});
