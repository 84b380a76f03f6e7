import type { Family } from '../netfilter/constants.ts';
import { ipv6Bytes, ipv6Words, parseIpv4, parseIpv6, printIpv4, printIpv6 } from '../wire/address.ts';

/** An address of either family: IPv4 in `a`, the other words 0; IPv6 in four signed words. */
export interface Address {
  readonly family: Family;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Of `192.0.2.1` or `2001:db8::1`; undefined if it is neither. */
export function parseAddress(text: string): Address | undefined {
  const four = parseIpv4(text);
  if (four !== undefined) return { family: 4, a: four, b: 0, c: 0, d: 0 };
  const six = parseIpv6(text);
  if (six === undefined) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = ipv6Words(six);
  return { family: 6, a, b, c, d };
}

export function printAddress(family: Family, a: number, b = 0, c = 0, d = 0): string {
  return family === 4 ? printIpv4(a) : printIpv6(ipv6Bytes([a, b, c, d]));
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` */
export function printEndpoint(address: Address, port: number): string {
  const text = printAddress(address.family, address.a, address.b, address.c, address.d);
  return address.family === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}
