import type { SetSettings } from '../../ipset/settings.ts';
import type { SetType } from '../../ipset/types.ts';
import type { Family } from '../../netfilter/constants.ts';
import type { Names } from '../../xtables/names.ts';
import { parseAddress, parseAddresses, separator } from './addresses.ts';
import { readOptions } from './options.ts';
import { parseBitmapPort } from './ports.ts';
import { IpsetProblem, misuse, number, refused, syntax } from './problem.ts';
import type { Given } from './words.ts';

const MOST_TIMEOUT = 2147483;
const MOST_BITMAP = 65536;
const MOST_BUCKET = 12;
const MOST_WORD = 0xffffffff;
const FLAGS = ['counters', 'comment', 'skbinfo', 'forceadd'];

/**
 * Reads what `create` was given behind the type; `check` then says what the kernel refuses. @throws {IpsetProblem}
 */
export function parseSettings(
  type: SetType,
  words: readonly string[],
  names: Names,
  warn: (text: string) => void,
): SetSettings {
  const families = type.options.includes('family') ? ['-4', '-6'] : [];
  const given = readOptions(words, {
    known: type.options.filter((option) => !FLAGS.includes(option)),
    flags: [...type.options.filter((option) => FLAGS.includes(option)), ...families],
    ignored: type.ignored,
    warn,
  });
  const value = (key: string, minimum: number, maximum: number, or: number): number => {
    const text = given.get(key);
    return text === undefined ? or : number(text, minimum, maximum);
  };
  const asked = askedFamily(given);
  const isHash = type.method === 'hash';
  const isPort = type.parts[0] === 'port';
  const family = isHash && type.name !== 'hash:mac' ? asked : type.method === 'bitmap' && !isPort ? 4 : 0;
  const netmask = netmaskOf(given, asked);
  const [first, last] = type.method === 'bitmap' ? rangeOf(given, isPort, names) : [0, 0];
  return {
    family,
    timeout: given.has('timeout') ? value('timeout', 0, MOST_TIMEOUT, 0) : undefined,
    counters: given.has('counters'),
    comment: given.has('comment'),
    skbinfo: given.has('skbinfo'),
    forceadd: given.has('forceadd'),
    hashsize: value('hashsize', 0, MOST_WORD, 1024),
    maxelem: value('maxelem', 0, MOST_WORD, 65536),
    bucketsize: value('bucketsize', 0, 255, MOST_BUCKET),
    initval: value('initval', 0, MOST_WORD, -1),
    netmask,
    bitmask: bitmaskOf(given, asked, names),
    markmask: value('markmask', 0, MOST_WORD, MOST_WORD),
    first,
    last,
    size: value('size', 0, MOST_WORD, 8),
  };
}

function askedFamily(given: Given): Family {
  const word = given.get('family');
  if (word !== undefined && word !== 'inet' && word !== 'inet6') throw syntax(`unknown inet family ${word}`);
  const said = [word !== undefined, given.has('-4'), given.has('-6')].filter(Boolean).length;
  if (said > 1) throw syntax(`${given.has('-4') ? '-4' : '-6'} already specified`);
  return word === 'inet6' || given.has('-6') ? 6 : 4;
}

function netmaskOf(given: Given, family: Family): number | undefined {
  const text = given.get('netmask');
  if (text === undefined) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (given.has('bitmask')) throw syntax('bitmask and netmask are mutually exclusive, provide only one');
  try {
    const length = number(text, 1, bits);
    return length === bits ? undefined : length;
  } catch (error) {
    const first = error instanceof Error ? error.message : '';
    throw new IpsetProblem(`${first}\nSyntax error: netmask is out of the inclusive range of 1-${bits}`);
  }
}

function bitmaskOf(given: Given, family: Family, names: Names): readonly number[] | undefined {
  const text = given.get('bitmask');
  if (text === undefined) return undefined;
  try {
    const words = parseAddress(text, family, names);
    return words.every((word) => word === -1) ? undefined : words;
  } catch (error) {
    const first = error instanceof Error ? error.message : '';
    const name = family === 4 ? 'inet' : 'inet6';
    throw new IpsetProblem(`${first}\nSyntax error: bitmask is not valid for family = ${name}`);
  }
}

function rangeOf(given: Given, isPort: boolean, names: Names): readonly [number, number] {
  const range = given.get('range') ?? given.get('network');
  const from = given.get('from');
  const to = given.get('to');
  if (from !== undefined && range === undefined) {
    const read = isPort
      ? (text: string) => parseBitmapPort(text, 6, names).from
      : (text: string) => parseAddresses(text, 4, 'plain', names).from[0]! >>> 0;
    const first = read(from);
    if (to === undefined) throw misuse("Mandatory option `to' is missing");
    return inOrder(first, read(to));
  }
  if (range === undefined) throw misuse("Mandatory option `range' is missing");
  if (isPort) return portRange(range, names);
  const slash = separator(range, '/');
  const isWhole = slash >= 0 || (separator(range, '-') >= 0 && !given.has('network'));
  if (!isWhole)
    throw syntax(
      given.has('network')
        ? `IP/netblock must be supplied: ${range}`
        : `IP/cidr or IP-IP range must be specified: ${range}`,
    );
  const { from: start, to: end, length } = parseAddresses(range, 4, 'range', names);
  if (end) return inOrder(start[0]! >>> 0, end[0]! >>> 0);
  if (length === 32) throw refused('CIDR');
  const size = 2 ** (32 - length!);
  const first = start[0]! >>> 0;
  return [first - (first % size), first - (first % size) + size - 1];
}

function portRange(range: string, names: Names): readonly [number, number] {
  const colon = separator(range, ':');
  const protocol = colon < 0 ? 6 : names.protocolNumber(range.slice(0, colon));
  const { from, to } = parseBitmapPort(colon < 0 ? range : range.slice(colon + 1), protocol ?? 0, names);
  if (to === undefined) throw misuse("Mandatory option `to' is missing");
  return inOrder(from, to);
}

function inOrder(one: number, other: number): readonly [number, number] {
  return one <= other ? [one, other] : [other, one];
}

/**
 * What the kernel makes of the settings; `seed` is its random number. @throws {IpsetProblem} what it refuses
 * (hash_create of ip_set_hash_gen.h, bitmap_ip_create)
 */
export function settle(type: SetType, settings: SetSettings, seed: number): SetSettings {
  const initval = settings.initval < 0 ? seed : settings.initval;
  const size = Math.max(4, settings.size);
  if (type.method === 'bitmap') return { ...settings, ...bitmapRange(settings), initval, size };
  if (settings.bitmask?.every((word) => word === 0))
    throw new IpsetProblem('The value of the netmask parameter is invalid');
  if (type.method === 'hash' && settings.hashsize > 2 ** 31)
    throw new IpsetProblem('Kernel error received: Cannot allocate memory');
  return {
    ...settings,
    initval,
    size,
    hashsize: 2 ** Math.ceil(Math.log2(Math.max(64, settings.hashsize))),
    bucketsize: Math.min(MOST_BUCKET, Math.max(2, settings.bucketsize + (settings.bucketsize % 2))),
  };
}

function bitmapRange({ first, last, netmask }: SetSettings): { first: number; last: number } {
  const tooLarge = 'The range you specified exceeds the size limit of the set type';
  if (netmask === undefined) {
    if (last - first >= MOST_BITMAP) throw new IpsetProblem(tooLarge);
    return { first, last };
  }
  const step = 2 ** (32 - netmask);
  const start = first - (first % step);
  const end = last - (last % step) + step - 1;
  // The shortest common prefix that begins where the range does.
  let bits = 31;
  while (bits > 0 && end - (end % 2 ** (32 - bits)) !== start) bits--;
  if ((bits === 0 && (start !== 0 || end !== MOST_WORD)) || netmask <= bits) throw refused('RANGE');
  if (2 ** (netmask - bits) > MOST_BITMAP) throw new IpsetProblem(tooLarge);
  return { first: start, last: end };
}

/** Whether a set that is there is what `create` would make, as far as the kernel asks. */
export function isSame(one: SetSettings, other: SetSettings): boolean {
  const keys = ['timeout', 'counters', 'comment', 'skbinfo', 'maxelem', 'netmask', 'markmask'] as const;
  const range = ['first', 'last', 'size'] as const;
  return (
    [...keys, ...range].every((key) => one[key] === other[key]) && `${one.bitmask}` === `${other.bitmask}`
  );
}
