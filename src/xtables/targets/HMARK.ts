import { hashWords, scale } from '../../netfilter/jhash.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { formatMask } from '../address.ts';
import { attached } from '../connection-state.ts';
import {
  CONTINUE,
  defineTarget,
  type Given,
  option,
  type ParseContext,
  type ValueType,
} from '../extension.ts';
import { type FlowMasks, FlowReader } from '../flow-words.ts';
import { ALL_BITS, narrow, prefixLengthMask, type WideMask } from '../hosts.ts';
import { Problem } from '../problem.ts';
import { hex, integer } from '../values.ts';

/** What may stand in --hmark-tuple, and the option that it stands for; a short beginning means the first that fits. */
const PARTS = [
  ['ct', undefined],
  ['src', 'hmark-src-prefix'],
  ['dst', 'hmark-dst-prefix'],
  ['sport', 'hmark-sport-mask'],
  ['dport', 'hmark-dport-mask'],
  ['proto', 'hmark-proto-mask'],
  ['spi', 'hmark-spi-mask'],
] as const;
type Part = (typeof PARTS)[number][0];
type MaskOption = NonNullable<(typeof PARTS)[number][1]>;

const tuple: ValueType<readonly Part[]> = {
  syntax: 'part[,part…]',
  argument: 'required',
  choices: PARTS.map(([word]) => word),
  parse(given) {
    const parts: Part[] = [];
    for (let rest: string | undefined = given; rest !== undefined; ) {
      const comma: number = rest.indexOf(',');
      if (rest === '') {
        throw new Problem(
          '"--hmark-tuple" requires a list of types with no spaces, e.g. src,dst,sport,dport,proto',
        );
      }
      const start = (comma < 0 ? rest : rest.slice(0, comma)).toLowerCase();
      const found = start === '' ? undefined : PARTS.find(([word]) => word.startsWith(start));
      if (!found) throw new Problem(`Bad type "${rest}"`);
      parts.push(found[0]);
      rest = comma < 0 ? undefined : rest.slice(comma + 1);
    }
    return parts;
  },
  print: (parts) => parts.join(','),
};

/** Parts of the tuple that stood before this option, which the real tool takes for the option itself. */
function onlyOnce<T>(type: ValueType<T>): ValueType<T> {
  return {
    ...type,
    parse(given, context: ParseContext) {
      const before = context.before['hmark-tuple'] as Given<readonly Part[]> | undefined;
      if (before?.value.some((part) => optionOf(part) === context.option)) {
        throw new Problem(`HMARK: option "--${context.option}" can only be used once.\n`);
      }
      return type.parse(given, context);
    },
  };
}

const optionOf = (part: Part): MaskOption | undefined => PARTS.find(([word]) => word === part)?.[1];

const padded =
  (digits: number) =>
  (value: number): string =>
    `0x${value.toString(16).padStart(digits, '0')}`;
const half = { ...integer(0, 0xffff), print: padded(4) };
const word = { ...integer(0, 0xffffffff), print: padded(8) };

const all = <T>(value: T): Given<T> => ({ value, inverted: false });

export const HMARK = defineTarget({
  name: 'HMARK',
  summary: 'sets the mark to a hash of addresses, ports and protocol',
  about:
    'Both directions of a flow get the same mark, as source and destination are put in order before they are hashed ' +
    '(which no longer holds if they have different masks). ICMP errors count as the packet they quote. Fragments are ' +
    'hashed without ports. Only what an option or --hmark-tuple names counts. With `ct` the addresses and ports are the ' +
    "connection's: who began it, and who answers; a packet without one keeps its mark.",
  source: 'net/netfilter/xt_HMARK.c hmark_tg_v4, hmark_tg_v6',
  options: {
    'hmark-src-prefix': option(onlyOnce(prefixLengthMask), {
      help: 'Leading bits of the source address that count.',
    }),
    'hmark-dst-prefix': option(onlyOnce(prefixLengthMask), {
      help: 'Leading bits of the destination address that count.',
    }),
    'hmark-sport-mask': option(onlyOnce(half), { help: 'Bits of the source port that count.' }),
    'hmark-dport-mask': option(onlyOnce(half), { help: 'Bits of the destination port that count.' }),
    'hmark-spi-mask': option(onlyOnce(word), { help: 'Bits of the SPI of ESP or AH that count.' }),
    'hmark-sport': option(half, { help: 'Bits to set in the source port.' }),
    'hmark-dport': option(half, { help: 'Bits to set in the destination port.' }),
    'hmark-spi': option(word, { help: 'Bits to set in the SPI of ESP or AH.' }),
    'hmark-proto-mask': option(onlyOnce({ ...half, print: padded(2) }), {
      help: 'Bits of the protocol number that count.',
    }),
    'hmark-rnd': option(word, { help: 'What the hash starts from; must be given.' }),
    'hmark-mod': option(integer(1, 0xffffffff), {
      help: 'How many different marks there are; must be given.',
    }),
    'hmark-offset': option(integer(0, 0xffffffff), { help: 'The lowest mark; 0 if left out.' }),
    'hmark-tuple': option(tuple, {
      help: 'What counts, with all its bits: src, dst, sport, dport, spi, proto; or ct, to ask the connection.',
    }),
  },
  terminal: false,
  verify(values) {
    if (!values['hmark-mod']) throw new Problem('--hmark-mod is mandatory');
    if (!values['hmark-rnd']) throw new Problem('--hmark-rnd is mandatory');
    const parts = values['hmark-tuple']?.value ?? [];
    const has = (name: MaskOption) =>
      values[name] !== undefined || parts.some((part) => optionOf(part) === name);
    if (has('hmark-spi-mask') && (has('hmark-sport-mask') || has('hmark-dport-mask'))) {
      throw new Problem('you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time');
    }
    const { 'hmark-rnd': rnd, 'hmark-mod': mod, 'hmark-offset': offset, ...rest } = values;
    if (Object.values(rest).every((given) => given === undefined)) {
      throw new Problem('you have to specify --hmark-tuple at least');
    }
  },
  settle({ 'hmark-tuple': given, ...rest }) {
    if (!given) return rest;
    const has = (part: Part) => given.value.includes(part);
    return {
      ...rest,
      ...(has('src') && { 'hmark-src-prefix': all(ALL_BITS) }),
      ...(has('dst') && { 'hmark-dst-prefix': all(ALL_BITS) }),
      ...(has('sport') && { 'hmark-sport-mask': all(0xffff) }),
      ...(has('dport') && { 'hmark-dport-mask': all(0xffff) }),
      ...(has('spi') && { 'hmark-spi-mask': all(0xffffffff) }),
      ...(has('proto') && { 'hmark-proto-mask': all(0xffff) }),
      ...(has('ct') && { 'hmark-tuple': all(['ct'] as const) }),
    };
  },
  list(values, context) {
    const prefix = (mask: WideMask) =>
      // Of a whole IPv6 address the real tool shows nothing here.
      context.family === 6 ? formatMask(narrow(mask, 6)).slice(1) : prefixLengthMask.print(mask, context);
    const part = <T>(name: string, given: Given<T> | undefined, print: (value: T) => string) =>
      given ? `${name} ${print(given.value)} ` : '';
    return (
      ` HMARK ${part('mod', values['hmark-mod'], String)}${part('+', values['hmark-offset'], hex)}` +
      `${values['hmark-tuple'] ? 'ct, ' : ''}` +
      part('src-prefix', values['hmark-src-prefix'], prefix) +
      part('dst-prefix', values['hmark-dst-prefix'], prefix) +
      part('sport-mask', values['hmark-sport-mask'], hex) +
      part('dport-mask', values['hmark-dport-mask'], hex) +
      part('spi-mask', values['hmark-spi-mask'], hex) +
      part('sport', values['hmark-sport'], hex) +
      part('dport', values['hmark-dport'], hex) +
      part('spi', values['hmark-spi'], hex) +
      part('proto-mask', values['hmark-proto-mask'], hex) +
      part('rnd', values['hmark-rnd'], hex)
    );
  },
  check(values) {
    const both = values['hmark-spi'] && (values['hmark-sport'] || values['hmark-dport']);
    return both ? 'EINVAL' : undefined;
  },
  create(values, { family }) {
    const mask = (given: Given<WideMask> | undefined) =>
      given ? narrow(given.value, family) : family === 4 ? [0] : [0, 0, 0, 0];
    const ports = (whole: number | undefined, source = 0, destination = 0) =>
      whole ?? ((source << 16) | destination) >>> 0;
    const masks: FlowMasks = {
      source: mask(values['hmark-src-prefix']),
      destination: mask(values['hmark-dst-prefix']),
      portMask: ports(
        values['hmark-spi-mask']?.value,
        values['hmark-sport-mask']?.value,
        values['hmark-dport-mask']?.value,
      ),
      portSet: ports(values['hmark-spi']?.value, values['hmark-sport']?.value, values['hmark-dport']?.value),
    };
    const flow = new FlowReader(masks);
    const seed = values['hmark-rnd']?.value ?? 0;
    const modulus = values['hmark-mod']?.value ?? 1;
    const offset = values['hmark-offset']?.value ?? 0;
    const protocolMask = values['hmark-proto-mask']?.value ?? 0;
    const read = values['hmark-tuple']
      ? (packet: Packet) => flow.readConnection(attached(packet))
      : (packet: Packet) => flow.readPacket(packet);
    return (packet) => {
      if (!read(packet)) return CONTINUE;
      const hash = hashWords(3, flow.smaller, flow.larger, flow.ports, seed) ^ (flow.protocol & protocolMask);
      packet.mark = (scale(hash, modulus) + offset) >>> 0;
      return CONTINUE;
    };
  },
});
