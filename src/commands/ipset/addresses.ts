import type { BitmapSet } from '../../ipset/bitmap.ts';
import type { HashSet } from '../../ipset/hash.ts';
import type { PartValue } from '../../ipset/request.ts';
import type { Family } from '../../netfilter/constants.ts';
import { ipv6Bytes, ipv6Words, parseIpv6, printIpv4, printIpv6 } from '../../wire/address.ts';
import { parseAton } from '../../xtables/address.ts';
import type { Names } from '../../xtables/names.ts';
import { number, syntax } from './problem.ts';

export type AddressValue = Extract<PartValue, { kind: 'address' }>;

/** Which texts stand for addresses: only one, also a network, or also a range. */
export type AddressForm = 'plain' | 'network' | 'range';

/** Where the first separator stands; -1 also if the text begins or ends with one. */
export function separator(text: string, mark: string): number {
  const at = text.indexOf(mark);
  return at === 0 || text.endsWith(mark) ? -1 : at;
}

/** One address or name of a host, brackets around it or not. @throws {IpsetProblem} */
export function parseAddress(text: string, family: Family, names: Names): readonly number[] {
  const plain = text.replace(/^\[(.*)\]$/, '$1');
  if (family === 4) {
    const words = /x/i.test(plain) ? undefined : parseAton(plain);
    if (words) return words.map((word) => word | 0);
  } else {
    const bytes = parseIpv6(plain);
    if (bytes) return [...ipv6Words(bytes)];
  }
  const known = names.hostAddresses(plain, family)[0];
  if (known) return known.map((word) => word | 0);
  throw syntax(`cannot parse ${text}: resolving to IPv${family} address failed`);
}

/** An address, a network `a/n` or a range `a-b`. @throws {IpsetProblem} */
export function parseAddresses(text: string, family: Family, form: AddressForm, names: Names): AddressValue {
  const most = family === 4 ? 32 : 128;
  const kind = 'address';
  const slash = separator(text, '/');
  if (slash >= 0) {
    const word = text.slice(slash + 1);
    if (form === 'plain' && word !== String(most)) throw plainOnly(text);
    number(word, 0, 255);
    const length = number(word, 0, most);
    return { kind, from: parseAddress(text.slice(0, slash), family, names), to: undefined, length };
  }
  const dash = dashOf(text);
  if (dash < 0) return { kind, from: parseAddress(text, family, names), to: undefined, length: undefined };
  if (form === 'plain') throw plainOnly(text);
  if (form === 'network') throw syntax(`IP address or IP/cidr must be specified: ${text}`);
  const from = parseAddress(text.slice(0, dash), family, names);
  return { kind, from, to: parseAddress(text.slice(dash + 1), family, names), length: undefined };
}

/** A name in brackets may have dashes. */
function dashOf(text: string): number {
  const closing = text.startsWith('[') ? text.indexOf(']') : 0;
  const at = separator(text.slice(closing), '-');
  return at < 0 ? at : at + closing;
}

function plainOnly(text: string) {
  return syntax(`plain IP address must be supplied: ${text}`);
}

/** How an address of a set is written. */
export function addressText(words: readonly number[], at = 0, wide = words.length): string {
  return wide === 1 ? printIpv4(words[at]!) : printIpv6(ipv6Bytes(words.slice(at, at + 4)));
}

/** The family that the addresses of a set are read as. */
export function familyOf({ settings }: HashSet | BitmapSet): Family {
  return settings.family === 6 ? 6 : 4;
}
