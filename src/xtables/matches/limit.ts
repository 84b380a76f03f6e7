import { defineMatch, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { integer } from '../values.ts';

/** Rates are kept as the time between two packets, in 1/10000 s (XT_LIMIT_SCALE). */
const SCALE = 10_000;
const UNITS: readonly (readonly [string, number])[] = [
  ['day', SCALE * 86_400],
  ['hour', SCALE * 3600],
  ['min', SCALE * 60],
  ['sec', SCALE],
];
const WORDS: readonly (readonly [string, number])[] = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
];
const DEFAULT_BURST = 5;
/** 3/hour */
const DEFAULT_RATE = (SCALE * 3600) / 3;
const HZ = 250;
/** The largest power of two that keeps a day's credits in 32 bits at this HZ (CREDITS_PER_JIFFY, net/netfilter/xt_limit.c). */
const CREDITS_PER_JIFFY = 128;
const MICROSECONDS_PER_JIFFY = 1_000_000 / HZ;

/** C's atoi, as the unsigned 32-bit number that it is stored in. */
function atoi(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/.exec(text)?.[1];
  if (!digits) return 0;
  const long = BigInt(digits);
  const most = 2n ** 63n;
  const kept = long >= most ? most - 1n : long < -most ? -most : long;
  return Number(BigInt.asUintN(32, kept));
}

const rate: ValueType<number> = {
  syntax: 'number[/second|/minute|/hour|/day]',
  argument: 'required',
  parse(given) {
    const slash = given.indexOf('/');
    const unit = slash < 0 ? 'second' : given.slice(slash + 1).toLowerCase();
    const seconds = unit === '' ? undefined : WORDS.find(([word]) => word.startsWith(unit))?.[1];
    const count = atoi(given);
    if (seconds === undefined || count === 0) throw new Problem(`bad rate "${given}"'`);
    const period = Math.floor((SCALE * seconds) / count);
    if (period === 0) throw new Problem(`Rate too fast "${given}"`);
    return period;
  },
  print: printRate,
};

/** The largest unit in which the rate is (nearly) a whole number: `60/min` prints as `1/sec`. */
function printRate(period: number): string {
  let at = 0;
  while (at + 1 < UNITS.length) {
    const length = UNITS[at + 1]![1];
    if (period > length || Math.floor(length / period) < length % period) break;
    at++;
  }
  const [name, length] = UNITS[at]!;
  return `${Math.floor(length / period)}/${name}`;
}

/** user2credits, in the kernel's 32 bits. */
function credits(user: number): number {
  const perSecond = HZ * CREDITS_PER_JIFFY;
  if (user > Math.floor(0xffffffff / perSecond)) return Math.imul(Math.floor(user / SCALE), perSecond) >>> 0;
  return Math.floor((user * perSecond) / SCALE);
}

interface Bucket {
  readonly cost: number;
  readonly most: number;
}

function bucketOf(period: number, burst: number): Bucket {
  return { cost: credits(period), most: credits(Math.imul(period, burst) >>> 0) };
}

export const limit = defineMatch({
  name: 'limit',
  summary: 'packets up to a rate, with a burst',
  about:
    'A token bucket that fills with time. It begins full whenever any rule of its table is changed, as every change ' +
    'replaces the whole table. Rates and bursts whose product needs more than 32 bits are refused.',
  source: 'net/netfilter/xt_limit.c limit_mt',
  options: {
    limit: option(rate, { help: 'The rate at which the bucket fills; 3/hour if left out.' }),
    'limit-burst': option(integer(0, 10_000), {
      help: 'How many packets the bucket holds; 5 if left out.',
      omit: ({ value }) => value === DEFAULT_BURST,
    }),
  },
  settle: (values) => ({
    limit: values.limit ?? { value: DEFAULT_RATE, inverted: false },
    'limit-burst': values['limit-burst'] ?? { value: DEFAULT_BURST, inverted: false },
  }),
  list: (values) =>
    ` limit: avg ${printRate(values.limit?.value ?? DEFAULT_RATE)} burst ${values['limit-burst']?.value ?? DEFAULT_BURST}`,
  check(values) {
    const period = values.limit?.value ?? DEFAULT_RATE;
    const burst = values['limit-burst']?.value ?? DEFAULT_BURST;
    const { cost, most } = bucketOf(period, burst);
    return burst === 0 || most < cost ? 'ERANGE' : undefined;
  },
  tests(values, { services }) {
    const { cost, most } = bucketOf(
      values.limit?.value ?? DEFAULT_RATE,
      values['limit-burst']?.value ?? DEFAULT_BURST,
    );
    const jiffies = () => Math.floor(services.now() / MICROSECONDS_PER_JIFFY);
    let credit = most;
    let before = jiffies();
    return [
      {
        option: 'limit',
        run() {
          const now = jiffies();
          credit = Math.min(most, credit + (now - before) * CREDITS_PER_JIFFY);
          before = now;
          if (credit < cost) return false;
          credit -= cost;
          return true;
        },
        explain: () => {
          const seconds = (cost - credit) / (CREDITS_PER_JIFFY * HZ);
          return `the bucket is empty, the next packet fits in ${seconds.toFixed(seconds < 1 ? 3 : 1)} s`;
        },
      },
    ];
  },
});
