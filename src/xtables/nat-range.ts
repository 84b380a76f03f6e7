import { type AddressWords, type NatRange, NO_ADDRESS, RANGE } from '../nat/range.ts';
import type { Family } from '../netfilter/constants.ts';
import { type Address, formatAddress, parseIpv6, parseStrictIpv4, sameAddress } from './address.ts';
import { type Given, option, type ParseContext, type ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { flag, readUnsigned } from './values.ts';

/** Protocols whose ports may be named, by number: ICMP (for its identifiers), TCP, UDP, DCCP, SCTP. */
const WITH_PORTS: readonly number[] = [1, 6, 17, 33, 132];

/** Ports to choose from, both ends included. With a base, ports are shifted: `min` stands for it. */
export interface PortRange {
  readonly min: number;
  readonly max: number;
  readonly base?: number;
}

/** What `--to-source` and `--to-destination` hold: addresses, ports or both. */
export interface NatEnds {
  readonly addresses?: readonly [Address, Address];
  readonly ports?: PortRange;
}

/** `port[-port[/base]]`, where a single port or the base may be the name of a service (libxt_NAT.c parse_ports). */
function parsePorts(given: string, { protocol, names }: ParseContext): PortRange {
  if (!WITH_PORTS.includes(protocol)) {
    throw new Problem('Need TCP, UDP, SCTP or DCCP with port specification');
  }
  const invalid = (text: string) => new Problem(`Port \`${text}' not valid`);
  const first = portNumber(given, 0);
  if (!first) {
    const port = names.servicePort(given, undefined);
    if (port === undefined) throw invalid(given);
    return { min: port, max: port };
  }
  const { value: min, rest } = first;
  if (rest === '') return { min, max: min };
  if (rest[0] === ':') throw new Problem('Invalid port:port syntax - use dash');
  if (rest[0] !== '-') throw new Problem(`Garbage after port value: \`${rest}'`);
  const end = rest.slice(1);
  const last = portNumber(end, 0);
  if (!last) throw invalid(end);
  const { value: max, rest: behind } = last;
  if (max < min) throw new Problem(`Port range \`${end}' funky`);
  if (behind === '') return { min, max };
  if (behind[0] !== '/') throw new Problem(`Garbage after port range: \`${behind}'`);
  const baseText = behind.slice(1);
  // What follows the base's number is not looked at.
  const base = portNumber(baseText, 1)?.value ?? names.servicePort(baseText, undefined);
  if (base === undefined) throw invalid(baseText);
  return { min, max, base };
}

/** A number from `least` to 65535 and what follows it. */
function portNumber(text: string, least: number): { value: number; rest: string } | undefined {
  const read = readUnsigned(text);
  if (!read || read.value < BigInt(least) || read.value > 0xffffn) return undefined;
  return { value: Number(read.value), rest: read.rest };
}

function portText({ min, max, base }: PortRange): string {
  return `${min}${max === min ? '' : `-${max}`}${base === undefined ? '' : `/${base}`}`;
}

/** `--to-ports` */
export const ports: ValueType<PortRange> = {
  syntax: 'port[-port]',
  argument: 'required',
  parse: parsePorts,
  print: portText,
};

/**
 * `[address[-address]][:port[-port[/base]]]`; IPv6 addresses with ports stand in brackets, and with a single colon it is
 * that of a port (libxt_NAT.c parse_to).
 */
export const ends: ValueType<NatEnds> = {
  syntax: '[address[-address]][:port[-port]]',
  argument: 'required',
  parse(given, context) {
    const { family } = context;
    let start = given.indexOf('[') + 1;
    let stop = given.length;
    let colon: number;
    if (start > 0) {
      stop = given.indexOf(']', start);
      if (stop < 0 || family === 4) throw new Problem('Invalid address format');
      colon = given.indexOf(':', stop + 1);
    } else {
      start = 0;
      colon = given.indexOf(':');
      if (colon >= 0 && given.includes(':', colon + 1)) colon = -1;
      if (colon >= 0) stop = colon;
    }
    const range = colon < 0 ? {} : { ports: parsePorts(given.slice(colon + 1), context) };
    // Nothing in front of the colon, or a pair of brackets; any two characters are taken for that.
    if (colon === 0 || colon === 2) return range;
    const text = given.slice(start, stop);
    const dash = text.indexOf('-');
    const low = parseAddress(dash < 0 ? text : text.slice(0, dash), family);
    const high = dash < 0 ? low : parseAddress(text.slice(dash + 1), family);
    return { addresses: [low, high], ...range };
  },
  print({ addresses, ports: range }) {
    let text = '';
    if (addresses) {
      const [low, high] = addresses;
      text = formatAddress(low) + (sameAddress(low, high) ? '' : `-${formatAddress(high)}`);
      if (range && low.length > 1) text = `[${text}]`;
    }
    return range ? `${text}:${portText(range)}` : text;
  },
};

/** As inet_pton reads it. */
function parseAddress(text: string, family: Family): Address {
  const word = family === 4 ? parseStrictIpv4(text) : undefined;
  const address = word === undefined ? undefined : [word];
  const found = family === 4 ? address : parseIpv6(text);
  if (!found) throw new Problem(`Bad IP address "${text}"`);
  return found;
}

/** The options that say how to choose. */
export const random = option(flag, { help: 'Chooses ports at random, by a hash of the connection.' });
export const randomFully = option(flag, { help: 'Chooses ports at random.' });
export const persistent = option(flag, {
  help: 'A client gets the same address for every destination.',
});

/** What may be given besides the range. */
interface Choice {
  readonly random?: Given<true>;
  readonly 'random-fully'?: Given<true>;
  readonly persistent?: Given<true>;
}

/** The range as NAT wants it. */
export function natRange({ addresses, ports: range }: NatEnds, choice: Choice): NatRange {
  let flags = 0;
  if (addresses) flags |= RANGE.MAP_IPS;
  if (range) flags |= RANGE.PROTO_SPECIFIED;
  if (range?.base !== undefined) flags |= RANGE.PROTO_OFFSET;
  if (choice.random) flags |= RANGE.PROTO_RANDOM;
  if (choice['random-fully']) flags |= RANGE.PROTO_RANDOM_FULLY;
  if (choice.persistent) flags |= RANGE.PERSISTENT;
  return {
    flags,
    minAddress: addresses ? wordsOf(addresses[0]) : NO_ADDRESS,
    maxAddress: addresses ? wordsOf(addresses[1]) : NO_ADDRESS,
    minPart: range?.min ?? 0,
    maxPart: range?.max ?? 0,
    basePart: range?.base ?? 0,
  };
}

/** An address of either family as four words. */
export function wordsOf([first = 0, second = 0, third = 0, fourth = 0]: Address): AddressWords {
  return [first, second, third, fourth];
}

/** ` random random-fully persistent` as far as they were given. */
export function choiceText(choice: Choice): string {
  return (
    (choice.random ? ' random' : '') +
    (choice['random-fully'] ? ' random-fully' : '') +
    (choice.persistent ? ' persistent' : '')
  );
}

/** Revisions of targets that have no place for the base of shifted ports keep that there is one, as 0. */
export function withoutBase(range: PortRange): PortRange {
  return range.base === undefined ? range : { ...range, base: 0 };
}
