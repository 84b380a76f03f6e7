/** Type of service with a mask, by number or by name, as the match and the target read and write it. */
import type { ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { type Masked, readPositive } from './values.ts';

const NAMES: readonly (readonly [string, number])[] = [
  ['Minimize-Delay', 0x10],
  ['Maximize-Throughput', 0x08],
  ['Maximize-Reliability', 0x04],
  ['Minimize-Cost', 0x02],
  ['Normal-Service', 0x00],
];
/** The field as it was before the ECN bits: what a name stands for. */
const NAMED_MASK = 0x3f;

export const printByte = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

export const tos: ValueType<Masked> = {
  syntax: 'value[/mask]|name',
  argument: 'required',
  choices: NAMES.map(([name]) => name),
  parse(given) {
    const value = readPositive(given);
    if (!value || value.value > 0xffn) return { value: named(given), mask: NAMED_MASK };
    if (value.rest === '') return { value: Number(value.value), mask: 0xff };
    const mask = value.rest[0] === '/' ? readPositive(value.rest.slice(1)) : undefined;
    if (mask?.rest !== '' || mask.value > 0xffn) throw new Problem(`Illegal value: "${given}"`);
    return { value: Number(value.value), mask: Number(mask.value) };
  },
  print: ({ value, mask }) => `${printByte(value)}/${printByte(mask)}`,
};

function named(given: string): number {
  const found = NAMES.find(([name]) => name.toLowerCase() === given.toLowerCase());
  if (!found) throw new Problem(`Symbolic name "${given}" is unknown`);
  return found[1];
}

/** The name of a value with the mask that names have. */
export function tosName({ value, mask }: Masked): string | undefined {
  return mask === NAMED_MASK ? NAMES.find(([, own]) => own === value)?.[0] : undefined;
}
