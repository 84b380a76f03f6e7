import type { Names } from '../../xtables/names.ts';
import { builtInProtocolName } from '../../xtables/protocols.ts';
import { unsigned } from '../../xtables/values.ts';

/** Name of the match that goes with `-p word`. */
export function protocolMatchName(word: string, numeric: boolean, names: Names): string | undefined {
  const number = unsigned(word, 0, 255);
  if (number === undefined) return word;
  const name = numeric ? undefined : names.protocolName(number);
  return name ?? builtInProtocolName(number);
}

/** Headers of IPv6 that `-p` never finds, since it looks behind them (ip6tables: is_exthdr). */
export function isExtensionHeader(protocol: number): boolean {
  return [43, 44, 51, 60].includes(protocol);
}
