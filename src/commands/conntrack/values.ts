import { STATUS } from '../../conntrack/connection.ts';
import type { Family } from '../../netfilter/constants.ts';
import { parseIpv4, parseIpv6, prefixMask4, prefixMask6 } from '../../wire/address.ts';
import { wrong } from './problem.ts';

/** An address as it lies in a packet. */
export interface GivenAddress {
  readonly family: Family;
  readonly bytes: Uint8Array;
  /** Mask of the same length; undefined if none was given or it is all ones. */
  readonly mask: Uint8Array | undefined;
  readonly hasPrefix: boolean;
}

export function readAddress(text: string): GivenAddress {
  const slash = text.indexOf('/');
  const word = slash < 0 ? text : text.slice(0, slash);
  const four = parseIpv4(word);
  const bytes = four === undefined ? parseIpv6(word) : wordBytes(four);
  if (bytes === undefined) return wrong(`Invalid IP address \`${text}'`);
  const family = four === undefined ? 6 : 4;
  if (slash < 0) return { family, bytes, mask: undefined, hasPrefix: false };
  const prefix = text.slice(slash + 1);
  const length = Number(prefix);
  const most = bytes.length * 8;
  if (!/^\d*$/.test(prefix) || length > most)
    return { family, bytes, mask: new Uint8Array(0), hasPrefix: true };
  const mask = family === 4 ? wordBytes(prefixMask4(length)) : prefixMask6(length);
  return { family, bytes, mask: length === most ? undefined : mask, hasPrefix: true };
}

function wordBytes(word: number): Uint8Array {
  return Uint8Array.of(word >>> 24, (word >> 16) & 0xff, (word >> 8) & 0xff, word & 0xff);
}

/** `ADDRESS`, `ADDRESS:PORT` and `[ADDRESS]:PORT` of --src-nat and its kin. */
export function splitPort(text: string): { readonly address: string; readonly port: number | undefined } {
  let address = text;
  let port: string | undefined;
  const open = text.indexOf('[');
  if (open >= 0) {
    const close = text.indexOf(']', open);
    if (close === open + 1) wrong('No IPv6 address specified');
    if (close < 0) wrong("No closing ']' around IPv6 address");
    const colon = text.indexOf(':', close);
    if (colon >= 0) {
      address = text.slice(open + 1, close);
      port = text.slice(colon + 1);
    }
  } else {
    const colon = text.indexOf(':');
    if (colon >= 0 && !text.includes(':', colon + 1)) {
      address = text.slice(0, colon);
      port = text.slice(colon + 1);
    }
  }
  if (port === '') wrong("No port specified after `:'");
  if (port !== undefined && (!/^\d+$/.test(port) || Number(port) > 65535)) wrong(`Invalid port \`${port}'`);
  return { address, port: port === undefined ? undefined : Number(port) };
}

/** A number as the C library's strtoul with base 0 reads it: what is none is 0, and 32 bits are kept. */
export function looseNumber(text: string): number {
  const [, sign, digits] = /^\s*([+-]?)(0x[0-9a-f]+|[0-9]+)/i.exec(text) ?? [];
  if (digits === undefined) return 0;
  const octal = /^0[0-7]*/.exec(digits);
  const value = /^0x/i.test(digits) || !octal ? BigInt(digits) : BigInt(`0o${octal[0]}`);
  return Number(BigInt.asUintN(32, sign === '-' ? -value : value));
}

/** A number as atol reads it, of which 32 bits are kept. */
export function decimalNumber(text: string): number {
  const digits = /^\s*[+-]?\d+/.exec(text);
  return digits ? Number(BigInt.asUintN(32, BigInt(digits[0].trim().replace('+', '')))) : 0;
}

/** Value and mask of `--mark 0x10/0xf0`. */
export interface MarkValue {
  readonly value: number;
  readonly mask: number;
}

export function readMark(text: string): MarkValue {
  const slash = text.indexOf('/');
  if (slash < 0) return { value: looseNumber(text), mask: 0xffffffff };
  return { value: looseNumber(text.slice(0, slash)), mask: looseNumber(text.slice(slash + 1)) };
}

const STATUS_WORDS: readonly (readonly [string, number])[] = [
  ['ASSURED', STATUS.ASSURED],
  ['SEEN_REPLY', STATUS.SEEN_REPLY],
  ['UNSET', 0],
  ['FIXED_TIMEOUT', STATUS.FIXED_TIMEOUT],
  ['EXPECTED', STATUS.EXPECTED],
  ['OFFLOAD', 1 << 14],
  ['HW_OFFLOAD', 1 << 15],
];
const EVENT_WORDS = ['ALL', 'NEW', 'UPDATES', 'DESTROY'];
/** Forms of output; the first whose name begins with the word is meant. */
const OUTPUT_WORDS = ['xml', 'extended', 'timestamp', 'id', 'ktimestamp', 'labels', 'userspace', 'save'];

export interface StatusValue {
  /** Bits that must be set, or that are to be set. */
  status: number;
  /** Bits that are looked at; 0 if nothing but `status` was said. */
  mask: number;
}

/** The word behind a comma or the end; `whole` is what is left from there on, for the message. */
function* listWords(text: string): Generator<readonly [word: string, whole: string]> {
  for (let rest: string | undefined = text; rest !== undefined; ) {
    const comma = rest.indexOf(',');
    const word = comma < 0 ? rest : rest.slice(0, comma);
    if (word === '') wrong(`Bad parameter \`${rest}'`);
    yield [word, rest];
    rest = comma < 0 ? undefined : rest.slice(comma + 1);
  }
}

const NAT_WORDS = [
  ['SRC_NAT', '--src-nat'],
  ['DST_NAT', '--dst-nat'],
] as const;

export function readStatus(text: string, into: StatusValue, warn: (text: string) => void): void {
  for (const [given, whole] of listWords(text)) {
    const negated = given.startsWith('!');
    const word = negated ? given.slice(1) : given;
    const rest = negated ? whole.slice(1) : whole;
    if (word === '') wrong(`Bad parameter \`${rest}'`);
    if (!negated && word.startsWith('UNREPLIED')) {
      into.mask |= STATUS.SEEN_REPLY;
      continue;
    }
    const upper = word.toUpperCase();
    const nat = NAT_WORDS.find(([name]) => name.startsWith(upper));
    if (nat) {
      warn(`WARNING: ignoring ${nat[0]}, use ${nat[1]} instead\n`);
      continue;
    }
    const found = STATUS_WORDS.find(([name]) => name.startsWith(upper));
    if (!found) wrong(`Bad parameter \`${rest}'`);
    if (negated) into.mask |= found[1];
    else into.status |= found[1];
  }
  if (into.mask === 0) into.mask = into.status;
}

/** Kinds of events, by the words of --event-mask; a word may be short. */
export function readEvents(text: string, into: Set<string>): void {
  for (const [word, rest] of listWords(text)) {
    const found = EVENT_WORDS.find((name) => name.startsWith(word.toUpperCase()));
    if (found === undefined) wrong(`Bad parameter \`${rest}'`);
    into.add(found);
  }
}

export function readOutput(text: string, into: Set<string>): void {
  for (const [word, rest] of listWords(text)) {
    const found = OUTPUT_WORDS.find((name) => name.startsWith(word.toLowerCase()));
    if (found === undefined) wrong(`Bad parameter \`${rest}'`);
    into.add(found);
  }
}
