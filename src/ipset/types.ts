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
}

const EXTRAS = ['timeout', 'counters', 'comment', 'skbinfo'];
const HASH = ['family', 'hashsize', 'maxelem', 'bucketsize', 'initval', 'forceadd', ...EXTRAS];

function hash(
  parts: readonly Part[],
  revision: number,
  aliases: readonly string[],
  ...more: string[]
): SetType {
  return {
    name: `hash:${parts.join(',')}`,
    aliases,
    revision,
    method: 'hash',
    parts,
    options: [...HASH, ...more],
  };
}

function bitmap(parts: readonly Part[], aliases: readonly string[], ...more: string[]): SetType {
  const options = ['range', ...EXTRAS, ...more];
  return { name: `bitmap:${parts.join(',')}`, aliases, revision: 3, method: 'bitmap', parts, options };
}

/** All types, in no particular order. */
export const SET_TYPES: readonly SetType[] = [
  bitmap(['ip'], ['ipmap'], 'netmask'),
  bitmap(['ip', 'mac'], ['macipmap']),
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
  },
];

/** The type of a name or alias. */
export function setType(name: string): SetType | undefined {
  return SET_TYPES.find((type) => type.name === name || type.aliases.includes(name));
}
