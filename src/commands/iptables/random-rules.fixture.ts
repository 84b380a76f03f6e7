/** Rules that nobody wrote, made from the extensions' declarations. */
import { type Family, HOOK_NAMES } from '../../netfilter/constants.ts';
import type { Extension, Option } from '../../xtables/extension.ts';
import { extensionsOf } from '../../xtables/registry.ts';
import { protocolText } from './random-protocols.fixture.ts';

/** A rule and where it is to stand. */
export interface RandomRule {
  readonly table: string;
  readonly chain: string;
  readonly words: readonly string[];
}

export type Random = (below: number) => number;

/** Numbers below a bound from a seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const NUMBERS = [
  '0',
  '1',
  '2',
  '5',
  '17',
  '63',
  '64',
  '255',
  '256',
  '1024',
  '40000',
  '65535',
  '65536',
  '0x10',
  '4294967295',
];
const OTHERS = [
  '1:10',
  '22:80',
  ':100',
  '5:',
  '1-10',
  '1,2',
  '1/3',
  '0x1/0xff',
  '10/sec',
  '3/minute',
  '12:00',
  '0.5',
  '02:00:00:00:00:01',
  'ssh,80',
  'foo',
  'eth0',
  'lo',
];
const ADDRESSES: Readonly<Record<Family, readonly string[]>> = {
  4: ['10.0.0.1', '192.0.2.0/24', '0.0.0.0/0', '198.51.100.7-198.51.100.9', '10.0.0.1:80', '255.255.255.0'],
  6: [
    '2001:db8::1',
    '2001:db8::/32',
    '2001:db8:5::/48',
    '2001:db8::1-2001:db8::9',
    '[2001:db8::1]:80',
    'ffff:ffff::',
  ],
};

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** A value that an option may or may not take, as its words. */
function value(random: Random, option: Option<unknown>, family: Family): readonly string[] {
  const { examples = [] } = option.type;
  return examples.length > 0 && random(4) > 0 ? pick(random, examples) : [oneWord(random, option, family)];
}

function oneWord(random: Random, { type }: Option<unknown>, family: Family): string {
  const { choices = [] } = type;
  if (choices.length > 0 && random(4) > 0) {
    const word = pick(random, choices);
    return random(4) === 0 ? `${word},${pick(random, choices)}` : word;
  }
  // Of longer names the real tool keeps only a part, and then does not find the rule again.
  if (type.syntax === 'policy') return 'gold';
  // Shorter than a quarter of a second, time constants of estimators wrap: what is printed means something else.
  if (type.syntax === 'number[s|ms|us]') return pick(random, ['300000us', '2s', '8s', '0.5s', '40s']);
  if (/^xx:xx/.test(type.syntax)) return '02:00:00:00:00:01';
  if (/addr|host|mask|net|prefix|ip/i.test(type.syntax) && random(4) > 0)
    return pick(random, ADDRESSES[family]);
  return pick(random, random(3) > 0 ? NUMBERS : OTHERS);
}

function options(random: Random, extension: Extension, family: Family): string[] {
  const words: string[] = [];
  // Some extensions want nearly all of their options, others only one.
  const eager = random(2) === 0;
  for (const [name, option] of extension.optionList) {
    if (!option.required && (eager ? random(4) === 0 : random(extension.optionList.length + 1) > 1)) continue;
    if (option.invert && random(4) === 0) words.push('!');
    words.push(`--${name}`);
    if (option.type.argument !== 'none') words.push(...value(random, option, family));
  }
  return words;
}

const TABLES = ['filter', 'mangle', 'nat', 'raw', 'security'];

/** A rule of one or two matches and a target; it need not be valid. `only`: the extension that it is about. */
export function randomRule(random: Random, family: Family, only?: Extension): RandomRule {
  const matches = extensionsOf('match', family);
  const targets = extensionsOf('target', family);
  const chosen: Extension[] = [];
  if (only?.kind === 'match' || !only) chosen.push(only ?? pick(random, matches));
  if (random(4) === 0) chosen.push(pick(random, matches));
  const target = only?.kind === 'target' ? only : random(3) > 0 ? pick(random, targets) : undefined;
  const all = target ? [...chosen, target] : chosen;
  const protocol = all.find((one) => one.protocol !== undefined)?.protocol;
  const words: string[] = [];
  if (protocol !== undefined || random(3) === 0) {
    words.push(
      '-p',
      protocol === undefined ? pick(random, ['tcp', 'udp', 'icmp', '47']) : protocolText(protocol),
    );
    // What changes the options of TCP wants the first segment.
    if (protocol === 6 && random(2) === 0) words.push('--syn');
  }
  if (random(4) === 0)
    words.push(...(random(3) === 0 ? ['!'] : []), '-s', pick(random, ADDRESSES[family].slice(0, 3)));
  if (random(5) === 0) words.push('-i', pick(random, ['eth0', 'lo', 'wl+']));
  for (const match of chosen) words.push('-m', match.name, ...options(random, match, family));
  if (target) words.push('-j', target.name, ...options(random, target, family));
  const table = all.find((one) => one.table !== undefined)?.table ?? pick(random, TABLES);
  const hook = all.find((one) => one.hooks !== undefined)?.hooks;
  const chain = hook ? HOOK_NAMES[pick(random, hook)]! : 'OUTPUT';
  return { table, chain, words };
}

/** Every extension of a family. */
export function everyExtension(family: Family): readonly Extension[] {
  return [...extensionsOf('match', family), ...extensionsOf('target', family)];
}
