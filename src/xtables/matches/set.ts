import { PacketSets, type Question } from '../../ipset/packet.ts';
import { Sets } from '../../ipset/sets.ts';
import { defineMatch, type Given, option, type Values } from '../extension.ts';
import { Problem } from '../problem.ts';
import { setReference, useSet } from '../set-options.ts';
import { flag, integer } from '../values.ts';

const MOST = Number.MAX_SAFE_INTEGER;
const reference = setReference(() => '--match-set requires two args.');
const count = integer(0, MOST);

const options = {
  'match-set': option(
    {
      ...reference,
      parse(name, context) {
        return reference.parse(name, context);
      },
    },
    {
      invert: true,
      repeated: '--match-set can be specified only once',
      help: 'The set, and src or dst for each part.',
    },
  ),
  set: option(
    {
      ...reference,
      parse(name, context) {
        context.warn('--set option deprecated, please use --match-set\n');
        return reference.parse(name, context);
      },
    },
    { invert: true, help: 'Older name of --match-set.' },
  ),
  'return-nomatch': option(flag, { invert: true, help: 'Fits what falls into elements with nomatch.' }),
  'update-counters': option(flag, { invert: true, help: 'Inverted: the packet is not counted.' }),
  'update-subcounters': option(flag, {
    invert: true,
    help: 'Inverted: the packet is not counted in the sets of a list.',
  }),
  'packets-eq': option(count, { invert: true, help: 'The element has counted so many packets.' }),
  'packets-lt': option(count, { help: 'Fewer packets.' }),
  'packets-gt': option(count, { help: 'More packets.' }),
  'bytes-eq': option(count, { invert: true, help: 'The element has counted so many bytes.' }),
  'bytes-lt': option(count, { help: 'Fewer bytes.' }),
  'bytes-gt': option(count, { help: 'More bytes.' }),
};

type SetValues = Values<typeof options>;
type Counted = (value: number) => boolean;

function counted(
  eq: Given<number> | undefined,
  lt: Given<number> | undefined,
  gt: Given<number> | undefined,
): Counted | undefined {
  if (eq) return (value) => (value === eq.value) !== eq.inverted;
  if (lt) return (value) => value < lt.value;
  return gt && ((value) => value > gt.value);
}

function question(values: SetValues): Question {
  const packets = counted(values['packets-eq'], values['packets-lt'], values['packets-gt']);
  const bytes = counted(values['bytes-eq'], values['bytes-lt'], values['bytes-gt']);
  const counters =
    packets || bytes ? (p: number, b: number) => (packets?.(p) ?? true) && (bytes?.(b) ?? true) : undefined;
  return {
    source: values['match-set']?.value.source ?? [],
    returnNomatch: values['return-nomatch'] !== undefined && !values['return-nomatch'].inverted,
    updateCounters: !values['update-counters']?.inverted,
    updateSubcounters: !values['update-subcounters']?.inverted,
    counters,
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
  settle({ set: older, 'match-set': given, ...rest }) {
    const one = given ?? older;
    return { ...(one ? { 'match-set': { value: one.value, inverted: one.inverted } } : {}), ...rest };
  },
  list(values, context) {
    let text = '';
    for (const [key, given] of Object.entries(values)) {
      if (!given) continue;
      const { type } = options[key as keyof typeof options];
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
