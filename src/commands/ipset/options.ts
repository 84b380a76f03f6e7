import { type Extras, type IpSet, narrow, type SetSettings } from '../../ipset/set.ts';
import type { SetType } from '../../ipset/types.ts';
import { ipv6Words, parseIpv4, parseIpv6 } from '../../wire/address.ts';
import type { Names } from '../../xtables/names.ts';
import { IpsetProblem, misuse, number, refused, syntax } from './problem.ts';

const MOST_TIMEOUT = 2147483;
const MOST_BITMAP = 65536;
const FLAGS = ['counters', 'comment', 'skbinfo', 'forceadd'];

/** `name value` pairs behind the mandatory words. */
function pairs(
  words: readonly string[],
  known: readonly string[],
  flags: readonly string[],
): Map<string, string> {
  const all = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!.replace(/^--/, '');
    if (!known.includes(word)) throw misuse(`Unknown argument: \`${words[i]}'`);
    const isFlag = flags.includes(word);
    if (all.has(word) && !isFlag) throw syntax(`${word} already specified`);
    if (isFlag) {
      all.set(word, '');
      continue;
    }
    const value = words[++i];
    if (value === undefined) throw misuse(`Missing mandatory argument of option \`${word}'`);
    all.set(word, value);
  }
  return all;
}

/** Reads what `create` was given behind the type. @throws {IpsetProblem} */
export function parseSettings(type: SetType, words: readonly string[], names: Names): SetSettings {
  const given = pairs(words, type.options, FLAGS);
  const value = (key: string, minimum: number, maximum: number, or: number): number => {
    const text = given.get(key);
    return text === undefined ? or : number(text, minimum, maximum);
  };
  const word = given.get('family');
  if (word !== undefined && word !== 'inet' && word !== 'inet6' && word !== '-4' && word !== '-6')
    throw syntax(`unknown INET family ${word}`);
  const hashed = type.method === 'hash' && type.name !== 'hash:mac';
  const isPort = type.parts[0] === 'port';
  const six = word === 'inet6' || word === '-6';
  const family = hashed ? (six ? 6 : 4) : type.method === 'bitmap' && !isPort ? 4 : 0;
  const timeout = given.has('timeout') ? value('timeout', 0, MOST_TIMEOUT, 0) : undefined;
  let first = 0;
  let last = 0;
  const range = given.get('range');
  const bits = six ? 128 : 32;
  let netmask: number | undefined;
  if (given.has('netmask')) {
    try {
      netmask = value('netmask', 1, bits, 0);
    } catch (error) {
      const text = error instanceof Error ? error.message : '';
      throw new IpsetProblem(`${text}\nSyntax error: netmask is out of the inclusive range of 1-${bits}`);
    }
    if (given.has('bitmask')) throw syntax('bitmask and netmask are mutually exclusive, provide only one');
    if (netmask === bits) netmask = undefined;
  }
  if (type.method === 'bitmap') {
    if (range === undefined) throw misuse("Mandatory option `range' is missing");
    [first, last] = isPort ? portRange(range, names) : addressRange(range);
    if (netmask !== undefined) {
      const size = 2 ** (32 - netmask);
      if (last - first + 1 < size) throw refused('RANGE');
      if ((last - first + 1) / size > MOST_BITMAP)
        throw new IpsetProblem('The range you specified exceeds the size limit of the set type');
    } else if (last - first >= MOST_BITMAP)
      throw new IpsetProblem('The range you specified exceeds the size limit of the set type');
  }
  return {
    family,
    timeout,
    counters: given.has('counters'),
    comment: given.has('comment'),
    skbinfo: given.has('skbinfo'),
    forceadd: given.has('forceadd'),
    hashsize: 2 ** Math.ceil(Math.log2(Math.max(64, value('hashsize', 0, 0xffffffff, 1024)))),
    maxelem: value('maxelem', 0, 0xffffffff, 65536),
    bucketsize: Math.min(12, value('bucketsize', 0, 255, 12)) & ~1,
    initval: value('initval', 0, 0xffffffff, 0),
    netmask,
    bitmask: given.has('bitmask') ? bitmask(given.get('bitmask')!, six) : undefined,
    markmask: value('markmask', 0, 0xffffffff, 0xffffffff),
    first,
    last,
    size: Math.max(4, value('size', 0, 0xffffffff, 8)),
  };
}

function bitmask(text: string, six: boolean): readonly number[] {
  const four = six ? undefined : parseIpv4(text);
  if (four !== undefined) return [four];
  const words = six ? parseIpv6(text) : undefined;
  if (!words) throw syntax(`cannot parse ${text}: resolving to IPv${six ? 6 : 4} address failed`);
  return [...ipv6Words(words)];
}

function addressRange(text: string): [number, number] {
  const slash = text.split('/');
  const dash = text.split('-');
  if (slash.length === 2) {
    const words = [parseIpv4(slash[0]!) ?? Number.NaN];
    if (Number.isNaN(words[0])) throw syntax(`cannot parse ${slash[0]}: resolving to IPv4 address failed`);
    const length = number(slash[1]!, 0, 32);
    narrow(words, 0, 1, length);
    return [words[0]! >>> 0, (words[0]! >>> 0) + 2 ** (32 - length) - 1];
  }
  if (dash.length !== 2) throw syntax(`IP/cidr or IP-IP range must be specified: ${text}`);
  const [from, to] = dash.map((one) => {
    const address = parseIpv4(one);
    if (address === undefined) throw syntax(`cannot parse ${one}: resolving to IPv4 address failed`);
    return address >>> 0;
  }) as [number, number];
  return from <= to ? [from, to] : [to, from];
}

function portRange(text: string, names: Names): [number, number] {
  const [from, to] = text.split('-').map((one) => names.servicePort(one, 'tcp') ?? number(one, 0, 65535));
  if (from === undefined || to === undefined) throw syntax(`cannot parse ${text} as a port range`);
  return from <= to ? [from, to] : [to, from];
}

/** Reads what stands behind an element. @throws {IpsetProblem} */
export function parseExtras(
  set: IpSet,
  words: readonly string[],
  command: string,
): Extras & { before?: string; after?: string } {
  const list = set.type.method === 'list';
  const nets = set.type.parts.includes('net');
  const extras = ['timeout', 'packets', 'bytes', 'comment', 'skbmark', 'skbprio', 'skbqueue'];
  const known = [
    ...(command === 'add' ? extras : []),
    ...(nets && command !== 'del' ? ['nomatch'] : []),
    ...(list ? ['before', 'after'] : []),
    ...(set.type.parts.includes('iface') && command === 'add' ? ['wildcard'] : []),
  ];
  const given = pairs(words, known, ['nomatch', 'wildcard']);
  const { settings } = set;
  const count = (key: string): number | undefined => {
    const text = given.get(key);
    return text === undefined ? undefined : number(text, 0, 2 ** 64, '18446744073709551614');
  };
  const timeout = given.has('timeout') ? number(given.get('timeout')!, 0, MOST_TIMEOUT) : undefined;
  const packets = count('packets');
  const bytes = count('bytes');
  const comment = given.get('comment');
  if (comment?.includes('"')) throw syntax('" character is not permitted in comments');
  const [mark, mask] = given.has('skbmark') ? markOf(given.get('skbmark')!) : [undefined, undefined];
  const prio = given.has('skbprio') ? prioOf(given.get('skbprio')!) : undefined;
  const queue = given.has('skbqueue') ? number(given.get('skbqueue')!, 0, 65535) : undefined;
  if (timeout !== undefined && settings.timeout === undefined)
    throw new IpsetProblem('Timeout cannot be used: set was created without timeout support');
  if ((packets !== undefined || bytes !== undefined) && !settings.counters)
    throw new IpsetProblem('Packet/byte counters cannot be used: set was created without counter support');
  if (comment !== undefined && !settings.comment)
    throw new IpsetProblem('Comment cannot be used: set was created without comment support');
  if ((mark ?? prio ?? queue) !== undefined && !settings.skbinfo)
    throw new IpsetProblem('Skbinfo mapping cannot be used: set was created without skbinfo support');
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(packets === undefined ? {} : { packets }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(comment === undefined ? {} : { comment }),
    ...(mark === undefined ? {} : { skbmark: mark, skbmask: mask }),
    ...(prio === undefined ? {} : { skbprio: prio }),
    ...(queue === undefined ? {} : { skbqueue: queue }),
    ...(given.has('nomatch') ? { nomatch: true } : {}),
    ...(given.has('before') ? { before: given.get('before')! } : {}),
    ...(given.has('after') ? { after: given.get('after')! } : {}),
  };
}

function markOf(text: string): readonly [number, number] {
  // The tool reads hexadecimal numbers with 0x only; what is too large is the largest.
  const match = /^0x([0-9a-f]+)(?:\/0x([0-9a-f]+))?$/i.exec(text);
  if (!match) throw syntax('Invalid skbmark format, it should be:  MARK/MASK or MARK (see manpage)');
  const word = (digits: string) => Math.min(0xffffffff, Number.parseInt(digits, 16));
  return [word(match[1]!), match[2] === undefined ? 0xffffffff : word(match[2])];
}

function prioOf(text: string): number {
  const match = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(text);
  if (!match) throw syntax('Invalid skbprio format, it should be:MAJOR:MINOR (see manpage)');
  return (Number.parseInt(match[1]!, 16) * 65536 + Number.parseInt(match[2]!, 16)) >>> 0;
}
