import type { BitmapSet } from './bitmap.ts';
import { emptyKey, type Key, type Mac, mask, narrow } from './entry.ts';
import type { HashSet } from './hash.ts';
import type { SetError } from './settings.ts';
import { isZero } from './types.ts';

/** What a user says about one part of an element; addresses are 1 or 4 words. */
export type PartValue =
  | {
      readonly kind: 'address';
      readonly from: readonly number[];
      readonly to: readonly number[] | undefined;
      readonly length: number | undefined;
    }
  | {
      readonly kind: 'port';
      readonly protocol: number;
      readonly from: number;
      readonly to: number | undefined;
    }
  | { readonly kind: 'mac'; readonly mac: Mac }
  | { readonly kind: 'mark'; readonly mark: number }
  | { readonly kind: 'iface'; readonly name: string; readonly physdev: boolean };

type AddressValue = Extract<PartValue, { kind: 'address' }>;
type PortValue = Extract<PartValue, { kind: 'port' }>;

const WITH_PORTS = [6, 17, 132, 136];
const ICMP = [1, 58];

/**
 * The elements that one command means, one after the other; an error ends them. In a test only the first counts, and of
 * addresses that are no networks the length is not asked. (the uadt functions of net/netfilter/ipset/ip_set_*.c)
 */
export function* keysOf(
  set: HashSet | BitmapSet,
  values: readonly PartValue[],
  wildcard: boolean,
  test: boolean,
): Generator<Key | SetError> {
  const key = emptyKey();
  key.wildcard = wildcard;
  const error = networkError(set, values) ?? protocolError(set, values);
  if (error) {
    yield error;
    return;
  }
  yield* choose(set, values, 0, key, test);
}

/** What is wrong with an element before what it carries is looked at: ports of a bitmap that are outside. */
export function earlyError(
  { kind, settings }: HashSet | BitmapSet,
  values: readonly PartValue[],
): SetError | undefined {
  const [value] = values;
  if (kind !== 'bitmap' || value?.kind !== 'port') return undefined;
  return value.from < settings.first || value.from > settings.last ? 'RANGE' : undefined;
}

function networkError({ type }: HashSet | BitmapSet, values: readonly PartValue[]): SetError | undefined {
  const isWhole = (value: PartValue, index: number) =>
    value.kind === 'address' && value.length === 0 && type.parts[index] === 'net';
  return !type.takesWhole && values.some(isWhole) ? 'CIDR' : undefined;
}

function protocolError({ kind }: HashSet | BitmapSet, values: readonly PartValue[]): SetError | undefined {
  return kind === 'hash' && values.some((value) => value.kind === 'port' && value.protocol === 0)
    ? 'PROTOCOL'
    : undefined;
}

function* choose(
  set: HashSet | BitmapSet,
  values: readonly PartValue[],
  index: number,
  key: Key,
  test: boolean,
): Generator<Key | SetError> {
  const value = values[index];
  if (!value) {
    const { zero } = set.type;
    yield zero && isZero(set.type, set.settings.family, key.words) ? zero.error : key;
    return;
  }
  const at = key.words.length;
  for (const words of wordsOf(set, value, index, key, test)) {
    if (typeof words === 'string') {
      yield words;
      return;
    }
    key.words.length = at;
    for (const word of words) key.words.push(word);
    yield* choose(set, values, index + 1, key, test);
  }
}

type Words = SetError | readonly number[];

function* wordsOf(
  set: HashSet | BitmapSet,
  value: PartValue,
  index: number,
  key: Key,
  test: boolean,
): Generator<Words> {
  switch (value.kind) {
    case 'address':
      if (set.kind === 'bitmap') yield* bitmapAddresses(set, value, test);
      else if (set.type.parts[index] === 'net') yield* networks(set, value, test);
      else yield* addresses(set, value, test);
      return;
    case 'port':
      yield* ports(set, value, test);
      return;
    case 'mark':
      yield [value.mark & set.settings.markmask];
      return;
    case 'mac':
      if (set.kind === 'bitmap') {
        key.mac = value.mac;
        yield [];
      } else yield value.mac;
      return;
    default:
      key.iface = value.name;
      yield [value.physdev ? 1 : 0];
  }
}

function* bitmapAddresses({ settings }: BitmapSet, value: AddressValue, test: boolean): Generator<Words> {
  const { first, last, netmask = 32 } = settings;
  const given = value.from[0]! >>> 0;
  const range = given < first || given > last ? 'RANGE' : rangeOf(value, given, test);
  if (typeof range === 'string') yield range;
  else if (range[0] < first || range[1] > last) yield 'RANGE';
  else for (let at = range[0]; at <= range[1]; at += 2 ** (32 - netmask)) yield [at | 0];
}

function* addresses(set: HashSet, value: AddressValue, test: boolean): Generator<Words> {
  const { settings, type } = set;
  const words = [...value.from];
  mask(settings, words, 0, words.length);
  if (words.length > 1) {
    yield value.length !== undefined && value.length !== 128 && !test ? 'CIDR' : words;
    return;
  }
  // The first address is looked at before the range is.
  if (type.zero?.where === 'address' && words[0] === 0) {
    yield type.zero.error;
    return;
  }
  const range = rangeOf(value, words[0]! >>> 0, test);
  if (typeof range === 'string') {
    yield range;
    return;
  }
  // Only hash:ip goes on in steps of its masks.
  const isMasked = type.parts.length === 1 && settings.netmask !== undefined;
  const step = isMasked ? 2 ** (32 - settings.netmask) : 1;
  for (let at = range[0]; at <= range[1]; at += step) yield [at | 0];
}

function* networks(set: HashSet, value: AddressValue, test: boolean): Generator<Words> {
  const length = value.length ?? set.bits;
  const wide = value.from.length;
  if (!value.to || test || wide > 1) {
    const words = [...value.from];
    narrow(words, 0, wide, length);
    mask(set.settings, words, 0, wide);
    yield [...words, length];
    return;
  }
  const range = rangeOf(value, value.from[0]! >>> 0, false);
  if (typeof range === 'string') yield range;
  else if (range[0] === 0 && range[1] === 0xffffffff) yield 'WHOLE';
  else yield* between(range[0], range[1]);
}

/** The networks between two IPv4 addresses, each the largest that fits (ip_set_range_to_cidr). */
function* between(from: number, to: number): Generator<Words> {
  for (let at = from; at <= to; ) {
    let length = 32;
    while (length > 1) {
      const size = 2 ** (33 - length);
      if (at % size !== 0 || at + size - 1 > to) break;
      length--;
    }
    yield [at | 0, length];
    at += 2 ** (32 - length);
  }
}

function* ports({ kind, settings }: HashSet | BitmapSet, value: PortValue, test: boolean): Generator<Words> {
  const { protocol } = value;
  const hasPorts = WITH_PORTS.includes(protocol);
  const end = test || !(hasPorts || kind === 'bitmap') ? value.from : (value.to ?? value.from);
  const from = Math.min(value.from, end);
  const to = Math.max(value.from, end);
  if (kind === 'bitmap') {
    if (from < settings.first || to > settings.last) yield 'RANGE';
    else for (let port = from; port <= to; port++) yield [port];
    return;
  }
  const has = hasPorts || ICMP.includes(protocol);
  for (let port = from; port <= to; port++) yield [(protocol << 16) | (has ? port : 0)];
}

/** First and last address, in order. */
function rangeOf(
  { to, length }: AddressValue,
  from: number,
  test: boolean,
): SetError | readonly [number, number] {
  if (test) return [from, from];
  if (to) {
    const other = to[0]! >>> 0;
    return from <= other ? [from, other] : [other, from];
  }
  if (length === undefined) return [from, from];
  if (length === 0) return 'CIDR';
  const size = 2 ** (32 - length);
  const first = from - (from % size);
  return [first, first + size - 1];
}
