import {
  parseIpv4,
  parseIpv6,
  parseMac,
  printIpv6,
  printMac,
  printIpv4 as wirePrintIpv4,
} from '../../wire/address.ts';
import { concatBytes as concat, get32, sameBytes, set32, toHex } from '../../wire/bytes.ts';
import { BadValue } from './problem.ts';

/** Numbers, addresses and bytes as words, both ways. Readers throw BadValue. */

/** A whole number, decimal or 0x…, within bounds (both included). */
export function readNumber(text: string, least: number, most: number): number {
  const value = /^(0x[0-9a-fA-F]{1,13}|[0-9]{1,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw new BadValue(`must be ${least} to ${most}`);
  return value;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Four bytes from 192.0.2.1. */
export function readIpv4(text: string): Uint8Array {
  const address = parseIpv4(text);
  if (address === undefined) throw new BadValue('must be an IPv4 address, as in 192.0.2.1');
  const bytes = new Uint8Array(4);
  set32(bytes, 0, address);
  return bytes;
}

export function printIpv4(bytes: Uint8Array): string {
  return wirePrintIpv4(get32(bytes, 0));
}

/** Sixteen bytes from 2001:db8::1. */
export function readIpv6(text: string): Uint8Array {
  const bytes = parseIpv6(text);
  if (!bytes) throw new BadValue('must be an IPv6 address, as in 2001:db8::1');
  return bytes;
}

/** Six bytes from 02:00:00:00:00:01. */
export function readMac(text: string): Uint8Array {
  const bytes = parseMac(text.replaceAll('-', ':'));
  if (!bytes) throw new BadValue('must be a hardware address, as in 02:00:00:00:00:01');
  return bytes;
}

/** Bytes from an even number of hex digits; `:` may stand between bytes. A `hex:` before them is taken off. */
export function readHex(text: string): Uint8Array {
  const digits = text.replace(/^hex:/, '').replaceAll(':', '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new BadValue('must be hex digits, two for each byte');
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

export function printHex(bytes: Uint8Array): string {
  return `hex:${toHex(bytes)}`;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sameBytes(a, 0, b, 0, a.length);
}

export { concat, printIpv6, printMac };
