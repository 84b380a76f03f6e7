import { type AddressWords, type NatRange, NO_ADDRESS, RANGE, sameWords } from '../nat/range.ts';
import type { Family } from '../netfilter/constants.ts';
import { parseIpv4 } from '../wire/address.ts';
import { formatAddress, parseIpv6 } from './address.ts';
import type { ParseContext, RuleContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { readUnsigned } from './values.ts';

/** Protocols of `-p` with which a port may be given: ICMP's identifier counts as one; an inverted -p is not looked at. */
const WITH_PORTS = new Set([1, 6, 17, 33, 132]);

const NEEDS_PORTS = 'Need TCP, UDP, SCTP or DCCP with port specification';

/** A number at the start of `text`, and what follows it (xtables_strtoui). */
function leadingNumber(text: string, least: number): { value: number; rest: string } | undefined {
  const read = readUnsigned(text);
  if (read === undefined || read.value < BigInt(least) || read.value > 65535n) return undefined;
  return { value: Number(read.value), rest: read.rest };
}

/** A port as number or service, where nothing but the name may follow a name. */
function portOrService(
  text: string,
  { names }: ParseContext,
  least = 0,
): { value: number; rest: string } | undefined {
  const number = leadingNumber(text, least);
  if (number) return number;
  const service = names.servicePort(text, 'tcp') ?? names.servicePort(text, 'udp');
  return service === undefined ? undefined : { value: service, rest: '' };
}

const notValid = (text: string) => new Problem(`Port \`${text}' not valid`);

/** `80`, `80-90`, `80-90/100`: the ports of a range (libxt_NAT.c). */
export function parsePartRange(
  text: string,
  context: ParseContext,
): Pick<NatRange, 'flags' | 'minPart' | 'maxPart' | 'basePart'> {
  if (!WITH_PORTS.has(context.protocol)) throw new Problem(NEEDS_PORTS);
  const flags = RANGE.PROTO_SPECIFIED;
  const first = portOrService(text, context);
  if (!first) throw notValid(text);
  if (first.rest === '') return { flags, minPart: first.value, maxPart: first.value, basePart: 0 };
  if (first.rest.startsWith(':')) throw new Problem('Invalid port:port syntax - use dash');
  if (!first.rest.startsWith('-')) throw new Problem(`Garbage after port value: \`${first.rest}'`);
  const behind = first.rest.slice(1);
  const last = leadingNumber(behind, 0);
  if (!last) throw notValid(behind);
  if (last.value < first.value) throw new Problem(`Port range \`${behind}' funky`);
  const ports = { minPart: first.value, maxPart: last.value };
  if (last.rest === '') return { flags, ...ports, basePart: 0 };
  if (!last.rest.startsWith('/')) throw new Problem(`Garbage after port range: \`${last.rest}'`);
  const shift = last.rest.slice(1);
  const base = portOrService(shift, context, 1);
  if (!base) throw notValid(shift);
  return { flags: flags | RANGE.PROTO_OFFSET, ...ports, basePart: base.value };
}

function parseWords(text: string, family: Family): AddressWords {
  if (family === 4) {
    const address = parseIpv4(text);
    if (address !== undefined) return [address, 0, 0, 0];
  } else {
    const words = parseIpv6(text);
    if (words) return [words[0]!, words[1]!, words[2]!, words[3]!];
  }
  throw new Problem(`Bad IP address "${text}"`);
}

/** `ADDRESS[-ADDRESS][:PORTS]`, of IPv6 with ports `[ADDRESS[-ADDRESS]]:PORTS`; `:PORTS` alone. */
export function parseRange(text: string, context: ParseContext): NatRange {
  const { family } = context;
  const open = text.indexOf('[');
  let start = 0;
  let end = text.length;
  let colon: number;
  if (open < 0) {
    colon = text.indexOf(':');
    // Two colons are no port behind an address, but an IPv6 address.
    if (colon >= 0 && text.indexOf(':', colon + 1) >= 0) colon = -1;
  } else {
    start = open + 1;
    end = text.indexOf(']', start);
    if (end < 0 || family === 4) throw new Problem('Invalid address format');
    colon = text.indexOf(':', end + 1);
  }
  let range: NatRange = {
    flags: 0,
    minAddress: NO_ADDRESS,
    maxAddress: NO_ADDRESS,
    minPart: 0,
    maxPart: 0,
    basePart: 0,
  };
  if (colon >= 0) {
    range = { ...range, ...parsePartRange(text.slice(colon + 1), context) };
    if (colon === 0 || colon === 2) {
      if (colon === 0 || text.startsWith('[]')) return range;
    }
    if (open < 0) end = colon;
  }
  const addresses = text.slice(start, end);
  const dash = addresses.indexOf('-');
  const minAddress = parseWords(dash < 0 ? addresses : addresses.slice(0, dash), family);
  const maxAddress = dash < 0 ? minAddress : parseWords(addresses.slice(dash + 1), family);
  return { ...range, flags: range.flags | RANGE.MAP_IPS, minAddress, maxAddress };
}

/** `80`, `80-90`, `80-90/100`. */
export function printParts({ flags, minPart, maxPart, basePart }: NatRange): string {
  const range = minPart === maxPart ? String(minPart) : `${minPart}-${maxPart}`;
  return (flags & RANGE.PROTO_OFFSET) !== 0 ? `${range}/${basePart}` : range;
}

export function printRange(range: NatRange, family: Family): string {
  const { flags, minAddress, maxAddress } = range;
  const ports = (flags & RANGE.PROTO_SPECIFIED) !== 0;
  let text = '';
  if ((flags & RANGE.MAP_IPS) !== 0) {
    const print = (words: AddressWords): string => formatAddress(family === 4 ? [words[0]] : words);
    text = print(minAddress);
    if (!sameWords(minAddress, maxAddress)) text += `-${print(maxAddress)}`;
    if (family === 6 && ports) text = `[${text}]`;
  }
  return ports ? `${text}:${printParts(range)}` : text;
}

/** A range of addresses and ports. `shifts`: whether the kernel's structure has room for the port that stands for the first. */
export function natRange(shifts: boolean): ValueType<NatRange> {
  return {
    syntax: 'address[-address][:port[-port]]',
    argument: 'required',
    parse: (text, context) => {
      const range = parseRange(text, context);
      return shifts ? range : { ...range, basePart: 0 };
    },
    print: (range, { family }: RuleContext) => printRange(range, family),
  };
}

/** Ports alone, as MASQUERADE and REDIRECT take them. */
export const natPorts: ValueType<NatRange> = {
  syntax: 'port[-port]',
  argument: 'required',
  parse: (text, context) => ({
    ...parsePartRange(text, context),
    minAddress: NO_ADDRESS,
    maxAddress: NO_ADDRESS,
    basePart: 0,
  }),
  print: (range) => printParts(range),
};

export const NO_RANGE: NatRange = {
  flags: 0,
  minAddress: NO_ADDRESS,
  maxAddress: NO_ADDRESS,
  minPart: 0,
  maxPart: 0,
  basePart: 0,
};
