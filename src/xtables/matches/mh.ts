import { IPPROTO_MH, IPPROTO_NONE } from '../../wire/protocols.ts';
import { defineMatch, option, type PrintContext, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { type Range, unsigned } from '../values.ts';

/** Names of the types by number, each with its short one (RFC 6275 section 6.1). */
const NAMES: readonly (readonly [string, string])[] = [
  ['binding-refresh-request', 'brr'],
  ['home-test-init', 'hoti'],
  ['careof-test-init', 'coti'],
  ['home-test', 'hot'],
  ['careof-test', 'cot'],
  ['binding-update', 'bu'],
  ['binding-acknowledgement', 'ba'],
  ['binding-error', 'be'],
];
const MOST = 255;
/** Up to the checksum. */
const HEADER_LENGTH = 6;

/** A name, or any beginning of one, of which the first counts unless another fits wholly; or a number. */
function readType(text: string): number {
  const given = text.toLowerCase();
  let found = -1;
  for (const [type, names] of NAMES.entries()) {
    for (const name of names) {
      if (name.startsWith(given) && (found < 0 || name === given)) found = type;
    }
  }
  if (found >= 0) return found;
  const number = unsigned(text, 0, MOST);
  if (number === undefined) throw new Problem(`Invalid MH type \`${text}'`);
  return number;
}

const types: ValueType<Range> = {
  syntax: 'type[:type]',
  argument: 'required',
  choices: NAMES.map(([name]) => name),
  parse(given) {
    const colon = given.indexOf(':');
    if (colon < 0) {
      const only = readType(given);
      return { min: only, max: only };
    }
    const [low, high] = [given.slice(0, colon), given.slice(colon + 1)];
    const min = low === '' ? 0 : readType(low);
    const max = high === '' ? MOST : readType(high);
    if (min > max) throw new Problem('Invalid MH type range (min > max)');
    return { min, max };
  },
  print: ({ min, max }) => (min === max ? String(min) : `${min}:${max}`),
};

const isAll = ({ min, max }: Range): boolean => min === 0 && max === MOST;

function listed({ min, max }: Range, { numeric }: PrintContext): string {
  const name = (type: number): string => (numeric ? undefined : NAMES[type]?.[0]) ?? String(type);
  return min === max ? name(min) : `${name(min)}:${name(max)}`;
}

export const mh = defineMatch({
  name: 'mh',
  families: [6],
  summary: 'type of a mobility header',
  about:
    'A header that is cut off drops the packet, and so does one behind which something follows. Later fragments never match.',
  source: 'net/netfilter/ip6t_mh.c mh_mt6',
  protocol: IPPROTO_MH,
  options: {
    'mh-type': option(types, {
      invert: true,
      omit: ({ value }) => isAll(value),
      help: 'Type or range of types, by name or number.',
    }),
  },
  list({ 'mh-type': given }, context) {
    if (!given || (isAll(given.value) && !given.inverted)) return ' mh';
    return ` mh ${given.inverted ? '!' : ''}${listed(given.value, context)}`;
  },
  tests: ({ 'mh-type': given }) => [
    {
      option: 'mh-type',
      run({ bytes, end }, place) {
        if (place.fragment !== 0) return false;
        const at = place.transport;
        if (at + HEADER_LENGTH > end || bytes[at] !== IPPROTO_NONE) {
          place.drop = true;
          return false;
        }
        const type = bytes[at + 2]!;
        return !given || (type >= given.value.min && type <= given.value.max) !== given.inverted;
      },
      explain({ bytes, end }, { fragment, transport }) {
        if (fragment !== 0) return 'a later fragment has no mobility header';
        if (transport + HEADER_LENGTH > end) return 'its header is cut off: the packet is dropped';
        if (bytes[transport] !== IPPROTO_NONE) return 'something follows its header: the packet is dropped';
        return String(bytes[transport + 2]);
      },
    },
  ],
});
