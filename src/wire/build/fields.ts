import { parseIpv4, parseIpv6, parseMac } from '../address.ts';
import { pseudoSumOf4, pseudoSumOf6 } from '../checksum.ts';

/** What builders share: how fields are given and checked. Every RangeError names the field, the value and what is allowed. */

/** As a number or dotted. */
export type Ipv4Like = number | string;
/** As 16 bytes or text. */
export type Ipv6Like = Uint8Array | string;
/** As 6 bytes or `02:00:00:00:00:01`. */
export type MacLike = Uint8Array | string;

/** The addresses that checksums of transports cover. */
export type Pseudo =
  | { readonly family: 4; readonly source: number; readonly destination: number }
  | { readonly family: 6; readonly source: Uint8Array; readonly destination: Uint8Array };

/** What a header is built into. */
export interface Around {
  /** Protocol number of what comes next behind IP or an extension header; undefined if it is not known. */
  readonly protocol?: number | undefined;
  /** EtherType of what comes next behind Ethernet, a tag or GRE. */
  readonly etherType?: number | undefined;
  /** Addresses of the IP header around it; without them checksums that cover them stay 0. */
  readonly pseudo?: Pseudo | undefined;
}

/** A whole number from 0 (or `min`) to `max`, or its default where it is not given. */
export function numberField(
  name: string,
  value: number | undefined,
  fallback: number,
  max: number,
  min = 0,
): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name}: ${value} is not a whole number from ${min} to ${max}`);
}

export function field4(name: string, value: number | undefined, fallback = 0): number {
  return numberField(name, value, fallback, 15);
}

export function field8(name: string, value: number | undefined, fallback = 0): number {
  return numberField(name, value, fallback, 0xff);
}

export function field16(name: string, value: number | undefined, fallback = 0): number {
  return numberField(name, value, fallback, 0xffff);
}

/** A computed length or so, which the bytes given may have made too large for its field. */
export function computed16(name: string, given: number | undefined, value: number): number {
  return given === undefined ? numberField(name, value, 0, 0xffff) : field16(name, given);
}

/** 32 bits, signed or unsigned. */
export function field32(name: string, value: number | undefined, fallback = 0): number {
  return numberField(name, value, fallback, 0xffffffff, -0x80000000);
}

/** Signed 32-bit. */
export function ipv4Field(name: string, value: Ipv4Like | undefined, fallback: number): number {
  if (typeof value !== 'string') return field32(name, value, fallback) | 0;
  const address = parseIpv4(value);
  if (address !== undefined) return address;
  throw new RangeError(`${name}: ${JSON.stringify(value)} is no IPv4 address (0.0.0.0 to 255.255.255.255)`);
}

export function ipv6Field(name: string, value: Ipv6Like | undefined, fallback: Uint8Array): Uint8Array {
  if (value === undefined) return fallback;
  const address = typeof value === 'string' ? parseIpv6(value) : value;
  if (address?.length === 16) return address;
  const what = typeof value === 'string' ? JSON.stringify(value) : `an array of ${value.length} bytes`;
  throw new RangeError(`${name}: ${what} is no IPv6 address (text such as 2001:db8::1, or 16 bytes)`);
}

export function macField(name: string, value: MacLike | undefined, fallback: Uint8Array): Uint8Array {
  if (value === undefined) return fallback;
  const mac = typeof value === 'string' ? parseMac(value) : value;
  if (mac?.length === 6) return mac;
  const what = typeof value === 'string' ? JSON.stringify(value) : `an array of ${value.length} bytes`;
  throw new RangeError(`${name}: ${what} is no MAC address (text such as 02:00:00:00:00:01, or 6 bytes)`);
}

/** Options, padded with zeros to a multiple of `unit` bytes. */
export function optionsField(name: string, value: Uint8Array | undefined, max: number, unit = 4): Uint8Array {
  if (value === undefined) return NO_BYTES;
  if (value.length > max) throw new RangeError(`${name}: ${value.length} bytes are more than 0 to ${max}`);
  if (value.length % unit === 0) return value;
  const padded = new Uint8Array(Math.ceil(value.length / unit) * unit);
  padded.set(value);
  return padded;
}

/** A length in bytes that its field counts in units. */
export function unitsField(
  name: string,
  value: number | undefined,
  fallback: number,
  unit: number,
  maxUnits: number,
): number {
  const bytes = value ?? fallback;
  if (Number.isInteger(bytes) && bytes % unit === 0 && bytes >= 0 && bytes <= maxUnits * unit)
    return bytes / unit;
  throw new RangeError(`${name}: ${bytes} is not a multiple of ${unit} from 0 to ${maxUnits * unit}`);
}

/** Sum of the pseudo header; undefined where the addresses are not known. */
export function pseudoSumFor(
  pseudo: Pseudo | undefined,
  protocol: number,
  length: number,
): number | undefined {
  if (pseudo === undefined) return undefined;
  if (pseudo.family === 4) return pseudoSumOf4(pseudo.source, pseudo.destination, protocol, length);
  return pseudoSumOf6(pseudo.source, 0, pseudo.destination, 0, protocol, length);
}

export const NO_BYTES = new Uint8Array(0);
