import { CONTINUE, defineTarget, type Given, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readTos, writeTos } from '../tos.ts';
import { integer, type Masked, readPositive } from '../values.ts';

const NAMES: Readonly<Record<string, number>> = {
  'minimize-delay': 0x10,
  'maximize-throughput': 0x08,
  'maximize-reliability': 0x04,
  'minimize-cost': 0x02,
  'normal-service': 0x00,
};
/** The field as it was before the ECN bits: what a name stands for. */
const NAMED_MASK = 0x3f;

const two = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const tos: ValueType<Masked> = {
  syntax: 'value[/mask]|name',
  argument: 'required',
  choices: [
    'Minimize-Delay',
    'Maximize-Throughput',
    'Maximize-Reliability',
    'Minimize-Cost',
    'Normal-Service',
  ],
  parse(given) {
    const value = readPositive(given);
    if (!value || value.value > 0xffn) return { value: named(given), mask: NAMED_MASK };
    if (value.rest === '') return { value: Number(value.value), mask: 0xff };
    const mask = value.rest[0] === '/' ? readPositive(value.rest.slice(1)) : undefined;
    if (mask?.rest !== '' || mask.value > 0xffn) throw new Problem(`Illegal value: "${given}"`);
    return { value: Number(value.value), mask: Number(mask.value) };
  },
  print: ({ value, mask }) => `${two(value)}/${two(mask)}`,
};

/** A name, or a beginning of it that fits only one. */
function named(given: string): number {
  const wanted = given.toLowerCase();
  const fitting = wanted === '' ? [] : Object.keys(NAMES).filter((name) => name.startsWith(wanted));
  if (fitting.length > 1) throw new Problem(`Symbolic name "${given}" is ambiguous`);
  if (fitting.length === 0) throw new Problem(`Symbolic name "${given}" is unknown`);
  return NAMES[fitting[0]!]!;
}

const bits = integer(0, 255);
const ALONE = { excludes: ['*'] } as const;
const masked = (value: number, mask: number): Given<Masked> => ({ value: { value, mask }, inverted: false });

export const TOS = defineTarget({
  name: 'TOS',
  revision: 1,
  summary: 'changes the type of service, or the traffic class of IPv6',
  source: 'net/netfilter/xt_DSCP.c tos_tg, tos_tg6',
  table: 'mangle',
  options: {
    'set-tos': option(tos, { ...ALONE, help: 'Clears the bits of mask, then flips those of value.' }),
    'and-tos': option(bits, { ...ALONE, help: 'Keeps only these bits.' }),
    'or-tos': option(bits, { ...ALONE, help: 'Sets these bits.' }),
    'xor-tos': option(bits, { ...ALONE, help: 'Flips these bits.' }),
  },
  terminal: false,
  settle(values) {
    const { 'and-tos': and, 'or-tos': or, 'xor-tos': xor } = values;
    if (and) return { 'set-tos': masked(0, ~and.value & 0xff) };
    if (or) return { 'set-tos': masked(or.value, or.value) };
    if (xor) return { 'set-tos': masked(xor.value, 0) };
    if (!values['set-tos']) throw new Problem('TOS: An action is required');
    return values;
  },
  list: ({ 'set-tos': given }, context) => (given ? ` TOS set ${tos.print(given.value, context)}` : ''),
  create({ 'set-tos': given }) {
    const { value, mask } = given?.value ?? { value: 0, mask: 0 };
    return (packet) => {
      const before = readTos(packet);
      const after = ((before & ~mask) ^ value) & 0xff;
      if (after !== before) writeTos(packet, after);
      return CONTINUE;
    };
  },
});
