import { defineMatch, type FunctionTest, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { integer } from '../values.ts';

/** Probability 1, in the kernel's numbers. */
const ONE = 0x8000_0000;

/** C's strtod of the whole text; undefined if there is more than a number, or none. */
function double(text: string): number | undefined {
  const decimal = /^[ \t\n\v\f\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)$/.exec(text);
  if (decimal) return Number(decimal[1]);
  const hexadecimal =
    /^[ \t\n\v\f\r]*([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?[0-9]+))?$/.exec(text);
  if (hexadecimal) {
    const [, sign, whole = '', fraction = '', exponent = '0'] = hexadecimal;
    if (whole + fraction === '') return undefined;
    const digits = Number.parseInt(whole + fraction, 16);
    return (sign === '-' ? -digits : digits) * 2 ** (Number(exponent) - 4 * fraction.length);
  }
  return /^[ \t\n\v\f\r]*[+-]?nan(\([A-Za-z0-9_]*\))?$/i.test(text) ? Number.NaN : undefined;
}

/** As C's `%.11f`: halves go to the even digit. */
function fixed11(probability: number): string {
  const scaled = BigInt(probability) * 10n ** 11n;
  const one = BigInt(ONE);
  let digits = scaled / one;
  const rest = (scaled % one) * 2n;
  if (rest > one || (rest === one && digits % 2n === 1n)) digits++;
  const text = String(digits).padStart(12, '0');
  return `${text.slice(0, -11)}.${text.slice(-11)}`;
}

/** Kept as a multiple of 1/2³¹. */
const probability: ValueType<number> = {
  syntax: 'p',
  argument: 'required',
  parse(given, { extension, option: name }) {
    const value = double(given);
    // What is no number at all is neither too small nor too large, and becomes 0.
    if (value === undefined || value < 0 || value > 1) {
      throw new Problem(`${extension}: bad value for option "--${name}", or out of range (0-1).\n`);
    }
    return Number.isNaN(value) ? 0 : Math.floor(ONE * value + 0.5);
  },
  print: fixed11,
};

const mode: ValueType<string> = {
  syntax: 'random|nth',
  argument: 'required',
  choices: ['random', 'nth'],
  parse(given) {
    if (given !== 'random' && given !== 'nth') throw new Problem(`Bad mode "${given}"`);
    return given;
  },
  print: (word) => word,
};

export const statistic = defineMatch({
  name: 'statistic',
  summary: 'packets by chance, or every n-th',
  about:
    'In nth mode packet 0 of every n fits first, then every n-th. The count begins anew whenever any rule of the table ' +
    'is changed, as every change replaces the whole table.',
  source: 'net/netfilter/xt_statistic.c statistic_mt',
  options: {
    mode: option(mode, { required: true, help: 'random or nth.' }),
    probability: option(probability, {
      invert: true,
      excludes: ['every', 'packet'],
      help: 'How likely it is that a packet fits, from 0 to 1.',
    }),
    every: option(integer(1, 0xffffffff), {
      invert: true,
      excludes: ['probability'],
      needs: ['packet'],
      help: 'One of so many packets fits.',
    }),
    packet: option(integer(0, 0xffffffff), {
      excludes: ['probability'],
      needs: ['every'],
      help: 'Which one of them, from 0.',
    }),
  },
  verify({ mode: given, probability: chance, every, packet }) {
    if (given?.value !== 'nth') {
      if (chance) return;
      throw new Problem('--probability must be specified when using random mode');
    }
    if (!every && !packet) {
      throw new Problem('--every and --packet must be specified when using nth mode');
    }
    // The kernel's structure has the two in the same place, so that the later one is what it compares with.
    const chanceIsLater = chance && (chance.order ?? 0) > (every?.order ?? -1);
    const last = chanceIsLater ? chance.value : (every?.value ?? 1) - 1;
    if (packet && packet.value > last) {
      throw new Problem('the --packet p must be 0 <= p <= n-1');
    }
  },
  list(values) {
    const { mode: given, probability: chance, every, packet } = values;
    let text = ` statistic mode ${given?.value}`;
    if (chance) text += `${chance.inverted ? ' !' : ''} probability ${fixed11(chance.value)}`;
    if (every) text += `${every.inverted ? ' !' : ''} every ${every.value}`;
    if (packet && packet.value !== 0) text += ` packet ${packet.value}`;
    return text;
  },
  tests({ probability: chance, every, packet }, { services }) {
    if (chance) return [byChance(chance.value, chance.inverted, () => services.random())];
    return every ? [everyNth(every.value, packet?.value ?? 0, every.inverted)] : [];
  },
});

function byChance(chance: number, inverted: boolean, random: () => number): FunctionTest {
  let drawn = 0;
  return {
    option: 'probability',
    run() {
      drawn = random() & 0x7fff_ffff;
      return drawn < chance !== inverted;
    },
    explain: () => `${fixed11(drawn)} was drawn`,
  };
}

function everyNth(every: number, packet: number, inverted: boolean): FunctionTest {
  const last = every - 1;
  let count = last - packet;
  return {
    option: 'every',
    run() {
      count = count === last ? 0 : count + 1;
      return (count === 0) !== inverted;
    },
    explain: () => `packet ${(count + packet) % every} of ${every}`,
  };
}
