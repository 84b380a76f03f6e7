import type { ValueType } from './extension.ts';
import type { Names } from './names.ts';
import { Problem } from './problem.ts';
import { unsigned } from './values.ts';

/** Names that libxtables knows even where /etc/protocols does not (xtables_chain_protos). */
const BUILT_IN: Readonly<Record<string, number>> = {
  tcp: 6,
  sctp: 132,
  udp: 17,
  udplite: 136,
  icmp: 1,
  'ipv6-icmp': 58,
  icmpv6: 58,
  esp: 50,
  ah: 51,
  'mobility-header': 135,
  'ipv6-mh': 135,
  mh: 135,
  all: 0,
};

/** A protocol's number or name (xtables_parse_protocol). */
export function parseProtocol(word: string, names: Names): number {
  const number = unsigned(word, 0, 255) ?? names.protocolNumber(word) ?? BUILT_IN[word];
  if (number === undefined || number > 255) throw new Problem(`unknown protocol "${word}" specified`);
  return number;
}

/** The library's own name of a protocol, where it has one: what it prints without looking in /etc/protocols. */
export function builtInProtocolName(protocol: number): string | undefined {
  return Object.keys(BUILT_IN).find((known) => BUILT_IN[known] === protocol);
}

/** XTTYPE_PROTOCOL: a name or a number, printed as a number. */
export const protocolNumber: ValueType<number> = {
  syntax: 'protocol',
  argument: 'required',
  parse: (given, { names }) => parseProtocol(given, names),
  print: (value) => String(value),
};
