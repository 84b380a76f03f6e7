import { mask } from '../../ipset/packet.ts';
import { type Entry, type IpSet, type Key, narrow } from '../../ipset/set.ts';
import type { Family } from '../../netfilter/constants.ts';
import {
  ipv6Bytes,
  ipv6Words,
  parseIpv4,
  parseIpv6,
  parseMac,
  printIpv4,
  printIpv6,
  printMac,
} from '../../wire/address.ts';
import type { Names } from '../../xtables/names.ts';
import { ICMP4_CODES, ICMP6_CODES } from './icmp-names.ts';
import { IpsetProblem, number, refused, syntax } from './problem.ts';

const PORT_PROTOCOLS = [6, 17, 132, 136];
/** More elements than this are not made from one command. */
const MOST = 1 << 20;

interface Addresses {
  readonly from: readonly number[];
  readonly to: readonly number[] | undefined;
  readonly length: number | undefined;
}

/** What an element's text stands for. */
export interface Parsed {
  readonly keys: readonly Key[];
  /** How the tool names the element: the text with what it fills in. */
  readonly text: string;
}

function addressWords(text: string, family: Family): readonly number[] | undefined {
  if (family === 4) {
    const address = parseIpv4(text);
    return address === undefined ? undefined : [address];
  }
  const address = parseIpv6(text.replace(/^\[(.*)\]$/, '$1'));
  return address && [...ipv6Words(address)];
}

function one(text: string, family: Family): readonly number[] {
  const words = addressWords(text, family);
  if (words) return words;
  throw syntax(`cannot parse ${text}: resolving to IPv${family} address failed`);
}

function addresses(text: string, family: Family): Addresses {
  const most = family === 4 ? 32 : 128;
  const slash = text.indexOf('/');
  if (slash >= 0) {
    const length = number(text.slice(slash + 1), 0, most);
    return { from: one(text.slice(0, slash), family), to: undefined, length };
  }
  const dash = text.indexOf('-');
  if (dash < 0) return { from: one(text, family), to: undefined, length: undefined };
  const from = one(text.slice(0, dash), family);
  const to = one(text.slice(dash + 1), family);
  return { from, to, length: undefined };
}

/** The networks between two IPv4 addresses, the largest first that fit (ip_set_range_to_cidr). */
function networks(from: number, to: number): readonly (readonly [number, number])[] {
  const all: (readonly [number, number])[] = [];
  let at = from;
  while (at <= to && all.length < MOST) {
    let length = 32;
    while (length > 1) {
      const size = 2 ** (32 - (length - 1));
      if (at % size !== 0 || at + size - 1 > to) break;
      length--;
    }
    all.push([at | 0, length]);
    at += 2 ** (32 - length);
  }
  return all;
}

function addressChoices(
  text: string,
  set: IpSet,
  isNet: boolean,
  test: boolean,
): readonly (readonly number[])[] {
  const family: Family = set.settings.family === 6 ? 6 : 4;
  const given = addresses(text, family);
  const { bits } = set;
  const count = family === 4 ? 1 : 4;
  if (given.to && (family === 6 || test || (!isNet && set.type.parts.includes('mac')))) {
    if (test && family === 4) throw notInTest('FROM-TO IP range', set);
    throw syntax(`plain IP address must be supplied: ${text}`);
  }
  const ordered = given.to
    ? [given.from[0]! >>> 0, given.to[0]! >>> 0].sort((a, b) => a - b)
    : [given.from[0]! >>> 0, given.from[0]! >>> 0];
  if (isNet) {
    if (given.length === 0 && !set.type.parts.includes('iface')) throw refused('CIDR');
    if (given.to) return networks(ordered[0]!, ordered[1]!);
    const words = [...given.from];
    const length = given.length ?? bits;
    narrow(words, 0, count, length);
    mask(set, words, 0, count);
    return [[...words, length]];
  }
  if (given.length !== undefined && given.length !== bits) {
    if (family === 6) throw syntax(`plain IP address must be supplied: ${text}`);
    if (test) throw notInTest('IP/CIDR range', set);
    if (given.length === 0) throw refused('CIDR');
    const size = 2 ** (32 - given.length);
    ordered[0] = ordered[0]! - (ordered[0]! % size);
    ordered[1] = ordered[0] + size - 1;
  }
  if (count === 4) {
    const words = [...given.from];
    mask(set, words, 0, 4);
    return [words];
  }
  const { netmask } = set.settings;
  const step = netmask === undefined ? 1 : 2 ** (32 - netmask);
  const [first, last] = ordered as [number, number];
  if (set.type.method === 'bitmap' && (first < set.settings.first || last > set.settings.last))
    throw refused('RANGE');
  if ((last - first) / step >= MOST)
    throw new IpsetProblem('The range you specified exceeds the size limit of the set type');
  const all: (readonly number[])[] = [];
  for (let at = first - (first % step); at <= last; at += step) {
    const words = [at | 0];
    mask(set, words, 0, 1);
    if (set.type.method === 'hash' && set.type.parts.length === 1 && words[0] === 0)
      throw new IpsetProblem('Null-valued element, cannot be stored in a hash type of set');
    all.push(words);
  }
  return all;
}

function notInTest(what: string, { settings, type }: IpSet): IpsetProblem {
  const family = { 0: 'unspec', 4: 'inet', 6: 'inet6' }[
    type.method === 'bitmap' && type.parts[0] === 'port' ? 0 : settings.family || 4
  ];
  return new IpsetProblem(
    `${what} is not allowed in command test with set type ${type.name} and family ${family}`,
  );
}

function portNumber(text: string, protocol: string, names: Names): number {
  const known = names.servicePort(text, protocol);
  if (known !== undefined) return known;
  try {
    return number(text, 0, 65535);
  } catch (error) {
    const first = error instanceof Error ? error.message : '';
    throw new IpsetProblem(
      `${first}\nSyntax error: '${protocol}' is invalid as number\ncannot parse '${text}' as a ${protocol} port`,
    );
  }
}

function portChoices(text: string, set: IpSet, names: Names, test: boolean): readonly number[] {
  const colon = text.indexOf(':');
  const word = colon < 0 ? 'tcp' : text.slice(0, colon);
  const rest = text.slice(colon + 1);
  const bitmap = set.type.method === 'bitmap';
  const protocol =
    (word === 'icmpv6' ? 58 : names.protocolNumber(word)) ?? (/^\d+$/.test(word) ? Number(word) : undefined);
  if (protocol === undefined || protocol > 255 || protocol === 0)
    throw syntax(`cannot parse '${word}' as a protocol`);
  const name = names.protocolName(protocol) ?? word;
  const missing = '\nInvalid add command: missing setname';
  if (protocol === 1 || protocol === 58) {
    if (protocol === 1 && set.settings.family === 6)
      throw syntax(`Protocol ICMP can be used with family inet only${missing}`);
    if (protocol === 58 && set.settings.family !== 6)
      throw syntax(`Protocol ICMPv6 can be used with family inet6 only${missing}`);
    const table = protocol === 1 ? ICMP4_CODES : ICMP6_CODES;
    const known = table.find(([known]) => known === rest);
    if (known) return [(protocol << 16) | (known[1] << 8) | known[2]];
    const [type, code = '0'] = rest.split('/');
    return [(protocol << 16) | (number(type ?? '', 0, 255) << 8) | number(code, 0, 255)];
  }
  if (!PORT_PROTOCOLS.includes(protocol)) {
    if (rest !== '0') throw syntax(`Protocol ${word} can be used with pseudo port value 0 only.`);
    return [protocol << 16];
  }
  const dash = rest.indexOf('-', 1);
  let from = portNumber(dash < 0 ? rest : rest.slice(0, dash), name, names);
  let to = dash < 0 ? from : portNumber(rest.slice(dash + 1), name, names);
  if (dash >= 0 && test) throw notInTest('FROM-TO port range', set);
  if (from > to) [from, to] = [to, from];
  if (bitmap && (from < set.settings.first || to > set.settings.last)) throw refused('RANGE');
  const all: number[] = [];
  for (let port = from; port <= to; port++) all.push((bitmap ? 0 : protocol << 16) | port | 0);
  return all;
}

function macWords(text: string): readonly [number, number] {
  const mac = parseMac(
    text
      .split(':')
      .map((part) => part.padStart(2, '0'))
      .join(':'),
  );
  if (!mac) throw syntax(`cannot parse '${text}' as ethernet address`);
  const low = (mac[2]! << 24) | (mac[3]! << 16) | (mac[4]! << 8) | mac[5]!;
  return [(mac[0]! << 8) | mac[1]!, low];
}

/** How the tool names an element it was asked about: addresses as they were typed, ports with their protocol. */
function shownText(words: readonly string[], key: Key, set: IpSet, names: Names): string {
  const wide = set.settings.family === 6 ? 4 : 1;
  let at = 0;
  const texts = words.map((word, index) => {
    const part = set.type.parts[index];
    const from = at;
    at += part === 'ip' ? wide : part === 'net' ? wide + 1 : part === 'mac' ? 2 : 1;
    if (part === 'port') return portText(key.words[from]!, set, names);
    return part === 'iface' ? key.iface : word;
  });
  return texts.join(',');
}

const ORDINALS = ['', '', 'Second', 'Third'];

/** Reads an element of `add`, `del` and `test`. @throws {IpsetProblem} */
export function parseElement(text: string, set: IpSet, names: Names, command: string): Parsed {
  const { parts, name, method } = set.type;
  const test = command === 'test';
  const words = text.split(',');
  const optionalMac = method === 'bitmap' && parts.length === 2;
  if (words.length > parts.length) {
    if (parts.length === 1) throw syntax(`Elem separator in ${text}, but settype ${name} supports none.`);
    if (parts.length === 2) throw syntax(`Two elem separators in ${text}, but settype ${name} supports one.`);
    throw syntax(`Three elem separators in ${text}, but settype ${name} supports two.`);
  }
  let keys: Key[] = [{ words: [], iface: '', physdev: false, wildcard: false, mac: undefined }];
  const cross = (choices: readonly (readonly number[])[]) => {
    keys = keys.flatMap((key) => choices.map((more) => ({ ...key, words: [...key.words, ...more] })));
  };
  for (const [index, part] of parts.entries()) {
    const word = words[index];
    if (word === undefined) {
      if (optionalMac) break;
      throw syntax(`${ORDINALS[index + 1]} element is missing from ${text}.`);
    }
    if (part === 'ip' || part === 'net') cross(addressChoices(word, set, part === 'net', test));
    else if (part === 'port') cross(portChoices(word, set, names, test).map((port) => [port]));
    else if (part === 'mark') cross([[(number(word, 0, 0xffffffff) & set.settings.markmask) | 0]]);
    else if (part === 'mac') {
      const mac = macWords(word);
      if (method === 'bitmap') keys = keys.map((key) => ({ ...key, mac }));
      else cross([mac]);
    } else {
      const physdev = word.startsWith('physdev:');
      const iface = physdev ? word.slice(8) : word;
      if (iface.length > 15) throw syntax(`interface name '${iface}' is longer than 15 characters`);
      cross([[physdev ? 1 : 0]]);
      keys = keys.map((key) => ({ ...key, iface, physdev }));
    }
  }
  return { keys, text: shownText(words, keys[0]!, set, names) };
}

function address(words: readonly number[], at: number, count: number): string {
  return count === 1 ? printIpv4(words[at]!) : printIpv6(ipv6Bytes(words.slice(at, at + 4)));
}

function portText(value: number, set: IpSet, names: Names): string {
  if (set.type.method === 'bitmap') return String(value);
  const protocol = value >>> 16;
  const port = value & 0xffff;
  const name = names.protocolName(protocol) ?? String(protocol);
  if (protocol !== 1 && protocol !== 58) return `${name}:${port}`;
  const table = protocol === 1 ? ICMP4_CODES : ICMP6_CODES;
  const known = table.find(([, type, code]) => type === port >> 8 && code === (port & 255));
  return `${name}:${known ? known[0] : `${port >> 8}/${port & 255}`}`;
}

/** An element as `save` writes it. */
export function printKey(key: Key | Entry, set: IpSet, names: Names, asTested = false): string {
  const { words } = key;
  const count = set.settings.family === 6 ? 4 : 1;
  const texts: string[] = [];
  let at = 0;
  for (const part of set.type.parts) {
    if (part === 'ip' || part === 'net') {
      let text = address(words, at, count);
      at += count;
      if (part === 'net') {
        const length = words[at++]!;
        if (length !== set.bits || (length === 0 && asTested)) text += `/${length}`;
      }
      texts.push(text);
    } else if (part === 'port') texts.push(portText(words[at++]!, set, names));
    else if (part === 'mark') texts.push(`0x${(words[at++]! >>> 0).toString(16).padStart(8, '0')}`);
    else if (part === 'mac') {
      const mac = set.type.method === 'bitmap' ? key.mac : ([words[at]!, words[at + 1]!] as const);
      at += 2;
      if (!mac) continue;
      const [high, low] = mac;
      texts.push(printMac(Uint8Array.of(high >> 8, high, low >> 24, low >> 16, low >> 8, low)).toUpperCase());
    } else {
      at++;
      texts.push(`${key.physdev ? 'physdev:' : ''}${key.iface}`);
    }
  }
  return texts.join(',');
}
