/** Numbers that have names in a file of /etc/iproute2, with a mask (xtables_parse_val_mask). */
import type { Given, PrintContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { hex, type Masked, readPositive } from './values.ts';

const ALL = 0xffff_ffff;
const LARGEST = 0xffff_ffffn;

/** @param names those that the file of a fresh system has. */
export function namedNumber(names: ReadonlyMap<string, number>, syntax: string): ValueType<Masked> {
  const nameOf = ({ value, mask }: Masked): string | undefined =>
    mask === ALL ? [...names].find(([, number]) => number === value)?.[0] : undefined;
  return {
    syntax,
    argument: 'required',
    choices: [...names.keys()],
    parse(given, { extension, option }) {
      const read = readPositive(given);
      if (!read || read.value > LARGEST || (read.rest !== '' && read.rest[0] !== '/')) {
        const value = names.get(given);
        if (value !== undefined) return { value, mask: ALL };
        throw new Problem(
          `${extension}: could not map name ${given} to an integer value for option "--${option}".\n`,
        );
      }
      if (read.rest === '') return { value: Number(read.value), mask: ALL };
      const mask = readPositive(read.rest.slice(1));
      if (!mask || mask.value > LARGEST) {
        throw new Problem(`${extension}: bad integer value for option "--${option}", or out of range.\n`);
      }
      if (mask.rest !== '') {
        throw new Problem(`${extension}: trailing garbage after value for option "--${option}".\n`);
      }
      return { value: Number(read.value), mask: Number(mask.value) };
    },
    print: (masked) => nameOf(masked) ?? numbers(masked),
  };
}

const numbers = ({ value, mask }: Masked): string =>
  mask === ALL ? hex(value) : `${hex(value)}/${hex(mask)}`;

/** ` ! realm 0x5` as `-L` writes it; with `-n` never by name. */
export function listNamed(
  title: string,
  type: ValueType<Masked>,
  given: Given<Masked> | undefined,
  context: PrintContext,
): string {
  if (!given) return '';
  const shown = context.numeric ? numbers(given.value) : type.print(given.value, context);
  return `${given.inverted ? ' !' : ''} ${title} ${shown}`;
}

/** Whether a number has the value under its mask. */
export function maskedFits(number: number, { value: { value, mask }, inverted }: Given<Masked>): boolean {
  return (((number ^ value) & mask) === 0) !== inverted;
}
