import type { Family } from '../netfilter/constants.ts';
import {
  type Address,
  formatAddress,
  formatMask,
  parseAton,
  parseIpv6,
  prefixLength,
  prefixMask,
} from './address.ts';
import type { ParseContext, PrintContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { unsigned } from './values.ts';

/**
 * A mask as libxtables keeps it: four words for either family. IPv4's is the first; the others are ones where no valid
 * mask was written, else zeros, and make two rules differ that look alike.
 */
export type WideMask = readonly [number, number, number, number];

export const ALL_BITS: WideMask = [-1, -1, -1, -1];

/** The part of a mask that the family has. */
export function narrow(mask: WideMask, family: Family): Address {
  return family === 4 ? [mask[0]] : mask;
}

function widen([first = 0, second = 0, third = 0, fourth = 0]: Address): WideMask {
  return [first, second, third, fourth];
}

/** An address and the bits of it that count. */
export interface HostMask {
  readonly address: Address;
  readonly mask: WideMask;
}

/** What a resolver takes for a host's name; all else it refuses without asking. Digits are one where IPv6 is asked for. */
function mayBeHostName(text: string, family: Family): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text) && (family === 6 || !/^[0-9.]+$/.test(text));
}

/** An address or a host's name as extensions look it up, by getaddrinfo (xtopt_parse_host). */
export function parseHost(text: string, { family, names }: Pick<ParseContext, 'family' | 'names'>): Address {
  const four = parseAton(text);
  const six = parseIpv6(text);
  const address = family === 4 ? four : six;
  if (address) return address;
  if (four || six) throw new Problem('getaddrinfo: Address family for hostname not supported\n');
  const [first] = names.hostAddresses(text, family);
  if (first) return first;
  // Nothing but /etc/hosts answers here: a name that is not there would be asked of a server that is not reached.
  const cause = mayBeHostName(text, family)
    ? 'Temporary failure in name resolution'
    : 'Name or service not known';
  throw new Problem(`getaddrinfo: ${cause}\n`);
}

/**
 * A prefix length, or a mask in full; a mask with holes becomes one that has all bits (xtopt_parse_plenmask, where the
 * prefix length of such a mask is -1).
 */
function parsePrefixMask(text: string, { family, extension, option }: ParseContext): WideMask {
  const most = family === 4 ? 32 : 128;
  const bits = unsigned(text, 0, most);
  if (bits !== undefined) return widen(prefixMask(family, bits));
  const mask = family === 4 ? parseAton(text) : parseIpv6(text);
  if (mask) return prefixLength(mask) === undefined ? ALL_BITS : widen(mask);
  throw new Problem(
    `${extension}: bad value for option "--${option}", neither a valid network mask nor valid CIDR (0-${most}).\n`,
  );
}

/** XTTYPE_HOST, where it is a mask: written as an address or the name of a host. */
export const addressMask: ValueType<WideMask> = {
  syntax: 'mask',
  argument: 'required',
  parse: (given, context) => widen(parseHost(given, context)),
  print: (mask, { family }) => formatAddress(narrow(mask, family)),
};

/** XTTYPE_HOSTMASK: an address or a host's name, with a mask behind a slash. Bits outside the mask are kept. */
export const hostMask: ValueType<HostMask> = {
  syntax: 'address[/mask]',
  argument: 'required',
  parse(given, context) {
    const slash = given.indexOf('/');
    if (slash < 0) return { address: parseHost(given, context), mask: ALL_BITS };
    const address = parseHost(given.slice(0, slash), context);
    return { address, mask: parsePrefixMask(given.slice(slash + 1), context) };
  },
  print: ({ address, mask }, { family }) => formatAddress(address) + formatMask(narrow(mask, family)),
};

/** XTTYPE_PLENMASK: a prefix length or a mask. */
export const prefixLengthMask: ValueType<WideMask> = {
  syntax: 'prefixlen|mask',
  argument: 'required',
  parse: parsePrefixMask,
  print: (mask, { family }) => String(prefixLength(narrow(mask, family)) ?? 0),
};

/** An address as `-L` shows it: without `-n` the name of the host or of the network. */
export function listAddress(address: Address, { numeric, names }: PrintContext): string {
  if (numeric) return formatAddress(address);
  return names.hostName(address) ?? names.networkName(address) ?? formatAddress(address);
}
