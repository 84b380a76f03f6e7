import type { Names } from '../../xtables/names.ts';
import { Problem } from '../../xtables/problem.ts';
import { unsigned } from '../../xtables/values.ts';

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

/** Name of the match that goes with `-p word`. */
export function protocolMatchName(word: string, numeric: boolean, names: Names): string | undefined {
  const number = unsigned(word, 0, 255);
  if (number === undefined) return word;
  const name = numeric ? undefined : names.protocolName(number);
  return name ?? builtInProtocolName(number);
}

/** The library's own name of a protocol, where it has one: what it prints without looking in /etc/protocols. */
export function builtInProtocolName(protocol: number): string | undefined {
  return Object.keys(BUILT_IN).find((known) => BUILT_IN[known] === protocol);
}

/** Headers of IPv6 that `-p` never finds, since it looks behind them (ip6tables: is_exthdr). */
export function isExtensionHeader(protocol: number): boolean {
  return [43, 44, 51, 60].includes(protocol);
}

/** The name of an interface as `-i` takes it (xtables_parse_interface). */
export function interfaceName(word: string, warn: (line: string) => void): string {
  if (word.length > 15) {
    throw new Problem(`interface name \`${word}' must be shorter than IFNAMSIZ (15)`);
  }
  if (/[/ ]/.test(word)) {
    warn(`Warning: weird character in interface \`${word}' ('/' and ' ' are not allowed by the kernel).\n`);
  }
  return word;
}
