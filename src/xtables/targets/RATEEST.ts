import { Estimator, Estimators } from '../estimators.ts';
import { CONTINUE, defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readDouble, toUint32 } from '../strtod.ts';
import { text } from '../values.ts';

/** Microseconds. */
const SECOND = 1_000_000;
const UNITS: readonly (readonly [names: readonly string[], length: number])[] = [
  [['s', 'sec', 'secs'], SECOND],
  [['ms', 'msec', 'msecs'], SECOND / 1000],
  [['us', 'usec', 'usecs', ''], 1],
];
const WRAP = 2 ** 32;
const MOST_INTERVAL = 5;
const MOST_WEIGHT = 31;
/** IFNAMSIZ less its end. */
const LONGEST_NAME = 15;

/** A length of time, in microseconds. */
function duration(what: string): ValueType<number> {
  return {
    syntax: 'number[s|ms|us]',
    argument: 'required',
    examples: what === 'interval' ? [['250ms'], ['1s']] : [['500ms'], ['8s']],
    parse(given) {
      const read = readDouble(given);
      const unit = read && UNITS.find(([names]) => names.includes(read.rest.toLowerCase()));
      if (!unit) throw new Problem(`RATEEST: bad ${what} value "${given}"`);
      return toUint32(read.value * unit[1]);
    },
    print,
  };
}

/** Unsigned 32 bits long, as the command reckons: large time constants wrap. */
function print(length: number): string {
  const microseconds = length % WRAP;
  if (microseconds >= SECOND) return `${(microseconds / SECOND).toFixed(1)}s`;
  return microseconds >= 1000 ? `${(microseconds / 1000).toFixed(1)}ms` : `${microseconds}us`;
}

/** The power of two of quarters of a second; more than MOST_INTERVAL if there is none. */
function intervalOf(microseconds: number): number {
  let interval = 0;
  while (interval <= MOST_INTERVAL && microseconds > (2 ** interval * SECOND) / 4) interval++;
  return interval;
}

/** The power of two with which an average has the time constant asked for. */
function weightOf(interval: number, constant: number): number {
  let weight = 1;
  while (weight <= MOST_WEIGHT && interval / -Math.log(1 - 2 ** -weight) <= constant) weight++;
  return weight - 1;
}

const quarter = (interval: number): number => (2 ** interval * SECOND) / 4;

export const RATEEST = defineTarget({
  name: 'RATEEST',
  summary: 'counts the packet in an estimator of rates',
  about:
    'The match `rateest` asks for what it estimates: a moving average that is measured at every interval and follows as slowly as ' +
    'its time constant says. Rules that name the same estimator must have the same interval and constant; it is there as ' +
    'long as a rule uses it.',
  source: 'net/netfilter/xt_RATEEST.c xt_rateest_tg; net/core/gen_estimator.c',
  options: {
    'rateest-name': option(text(Number.POSITIVE_INFINITY, 0, 'name'), {
      required: true,
      help: 'Name of the estimator.',
    }),
    'rateest-interval': option(duration('interval'), {
      help: 'How often it is measured: 250 ms to 8 s, in powers of two.',
    }),
    'rateest-ewmalog': option(duration('ewmalog'), { help: 'Time constant of the average.' }),
  },
  terminal: false,
  verify(values) {
    const interval = values['rateest-interval']?.value ?? 0;
    if (intervalOf(interval) > MOST_INTERVAL) throw new Problem('RATEEST: interval value is too large');
    const weight = weightOf(interval, values['rateest-ewmalog']?.value ?? 0);
    if (weight === 0 || weight >= MOST_WEIGHT) throw new Problem('RATEEST: ewmalog value is out of range');
  },
  settle(values) {
    const given = values['rateest-interval']?.value ?? 0;
    const interval = intervalOf(given);
    const weight = weightOf(given, values['rateest-ewmalog']?.value ?? 0);
    const name = values['rateest-name'];
    return {
      ...(name && { 'rateest-name': { ...name, value: name.value.slice(0, LONGEST_NAME) } }),
      'rateest-interval': { value: quarter(interval), inverted: false },
      'rateest-ewmalog': { value: quarter(interval) * 2 ** weight, inverted: false },
    };
  },
  save: (values) =>
    ` --rateest-name ${values['rateest-name']?.value ?? ''} --rateest-interval ` +
    `${print(values['rateest-interval']?.value ?? 0)} --rateest-ewmalog ${print(values['rateest-ewmalog']?.value ?? 0)}`,
  list: (values) =>
    ` name ${values['rateest-name']?.value ?? ''} interval ${print(values['rateest-interval']?.value ?? 0)} ` +
    `ewmalog ${print(values['rateest-ewmalog']?.value ?? 0)}`,
  check(values, environment) {
    const known = environment.shared(Estimators).find(values['rateest-name']?.value ?? '');
    if (!known) return undefined;
    const { interval, weight } = settingsOf(
      values['rateest-interval']?.value ?? 0,
      values['rateest-ewmalog']?.value ?? 0,
    );
    return known.settings.interval === interval && known.settings.weight === weight ? undefined : 'EINVAL';
  },
  create(values, environment) {
    const estimators = environment.shared(Estimators);
    const name = values['rateest-name']?.value ?? '';
    const settings = settingsOf(
      values['rateest-interval']?.value ?? 0,
      values['rateest-ewmalog']?.value ?? 0,
    );
    const estimator = estimators.use(
      estimators.find(name) ?? new Estimator(name, settings, environment.services),
      environment,
    );
    return (packet) => {
      estimator.count(packet.length);
      return CONTINUE;
    };
  },
});

/** Of settled values, which are whole powers of two. */
function settingsOf(interval: number, constant: number) {
  return { interval: intervalOf(interval), weight: Math.round(Math.log2(constant / interval)) };
}
