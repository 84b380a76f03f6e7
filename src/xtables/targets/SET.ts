import { PacketSets, type Question } from '../../ipset/packet.ts';
import { Sets } from '../../ipset/sets.ts';
import { CONTINUE, defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { setReference, useSet } from '../set-options.ts';
import { flag, unsigned } from '../values.ts';

const MOST_TIMEOUT = 0xfffffffe;
const KEYS = ['add-set', 'del-set', 'map-set'] as const;

/** Options that make sense with one of the sets only. */
const ADDITIONS = [
  ['exist', 'Flag', 'add-set'],
  ['timeout', 'Option', 'add-set'],
  ['map-mark', 'Flag', 'map-set'],
  ['map-prio', 'Flag', 'map-set'],
  ['map-queue', 'Flag', 'map-set'],
] as const;

const reference = setReference(({ option: key }) => `--${key} requires two args.`);

const seconds: ValueType<number> = {
  syntax: 'seconds',
  argument: 'required',
  parse(text) {
    const value = unsigned(text, 0, MOST_TIMEOUT);
    if (value === undefined)
      throw new Problem(`Invalid value for option --timeout or out of range 0-${MOST_TIMEOUT}`);
    return value;
  },
  print: String,
};

const options = {
  'add-set': option(reference, {
    invert: true,
    repeated: '--add-set can be specified only once',
    help: 'Adds the packet to the set.',
  }),
  exist: option(flag, { repeated: 'replace', help: 'What is there already gets its time anew.' }),
  timeout: option(seconds, { repeated: 'replace', help: 'How long the element stays, in seconds.' }),
  'del-set': option(reference, {
    invert: true,
    repeated: '--del-set can be specified only once',
    help: 'Takes the packet out of the set.',
  }),
  'map-set': option(reference, {
    invert: true,
    repeated: '--map-set can be specified only once',
    help: 'Gives the packet what its element says.',
  }),
  'map-mark': option(flag, { repeated: 'replace', help: 'The mark.' }),
  'map-prio': option(flag, { repeated: 'replace', help: 'The priority.' }),
  'map-queue': option(flag, {
    repeated: 'replace',
    help: 'The queue of the device, which no packet of ours has.',
  }),
};

export const SET = defineTarget({
  name: 'SET',
  revision: 3,
  summary: 'puts packets into sets of ipset, or gives them what a set says',
  about: 'First adds, then deletes, then maps. --map-set needs the mangle table.',
  source: 'net/netfilter/xt_set.c set_target_v3',
  options,
  terminal: false,
  verify(values) {
    if (!KEYS.some((key) => values[key]))
      throw new Problem("You must specify either `--add-set' or `--del-set' or `--map-set'");
    for (const [key, word, only] of ADDITIONS) {
      if (values[key] && !values[only])
        throw new Problem(`${word} \`--${key}' can be used with \`--${only}' only`);
    }
    if (values['map-set'] && !values['map-mark'] && !values['map-prio'] && !values['map-queue'])
      throw new Problem("You must specify flags `--map-mark' or '--map-prio` or `--map-queue'");
  },
  settle(values) {
    // The real tool reads a `!` and forgets it.
    const plain = Object.entries(values).map(([key, given]) => [key, given && { ...given, inverted: false }]);
    return Object.fromEntries(plain);
  },
  list(values, context) {
    let text = '';
    for (const key of Object.keys(options) as (keyof typeof options)[]) {
      const given = values[key];
      if (!given) continue;
      const { type } = options[key];
      text += ` ${key}${type.argument === 'none' ? '' : ` ${type.print(given.value as never, context)}`}`;
    }
    return text;
  },
  check(values, environment) {
    const sets = environment.shared(Sets);
    for (const key of KEYS) {
      const given = values[key];
      if (given && !sets.find(given.value.name)) return 'ENOENT';
    }
    if (!values['map-set']) return undefined;
    if (environment.table !== 'mangle') return 'EINVAL';
    // Priority and queue are read where packets leave: FORWARD, OUTPUT, POSTROUTING.
    const leaving = (1 << 2) | (1 << 3) | (1 << 4);
    return (values['map-prio'] || values['map-queue']) && (environment.hooks & ~leaving) !== 0
      ? 'EINVAL'
      : undefined;
  },
  create(values, environment) {
    const sets = environment.shared(Sets);
    const packets = new PacketSets(environment.services);
    const [add, remove, map] = KEYS.map((key) => {
      const given = values[key];
      const slot = given && useSet(sets, given.value.name, (run) => environment.onDestroy(run));
      const asked: Question = {
        source: given?.value.source ?? [],
        returnNomatch: false,
        updateCounters: true,
        updateSubcounters: true,
        counters: undefined,
      };
      return slot && { slot, asked };
    });
    const exist = values.exist !== undefined;
    const timeout = values.timeout?.value;
    const marks = values['map-mark'] !== undefined;
    const prioritises = values['map-prio'] !== undefined;
    return (packet, place) => {
      if (add) packets.add(add.slot, packet, place, add.asked, exist, timeout);
      if (remove) packets.remove(remove.slot, packet, place, remove.asked);
      if (map && packets.test(map.slot, packet, place, map.asked) && packets.found) {
        const { skbmark, skbmask, skbprio } = packets.found;
        if (marks) packet.mark = ((packet.mark & ~skbmask) ^ skbmark) >>> 0;
        if (prioritises) packet.priority = skbprio;
      }
      return CONTINUE;
    };
  },
});
