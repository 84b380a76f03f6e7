/** Type of service with a mask, by number or by name, as the match and the target read and write it. */
import type { ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { type Masked, readPositive } from './values.ts';

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

export const tos: ValueType<Masked> = {
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
