import type { Family } from '../netfilter/constants.ts';

/** What one part of an element is. */
export type Part = 'ip' | 'net' | 'port' | 'mac' | 'iface' | 'mark';

/** A set type: which parts its elements have, and which settings `create` takes. */
export interface SetType {
  readonly name: string;
  /** Other names that `create` takes: those of ipset 4 and 5. */
  readonly aliases: readonly string[];
  /** The newest revision of Linux 6.18 that ipset 7.17 speaks. */
  readonly revision: number;
  readonly method: 'bitmap' | 'hash' | 'list';
  readonly parts: readonly Part[];
  readonly options: readonly string[];
  /** Options of older versions that `create` reads over. */
  readonly ignored: readonly string[];
  /** What an element is refused with whose address, or all, or all behind its address is zero. */
  readonly zero:
    | { readonly error: 'NULL' | 'INVALID'; readonly where: 'address' | 'all' | 'rest' }
    | undefined;
  /** Networks may be of length 0. */
  readonly takesWhole: boolean;
}

/** Whether an element is one that its type refuses for being zero. */
export function isZero({ zero }: SetType, family: 0 | Family, words: readonly number[]): boolean {
  if (!zero) return false;
  const wide = family === 6 ? 4 : 1;
  const end = zero.where === 'address' ? wide : words.length;
  for (let i = zero.where === 'rest' ? wide : 0; i < end; i++) if (words[i] !== 0) return false;
  return true;
}

const EXTRAS = ['timeout', 'counters', 'comment', 'skbinfo'];
const HASH = ['family', 'hashsize', 'maxelem', 'bucketsize', 'initval', 'forceadd', ...EXTRAS];

const ZERO: Readonly<Record<string, SetType['zero']>> = {
  'hash:ip': { error: 'NULL', where: 'address' },
  'hash:ip,port': { error: 'INVALID', where: 'address' },
  'hash:ip,mark': { error: 'NULL', where: 'all' },
  'hash:mac': { error: 'NULL', where: 'all' },
  'hash:ip,mac': { error: 'NULL', where: 'rest' },
};
const IGNORED: Readonly<Record<string, readonly string[]>> = {
  'hash:ip': ['probes', 'resize', 'gc'],
  'hash:net': ['probes', 'resize'],
  'hash:ip,port': ['probes', 'resize'],
  'hash:ip,port,ip': ['probes', 'resize'],
  'hash:ip,port,net': ['probes', 'resize'],
};
const WHOLE = ['hash:net,iface', 'hash:net,net', 'hash:net,port,net'];

function hash(
  parts: readonly Part[],
  revision: number,
  aliases: readonly string[],
  ...more: string[]
): SetType {
  const name = `hash:${parts.join(',')}`;
  return {
    name,
    aliases,
    revision,
    method: 'hash',
    parts,
    options: [...HASH, ...more].filter((option) => option !== 'family' || name !== 'hash:mac'),
    ignored: IGNORED[name] ?? [],
    zero: ZERO[name],
    takesWhole: WHOLE.includes(name),
  };
}

function bitmap(parts: readonly Part[], aliases: readonly string[], ...more: string[]): SetType {
  const options = ['range', 'from', 'to', ...EXTRAS, ...more];
  const name = `bitmap:${parts.join(',')}`;
  const method = 'bitmap';
  return {
    name,
    aliases,
    revision: 3,
    method,
    parts,
    options,
    ignored: [],
    zero: undefined,
    takesWhole: true,
  };
}

/** All types, in no particular order. */
export const SET_TYPES: readonly SetType[] = [
  bitmap(['ip'], ['ipmap'], 'network', 'netmask'),
  bitmap(['ip', 'mac'], ['macipmap'], 'network'),
  bitmap(['port'], ['portmap']),
  hash(['ip'], 6, ['iphash', 'iptree', 'iptreemap'], 'netmask', 'bitmask'),
  hash(['mac'], 1, []),
  hash(['ip', 'mac'], 1, []),
  hash(['net'], 7, ['nethash']),
  hash(['net', 'net'], 4, [], 'netmask', 'bitmask'),
  hash(['ip', 'port'], 7, ['ipporthash'], 'netmask', 'bitmask'),
  hash(['net', 'port'], 8, ['netporthash']),
  hash(['ip', 'port', 'ip'], 6, ['ipportiphash']),
  hash(['ip', 'port', 'net'], 8, ['ipportnethash']),
  hash(['net', 'port', 'net'], 3, ['netportnethash']),
  hash(['net', 'iface'], 8, ['netifacehash']),
  hash(['ip', 'mark'], 3, [], 'markmask'),
  {
    name: 'list:set',
    aliases: ['setlist'],
    revision: 3,
    method: 'list',
    parts: [],
    options: ['size', ...EXTRAS],
    ignored: [],
    zero: undefined,
    takesWhole: true,
  },
];

/** What two sets must have in common to change places: the features of their elements (ip_set_swap). */
export function featuresOf({ parts, method }: SetType): string {
  if (method === 'list') return 'name';
  const kinds = parts.map((part) => (part === 'net' ? 'ip' : part)).sort();
  return parts.includes('net') ? `${kinds},nomatch` : `${kinds}`;
}

/** The type of a name or alias. */
export function setType(name: string): SetType | undefined {
  return SET_TYPES.find((type) => type.name === name || type.aliases.includes(name));
}
