import type { PrintContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { readUnsigned } from './values.ts';

/** A type of ICMP or ICMPv6 with the codes that count. */
export interface IcmpType {
  readonly type: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** Name, type, lowest and highest code. */
export type NamedType = readonly [string, number, number, number];

/** `type[/code]` or a name, of which a beginning that is unambiguous will do. `family`: ICMP or ICMPv6, for messages. */
export function icmpTypes(names: readonly NamedType[], family: string): ValueType<IcmpType> {
  return {
    syntax: 'name|type[/code]',
    argument: 'required',
    choices: names.map(([name]) => name),
    parse: (given) => named(given, names, family) ?? numbered(given, family),
    print: (value) => printType(value, family),
  };
}

function named(given: string, names: readonly NamedType[], family: string): IcmpType | undefined {
  const wanted = given.toLowerCase();
  const fitting = names.filter(([name]) => name.toLowerCase().startsWith(wanted));
  const exact = fitting.find(([name]) => name.toLowerCase() === wanted);
  const [first, second] = fitting;
  if (!exact && first && second) {
    throw new Problem(`Ambiguous ${family} type \`${given}': \`${first[0]}' or \`${second[0]}'?`);
  }
  const found = exact ?? first;
  return found && { type: found[1], minimum: found[2], maximum: found[3] };
}

function numbered(given: string, family: string): IcmpType {
  const slash = given.indexOf('/');
  const [type, last] = range(slash < 0 ? given : given.slice(0, slash), `Unknown ${family} type \`${given}'`);
  if (last !== type) throw new Problem(`${family} type range not supported`);
  if (slash < 0) return { type, minimum: 0, maximum: 255 };
  const [minimum, maximum] = range(given.slice(slash + 1), `Unknown ${family} code \`${given}'`);
  return { type, minimum, maximum };
}

/** `min[:max]` */
function range(text: string, unknown: string): readonly [number, number] {
  const low = readUnsigned(text);
  if (!low || low.value > 255n) throw new Problem(unknown);
  if (low.rest === '') return [Number(low.value), Number(low.value)];
  if (low.rest[0] !== ':') throw new Problem(`unknown character ${low.rest[0]}`);
  const high = readUnsigned(low.rest.slice(1));
  if (!high || high.value > 255n) throw new Problem(unknown);
  if (high.rest !== '') throw new Problem(`unknown character ${high.rest[0]}`);
  return [Number(low.value), Number(high.value)];
}

/** 255 is `any` for ICMP, and a type like any other for ICMPv6. */
function printType({ type, minimum, maximum }: IcmpType, family: string): string {
  if (type === 255 && family === 'ICMP') return 'any';
  return minimum === 0 && maximum === 255 ? String(type) : `${type}/${minimum}`;
}

/** `icmptype 8 code 0`; with names where `-n` is not given. `any` has a name only. */
export function listType(
  label: string,
  { type, minimum, maximum }: IcmpType,
  inverted: boolean,
  names: readonly NamedType[],
  { numeric }: PrintContext,
): string {
  const not = inverted ? '!' : '';
  if (!numeric) {
    const found = names.find(([, t, low, high]) => t === type && low === minimum && high === maximum);
    if (found) return ` ${label} ${not}${found[0]}`;
  }
  const codes =
    minimum === 0 && maximum === 255
      ? ''
      : minimum === maximum
        ? ` code ${minimum}`
        : ` codes ${minimum}-${maximum}`;
  return ` ${label}${not ? ` ${not}` : ''}type ${type}${codes}`;
}
