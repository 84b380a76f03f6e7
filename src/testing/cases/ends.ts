import { parseIpv4, parseIpv6, printIpv4, printIpv6 } from '../../wire/address.ts';

/** An address as a number that can be compared, with its family. */
export interface AddressNumber {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** One end of a packet as a test expects it: addresses, ports, or both. */
export interface EndPattern {
  /** As it was written. */
  readonly text: string;
  readonly addresses: { readonly family: 4 | 6; readonly first: bigint; readonly last: bigint } | undefined;
  readonly ports: { readonly first: number; readonly last: number } | undefined;
}

/** A text that is no end; the message says what would be right. */
export class EndProblem extends Error {}

const SHAPE = "an address, a prefix or a range, with a port or range of ports behind ':'";

/**
 * Reads `203.0.113.1`, `10.0.0.0/8:80`, `10.0.0.1-10.0.0.9:1024-65535`, `[2001:db8::1]:443`, `:80`.
 * @throws {EndProblem}
 */
export function readEnd(text: string): EndPattern {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  const portOnly = /^:(\d.*)$/.exec(text);
  if (portOnly) return { text, addresses: undefined, ports: readPorts(portOnly[1]!) };
  if (bracketed) {
    return {
      text,
      addresses: readAddresses(bracketed[1]!),
      ports: bracketed[2] === undefined ? undefined : readPorts(bracketed[2]),
    };
  }
  const colons = text.split(':').length - 1;
  if (colons !== 1) return { text, addresses: readAddresses(text), ports: undefined };
  const [address, ports] = text.split(':') as [string, string];
  return { text, addresses: readAddresses(address), ports: readPorts(ports) };
}

/** Reads `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, likewise for IPv6. @throws {EndProblem} */
export function readAddresses(text: string): NonNullable<EndPattern['addresses']> {
  const prefix = /^(.*)\/(\d+)$/.exec(text);
  if (prefix) {
    const { family, value } = readAddress(prefix[1]!);
    const bits = family === 4 ? 32 : 128;
    const length = Number(prefix[2]);
    if (length > bits) throw new EndProblem(`'${text}': a prefix has at most ${bits} bits`);
    const rest = (1n << BigInt(bits - length)) - 1n;
    return { family, first: value & ~rest, last: value | rest };
  }
  const [from, to = from, ...others] = text.split('-') as [string, ...string[]];
  if (others.length > 0) throw new EndProblem(`'${text}' is no end: write ${SHAPE}`);
  const first = readAddress(from);
  const last = readAddress(to);
  if (first.family !== last.family || first.value > last.value) {
    throw new EndProblem(`'${text}': a range goes from a lower address to a higher one of the same family`);
  }
  return { family: first.family, first: first.value, last: last.value };
}

/** @throws {EndProblem} */
export function readAddress(text: string): AddressNumber {
  if (text.includes(':')) {
    const bytes = parseIpv6(text);
    if (bytes) return { family: 6, value: numberOf(bytes) };
  } else {
    const value = parseIpv4(text);
    if (value !== undefined) return { family: 4, value: BigInt(value >>> 0) };
  }
  throw new EndProblem(`'${text}' is no address: write ${SHAPE}`);
}

/** Reads `80` or `1024-65535`. @throws {EndProblem} */
export function readPorts(text: string): NonNullable<EndPattern['ports']> {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(found?.[1]);
  const last = found?.[2] === undefined ? first : Number(found[2]);
  if (!found || last > 65535 || first > last) {
    throw new EndProblem(
      `'${text}' is no port: write a number from 0 to 65535, or a range such as 1024-65535`,
    );
  }
  return { first, last };
}

/** The address as it is written. */
export function printAddress({ family, value }: AddressNumber): string {
  if (family === 4) return printIpv4(Number(value) | 0);
  const bytes = new Uint8Array(16);
  for (let at = 15, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return printIpv6(bytes);
}

/** An end that was seen; the port is undefined where the protocol has none. */
export interface SeenEnd {
  readonly address: AddressNumber;
  readonly port: number | undefined;
}

export function fitsEnd(pattern: EndPattern, seen: SeenEnd): boolean {
  const { addresses, ports } = pattern;
  if (addresses) {
    const { family, value } = seen.address;
    if (family !== addresses.family || value < addresses.first || value > addresses.last) return false;
  }
  return !ports || (seen.port !== undefined && seen.port >= ports.first && seen.port <= ports.last);
}

export function printEnd({ address, port }: SeenEnd): string {
  const text = printAddress(address);
  if (port === undefined) return text;
  return address.family === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}

export function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
