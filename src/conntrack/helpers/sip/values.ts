import { ANY_END, readIpv4Text, readIpv6Text } from '../address-text.ts';
import { isDigit, isLetter } from '../payload.ts';
import type { SipAddress } from './address.ts';

/** Port of SIP where none is written. */
export const SIP_PORT = 5060;

const sixteen = new Uint8Array(16);
const OPEN = 91;
const CLOSE = 93;
const COLON = 58;
const AT = 64;
const SPACE = 32;
/** As many digits as are read of a number: more than 32 bits have. */
const MOST_DIGITS = 11;

/** Where a run of digits that begins at `at` ends. */
export function digitsEnd(bytes: Uint8Array, at: number, limit: number): number {
  let end = at;
  while (end < limit && isDigit(bytes[end]!)) end++;
  return end;
}

export function lettersEnd(bytes: Uint8Array, at: number, limit: number): number {
  let end = at;
  while (end < limit && isLetter(bytes[end]!)) end++;
  return end;
}

/** The number whose digits begin at `at`; undefined if there is none, or it needs more than 32 bits. */
export function readNumber(bytes: Uint8Array, at: number, limit: number): number | undefined {
  const end = digitsEnd(bytes, at, limit);
  if (end === at || end - at > MOST_DIGITS) return undefined;
  let value = 0;
  for (let o = at; o < end; o++) value = value * 10 + bytes[o]! - 48;
  return value > 0xffffffff ? undefined : value;
}

/**
 * Reads an address. `bracketed`: one of IPv6 stands in brackets, as it must in SIP, and must not in SDP. Answers where
 * it ends, -1 if there is none. (sip_parse_addr)
 */
export function readAddress(
  bytes: Uint8Array,
  at: number,
  limit: number,
  bracketed: boolean,
  into: SipAddress,
): number {
  if (at >= limit) return -1;
  if (into.family === 4) {
    const end = readIpv4Text(bytes, at, limit, ANY_END, sixteen);
    if (end >= 0) into.readBytes(sixteen);
    return end;
  }
  if (bracketed && bytes[at] !== OPEN) return -1;
  const end = readIpv6Text(bytes, bracketed ? at + 1 : at, limit, ANY_END, sixteen);
  if (end < 0) return -1;
  into.readBytes(sixteen);
  if (!bracketed) return end;
  return end < limit && bytes[end] === CLOSE ? end + 1 : -1;
}

/** Where the port read last is kept. */
export const port = { value: SIP_PORT };

/**
 * Reads `:port` behind an address, if it is there. Answers where it ends; -1 if the message ends there or the port is
 * none of 1024–65535. (sip_parse_port)
 */
export function readPort(bytes: Uint8Array, at: number, limit: number): number {
  if (at >= limit) return -1;
  port.value = SIP_PORT;
  if (bytes[at] !== COLON) return at;
  const end = digitsEnd(bytes, at + 1, limit);
  const length = end - at - 1;
  if (length === 0 || length > 5 || end >= limit) return -1;
  port.value = Number(readNumber(bytes, at + 1, limit));
  return port.value >= 1024 && port.value <= 65535 ? end : -1;
}

/** Measures what a header says: where it begins (it may be behind a user's name) and its length; 0 if it is none. */
export interface Measured {
  at: number;
  length: number;
}

/** Measures a value; writes it to `out`. */
export type Measure = (
  bytes: Uint8Array,
  at: number,
  limit: number,
  address: SipAddress,
  out: Measured,
) => void;

export const measureDigits: Measure = (bytes, at, limit, _address, out) => {
  out.at = at;
  out.length = digitsEnd(bytes, at, limit) - at;
};

/** An address with or without a port. */
export const measureEndpoint: Measure = (bytes, at, limit, address, out) => {
  out.at = at;
  const end = readAddress(bytes, at, limit, true, address);
  const portEnd = end < 0 ? -1 : readPort(bytes, end, limit);
  out.length = portEnd < 0 ? 0 : portEnd - at;
};

/** `user@address:port` or without a user: only the address counts. */
export const measureUri: Measure = (bytes, at, limit, address, out) => {
  let o = at;
  while (o < limit && bytes[o] !== AT && bytes[o] !== 13 && bytes[o] !== 10) o++;
  measureEndpoint(bytes, o < limit && bytes[o] === AT ? o + 1 : at, limit, address, out);
};

/** An address of SDP. */
export const measureSdpAddress: Measure = (bytes, at, limit, address, out) => {
  out.at = at;
  const end = readAddress(bytes, at, limit, false, address);
  out.length = end < 0 ? 0 : end - at;
};

/** `audio 4000`: media and port. */
export const measureMedia: Measure = (bytes, at, limit, _address, out) => {
  out.at = at;
  const name = lettersEnd(bytes, at, limit);
  out.length = name < limit && bytes[name] === SPACE ? digitsEnd(bytes, name + 1, limit) - at : 0;
};
