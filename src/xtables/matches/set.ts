import { COUNTER_STEP, type Entry } from '../../ipset/entry.ts';
import { PacketSets, type Question } from '../../ipset/packet.ts';
import { Sets } from '../../ipset/sets.ts';
import { defineMatch, option, type Values, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { setReference, useSet } from '../set-options.ts';
import { flag, readUnsigned } from '../values.ts';

const reference = setReference(() => '--match-set requires two args.');
const ONCE = '--match-set can be specified only once';
const COUNTERS = ['packets', 'bytes'] as const;
const COMPARISONS = ['eq', 'lt', 'gt'] as const;

/** A number that a counter is compared with; of each counter there is one comparison. */
const count: ValueType<bigint> = {
  syntax: 'value',
  argument: 'required',
  parse(text, context) {
    const { option: key, inverted } = context;
    const [counter, how] = key.split('-') as [string, string];
    if (COMPARISONS.some((other) => context.has(`${counter}-${other}`)))
      throw new Problem(`only one of the --${counter}-[eq|lt|gt] is allowed`);
    if (inverted && how !== 'eq') throw new Problem(`--${key} option cannot be inverted`);
    const read = text.trimStart().startsWith('-') ? undefined : readUnsigned(text);
    if (read?.rest !== '') throw new Problem(`Cannot parse ${text} as a counter value`);
    return read.value;
  },
  print: String,
};

const options = {
  'match-set': option(
    {
      ...reference,
      parse(name, context) {
        if (context.has('set')) throw new Problem(ONCE);
        return reference.parse(name, context);
      },
    },
    { invert: true, repeated: ONCE, help: 'The set, and src or dst for each part.' },
  ),
  set: option(
    {
      ...reference,
      parse(name, context) {
        context.warn('--set option deprecated, please use --match-set\n');
        if (context.has('match-set')) throw new Problem(ONCE);
        return reference.parse(name, context);
      },
    },
    { invert: true, repeated: ONCE, help: 'Older name of --match-set.' },
  ),
  'return-nomatch': option(
    {
      ...flag,
      parse(_, { inverted }) {
        if (inverted) throw new Problem('--return-nomatch flag cannot be inverted');
        return true;
      },
    },
    { invert: true, repeated: 'replace', help: 'Fits what falls into elements with nomatch.' },
  ),
  'update-counters': option(flag, {
    invert: true,
    repeated: 'replace',
    help: 'Inverted: the packet is not counted.',
  }),
  'update-subcounters': option(flag, {
    invert: true,
    repeated: 'replace',
    help: 'Inverted: the packet is not counted in the sets of a list.',
  }),
  // What is wrong with a second one the value says.
  'packets-eq': comparison('The element has counted so many packets.'),
  'packets-lt': comparison('Fewer packets.'),
  'packets-gt': comparison('More packets.'),
  'bytes-eq': comparison('The element has counted so many bytes.'),
  'bytes-lt': comparison('Fewer bytes.'),
  'bytes-gt': comparison('More bytes.'),
};

function comparison(help: string) {
  return option(count, { invert: true, repeated: 'replace', help });
}

type SetValues = Values<typeof options>;

/** Whether one counter of an element is as the rule wants it; undefined if it asks nothing about it. */
function counted(values: SetValues, counter: (typeof COUNTERS)[number]): Question['counters'] {
  const how = COMPARISONS.find((one) => values[`${counter}-${one}`]);
  const given = how && values[`${counter}-${how}`];
  if (!given) return undefined;
  const low = Number(given.value % BigInt(COUNTER_STEP));
  const high = Number(given.value / BigInt(COUNTER_STEP));
  const difference = (entry: Entry): number =>
    counter === 'packets'
      ? entry.packetsHigh - high || entry.packets - low
      : entry.bytesHigh - high || entry.bytes - low;
  if (how === 'eq') return (entry) => (difference(entry) === 0) !== given.inverted;
  return how === 'lt' ? (entry) => difference(entry) < 0 : (entry) => difference(entry) > 0;
}

function question(values: SetValues): Question {
  const packets = counted(values, 'packets');
  const bytes = counted(values, 'bytes');
  return {
    source: values['match-set']?.value.source ?? [],
    returnNomatch: values['return-nomatch'] !== undefined,
    updateCounters: values['update-counters'] === undefined,
    updateSubcounters: values['update-subcounters'] === undefined,
    counters: packets && bytes ? (entry) => packets(entry) && bytes(entry) : (packets ?? bytes),
  };
}

export const set = defineMatch({
  name: 'set',
  revision: 4,
  summary: 'addresses, ports and other parts that are in a set of ipset',
  about:
    'The set must be there when the rule is made, and cannot be destroyed or renamed while a rule uses it; it can be ' +
    'swapped. One src or dst is given for each part of the type; a packet that has not all of them never fits.',
  source: 'net/netfilter/xt_set.c set_match_v4',
  options,
  verify(values) {
    if (values['match-set'] || values.set) return;
    throw new Problem("You must specify `--match-set' with proper arguments");
  },
  settle({ set: older, 'match-set': given, 'update-counters': all, 'update-subcounters': below, ...rest }) {
    const one = given ?? older;
    return {
      ...(one ? { 'match-set': { value: one.value, inverted: one.inverted } } : {}),
      // Counting is what happens anyhow.
      ...(all?.inverted ? { 'update-counters': all } : {}),
      ...(below?.inverted ? { 'update-subcounters': below } : {}),
      ...rest,
    };
  },
  list(values, context) {
    let text = '';
    for (const key of Object.keys(options) as (keyof typeof options)[]) {
      const given = values[key];
      if (!given) continue;
      const { type } = options[key];
      const value = type.argument === 'none' ? '' : ` ${type.print(given.value as never, context)}`;
      text += `${given.inverted ? ' !' : ''} ${key}${value}`;
    }
    return text;
  },
  check({ 'match-set': given }, environment) {
    return given && environment.shared(Sets).find(given.value.name) ? undefined : 'ENOENT';
  },
  tests(values, environment) {
    const { 'match-set': given } = values;
    const sets = environment.shared(Sets);
    const slot = given && useSet(sets, given.value.name, (run) => environment.onDestroy(run));
    if (!slot) return [];
    const asked = question(values);
    const packets = new PacketSets(environment.services);
    return [
      {
        option: 'match-set',
        run: (packet, place) => packets.test(slot, packet, place, asked) !== given.inverted,
        explain: () => (packets.found ? `it is in set ${slot.name}` : `it is not in set ${slot.name}`),
      },
    ];
  },
});
