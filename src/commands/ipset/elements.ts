import type { BitmapSet } from '../../ipset/bitmap.ts';
import type { Key, Mac } from '../../ipset/entry.ts';
import type { HashSet } from '../../ipset/hash.ts';
import type { PartValue } from '../../ipset/request.ts';
import { parseMac, printMac } from '../../wire/address.ts';
import type { Names } from '../../xtables/names.ts';
import { type AddressForm, addressText, familyOf, parseAddresses, separator } from './addresses.ts';
import { parsePort, portText } from './ports.ts';
import { IpsetProblem, number, syntax } from './problem.ts';

type AnySet = HashSet | BitmapSet;

const ORDINALS = ['', 'Second', 'Third'];
const MOST_INTERFACE = 15;

/** The words of an element, as many as the type has parts. @throws {IpsetProblem} */
function splitParts(text: string, { type }: AnySet): readonly string[] {
  const { name, parts } = type;
  const words: string[] = [];
  let rest = text;
  while (words.length < parts.length - 1) {
    const at = separator(rest, ',');
    if (at < 0) break;
    words.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  words.push(rest);
  if (words.length === parts.length && separator(rest, ',') >= 0) {
    if (parts.length === 1) throw syntax(`Elem separator in ${text}, but settype ${name} supports none.`);
    if (parts.length === 2) throw syntax(`Two elem separators in ${text}, but settype ${name} supports one.`);
    throw syntax(`Three elem separators in ${text}, but settype ${name} supports two.`);
  }
  const isOptional = type.method === 'bitmap' && parts.length === 2;
  if (words.length < parts.length && !isOptional)
    throw syntax(`${ORDINALS[words.length]} element is missing from ${text}.`);
  return words;
}

function notAllowed(what: string, command: string, set: AnySet): IpsetProblem {
  const { type, settings } = set;
  const family = { 0: 'unspec', 4: 'inet', 6: 'inet6' }[settings.family];
  return new IpsetProblem(
    `${what} is not allowed in command ${command} with set type ${type.name} and family ${family}`,
  );
}

/** Which texts an address of the type may be; of IPv6 there are no ranges. */
function formOf(set: AnySet, index: number): AddressForm {
  const { parts, method } = set.type;
  if (method === 'bitmap') return parts.length === 1 ? 'range' : 'plain';
  if (parts[index] === 'net') return familyOf(set) === 6 ? 'network' : 'range';
  return index === 2 || familyOf(set) === 6 ? 'plain' : 'range';
}

function parsePart(
  words: readonly string[],
  set: AnySet,
  index: number,
  names: Names,
  command: string,
): PartValue {
  const word = words[index]!;
  switch (set.type.parts[index]) {
    case 'ip':
    case 'net': {
      const value = parseAddresses(word, familyOf(set), formOf(set, index), names);
      checkAddresses(value, set, index, command);
      return value;
    }
    case 'port': {
      const value = parsePort(word, set, names, command, words[index + 1]);
      if (value.to !== undefined && command === 'test') throw notAllowed('FROM-TO port range', command, set);
      return value;
    }
    case 'mark':
      return { kind: 'mark', mark: number(word, 0, 0xffffffff) | 0 };
    case 'mac':
      return { kind: 'mac', mac: parseHardware(word) };
    default: {
      const physdev = word.startsWith('physdev:');
      const name = physdev ? word.slice('physdev:'.length) : word;
      if (name.length > MOST_INTERFACE)
        throw syntax(`interface name '${name}' is longer than ${MOST_INTERFACE} characters`);
      return { kind: 'iface', name, physdev };
    }
  }
}

/** What the type's commands take (its `full` flags): hash:ip takes all it can read, also in a test. */
function checkAddresses(
  value: Extract<PartValue, { kind: 'address' }>,
  set: AnySet,
  index: number,
  command: string,
): void {
  const { name, parts, method } = set.type;
  if (value.length !== undefined && parts[index] === 'ip' && index === 2) {
    const how = command === 'add' ? "can't resolve them" : 'option list is empty';
    throw new IpsetProblem(
      `There are not allowed options (28) but ${how}. It's a bug, please report the problem.`,
    );
  }
  if (value.length !== undefined && parts[index] === 'ip' && method === 'bitmap' && parts.length === 2)
    throw notAllowed('IP/CIDR range', command, set);
  if (command !== 'test' || name === 'hash:ip' || index > 0) return;
  if (value.to) throw notAllowed('FROM-TO IP range', command, set);
  if (value.length !== undefined && parts[index] === 'ip') throw notAllowed('IP/CIDR range', command, set);
}

function parseHardware(text: string): Mac {
  const padded = text
    .split(':')
    .map((part) => part.padStart(2, '0'))
    .join(':');
  const mac = parseMac(padded);
  if (!mac || text.split(':').length !== 6) throw syntax(`cannot parse '${text}' as ethernet address`);
  return [(mac[0]! << 8) | mac[1]!, (mac[2]! << 24) | (mac[3]! << 16) | (mac[4]! << 8) | mac[5]!];
}

/** Reads an element of `add`, `del` and `test`, part by part. @throws {IpsetProblem} */
export function parseElement(text: string, set: AnySet, names: Names, command: string): readonly PartValue[] {
  return splitParts(text, set).map((_, index, words) => parsePart(words, set, index, names, command));
}

/** How the tool names the element it was asked about. */
export function elementText(values: readonly PartValue[], set: AnySet, names: Names): string {
  return values.map((value, index) => valueText(value, set, index, names)).join(',');
}

function valueText(value: PartValue, set: AnySet, index: number, names: Names): string {
  switch (value.kind) {
    case 'address': {
      const { from, to, length } = value;
      const text = addressText(from);
      if (to) return index === 2 ? text : `${text}-${addressText(to)}`;
      return length === undefined || length === 32 * from.length ? text : `${text}/${length}`;
    }
    case 'port':
      return portText(value.protocol, value.from, set.kind === 'bitmap', names);
    case 'mark':
      return markText(value.mark);
    case 'mac':
      return macText(value.mac);
    default:
      return value.name;
  }
}

function markText(mark: number): string {
  return `0x${(mark >>> 0).toString(16).padStart(8, '0')}`;
}

function macText([high, low]: Mac): string {
  return printMac(Uint8Array.of(high >> 8, high, low >> 24, low >> 16, low >> 8, low)).toUpperCase();
}

/** An element as `save` writes it. */
export function keyText(key: Key, set: AnySet, names: Names): string {
  const { words } = key;
  const wide = set.settings.family === 6 ? 4 : 1;
  const texts: string[] = [];
  let at = 0;
  for (const part of set.type.parts) {
    if (part === 'ip' || part === 'net') {
      let text = addressText(words, at, wide);
      at += wide;
      if (part === 'net') {
        const length = words[at++]!;
        if (length !== 32 * wide) text += `/${length}`;
      }
      texts.push(text);
    } else if (part === 'port') {
      const port = words[at++]!;
      texts.push(portText(port >>> 16, port & 0xffff, set.kind === 'bitmap', names));
    } else if (part === 'mark') texts.push(markText(words[at++]!));
    else if (part === 'mac' && set.kind === 'bitmap') {
      if (key.mac) texts.push(macText(key.mac));
    } else if (part === 'mac') {
      texts.push(macText([words[at]!, words[at + 1]!]));
      at += 2;
    } else texts.push(`${words[at++] === 1 ? 'physdev:' : ''}${key.iface}`);
  }
  return texts.join(',');
}
