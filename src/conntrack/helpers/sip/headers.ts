import { isLetter, spellsAnyCase } from '../payload.ts';
import type { SipMessage } from './message.ts';
import {
  type Measure,
  type Measured,
  measureDigits,
  measureEndpoint,
  measureUri,
  port,
  readAddress,
  readNumber,
  readPort,
} from './values.ts';

/** What looking for a header ended with: it is there, it is not, or it makes no sense. */
export const FOUND = 1;
export const NOT_THERE = 0;
export const BAD = -1;

/** A header of SIP (RFC 3261 section 20). Names are in lower case. */
interface Header {
  readonly name: string;
  readonly compact?: string;
  /** What the value stands behind. */
  readonly search?: string;
  readonly measure: Measure;
}

export const CSEQ: Header = { name: 'cseq', measure: measureDigits };
export const FROM: Header = { name: 'from', compact: 'f', search: 'sip:', measure: measureUri };
export const TO: Header = { name: 'to', compact: 't', search: 'sip:', measure: measureUri };
export const CONTACT: Header = { name: 'contact', compact: 'm', search: 'sip:', measure: measureUri };
export const VIA_UDP: Header = { name: 'via', compact: 'v', search: 'udp ', measure: measureEndpoint };
export const VIA_TCP: Header = { name: 'via', compact: 'v', search: 'tcp ', measure: measureEndpoint };
export const EXPIRES: Header = { name: 'expires', measure: measureDigits };
export const CONTENT_LENGTH: Header = { name: 'content-length', compact: 'l', measure: measureDigits };

const measured: Measured = { at: 0, length: 0 };
const COLON = 58;
const SPACE = 32;
const TAB = 9;

function isLineEnd(byte: number | undefined): boolean {
  return byte === 13 || byte === 10;
}

/** Where the line after the one that ends at `at` begins; -1 if the bytes end. */
function nextLine(bytes: Uint8Array, at: number, limit: number): number {
  let next = at + 1;
  if (next >= limit) return -1;
  if (bytes[at] === 13 && bytes[next] === 10) next++;
  return next < limit ? next : -1;
}

/** Where a header goes on in the line after the one that ends at `at`; -1 if it does not. */
function continuation(bytes: Uint8Array, at: number, limit: number): number {
  let next = nextLine(bytes, at, limit);
  if (next < 0 || (bytes[next] !== SPACE && bytes[next] !== TAB)) return -1;
  while (next < limit && (bytes[next] === SPACE || bytes[next] === TAB)) next++;
  return next;
}

function skipBlanks(bytes: Uint8Array, from: number, limit: number): number {
  let at = from;
  for (; at < limit; at++) {
    if (bytes[at] === SPACE) continue;
    if (!isLineEnd(bytes[at])) break;
    at = continuation(bytes, at, limit);
    if (at < 0) return -1;
  }
  return at;
}

/** Where `text` stands in a header's value and its continuation lines; -1 if nowhere, or only at the very end. */
export function searchValue(bytes: Uint8Array, from: number, limit: number, text: string): number {
  const last = limit - text.length;
  for (let at = from; at < last; at++) {
    if (isLineEnd(bytes[at])) {
      at = continuation(bytes, at, last);
      if (at < 0) return -1;
    } else if (spellsAnyCase(bytes, at, limit, text)) return at;
  }
  return -1;
}

/** Looks for a header from `from` on, at the beginnings of lines; its value is `message.place`. (ct_sip_get_header) */
export function findHeader(message: SipMessage, from: number, header: Header): number {
  const { bytes, start, limit, place } = message;
  for (let at = start + from; at < limit; at++) {
    if (!isLineEnd(bytes[at])) continue;
    at = nextLine(bytes, at, limit);
    if (at < 0) break;
    if (bytes[at] === SPACE || bytes[at] === TAB) continue;
    const length = nameLength(bytes, at, limit, header);
    if (length === 0) continue;
    at = skipBlanks(bytes, at + length, limit);
    if (at < 0 || at >= limit || bytes[at] !== COLON || ++at >= limit) break;
    at = skipBlanks(bytes, at, limit);
    if (at < 0) break;
    place.at = at - start;
    if (header.search !== undefined) {
      at = searchValue(bytes, at, limit, header.search);
      if (at < 0) return BAD;
      at += header.search.length;
    }
    return measure(message, at, header);
  }
  return NOT_THERE;
}

/** Compact names are followed by no letter. */
function nameLength(bytes: Uint8Array, at: number, limit: number, header: Header): number {
  const { name, compact } = header;
  if (spellsAnyCase(bytes, at, limit, name)) return name.length;
  if (compact === undefined || limit - at < compact.length + 1) return 0;
  if (!spellsAnyCase(bytes, at, limit, compact) || isLetter(bytes[at + compact.length]!)) return 0;
  return compact.length;
}

function measure(message: SipMessage, at: number, header: Header): number {
  const { bytes, start, limit, place } = message;
  header.measure(bytes, at, limit, message.address, measured);
  if (measured.length === 0) return BAD;
  place.at = measured.at - start;
  place.length = measured.length;
  return FOUND;
}

/** Looks for the next of several values, which commas separate. (ct_sip_next_header) */
function findNext(message: SipMessage, from: number, header: Header): number {
  const { bytes, start, limit, place } = message;
  let at = searchValue(bytes, start + from, limit, ',');
  if (at < 0) return NOT_THERE;
  const search = header.search ?? '';
  at = searchValue(bytes, at, limit, search);
  if (at < 0) return NOT_THERE;
  at += search.length;
  place.at = at - start;
  return measure(message, at, header);
}

/** Goes through the values of headers of one kind. */
export class HeaderWalk {
  /** Where the next value is looked for. */
  from = 0;
  inHeader = false;

  /** The next value of which sense can be made. (ct_sip_walk_headers) */
  find(message: SipMessage, header: Header): boolean {
    let { from } = this;
    if (this.inHeader) {
      for (;;) {
        const found = findNext(message, from, header);
        if (found === FOUND) return true;
        if (found === NOT_THERE) break;
        from += message.place.at;
      }
      this.inHeader = false;
    }
    for (;;) {
      const found = findHeader(message, from, header);
      if (found === NOT_THERE) return false;
      if (found === FOUND) break;
      from += message.place.at;
    }
    this.inHeader = true;
    return true;
  }
}

/**
 * The address and port of a header's URI: `message.place`, `address` and `port`. With a walk the next one, else the
 * first. (ct_sip_parse_header_uri)
 */
export function findUri(message: SipMessage, header: Header, walk?: HeaderWalk): number {
  if (!(walk ?? new HeaderWalk()).find(message, header)) return NOT_THERE;
  const { bytes, start, limit, place } = message;
  const end = readAddress(bytes, start + place.at, limit, true, message.address);
  const portEnd = end < 0 ? -1 : readPort(bytes, end, limit);
  if (portEnd < 0) return BAD;
  message.port = port.value;
  if (walk) walk.from = portEnd - start;
  return FOUND;
}

/** The address in a request's first line. (ct_sip_parse_request) */
export function findRequestUri(message: SipMessage): boolean {
  const { bytes, start, limit, place } = message;
  let at = start;
  while (at < limit && isLetter(bytes[at]!)) at++;
  if (at === start || ++at >= limit) return false;
  for (; at < limit - 4; at++) {
    if (isLineEnd(bytes[at])) return false;
    if (!spellsAnyCase(bytes, at, limit, 'sip:')) continue;
    at += 4;
    break;
  }
  measureUri(bytes, at, limit, message.address, measured);
  if (measured.length === 0) return false;
  message.port = port.value;
  place.at = measured.at - start;
  place.length = measured.length;
  return true;
}

/** Where the parameters of the value that ends at `from` end: at the comma before the next value. */
function parametersEnd(message: SipMessage, from: number): number {
  const comma = searchValue(message.bytes, message.start + from, message.limit, ',');
  return comma < 0 ? message.limit : comma;
}

/** What stands behind `name` among a value's parameters, up to `;`. (ct_sip_parse_param) */
export function findParameter(message: SipMessage, from: number, name: string): boolean {
  const { bytes, start, place } = message;
  const limit = parametersEnd(message, from);
  const found = searchValue(bytes, start + from, limit, name);
  if (found < 0) return false;
  const at = found + name.length;
  const end = searchValue(bytes, at, limit, ';');
  place.at = at - start;
  place.length = (end < 0 ? limit : end) - at;
  return true;
}

/** A parameter that is an address: `message.address`. (ct_sip_parse_address_param) */
export function findAddressParameter(
  message: SipMessage,
  from: number,
  name: string,
  delimited: boolean,
): boolean {
  const { bytes, start, place } = message;
  const limit = parametersEnd(message, from);
  const found = searchValue(bytes, start + from, limit, name);
  if (found < 0) return false;
  const at = found + name.length;
  const end = readAddress(bytes, at, limit, delimited, message.address);
  if (end < 0) return false;
  place.at = at - start;
  place.length = end - at;
  return true;
}

/** A parameter that is a number: its value; undefined if there is none, BAD if it is no number. */
export function findNumberParameter(message: SipMessage, from: number, name: string): number | undefined {
  const { bytes, start, place } = message;
  const limit = parametersEnd(message, from);
  const found = searchValue(bytes, start + from, limit, name);
  if (found < 0) return undefined;
  const at = found + name.length;
  const value = readNumber(bytes, at, limit);
  if (value === undefined) return BAD;
  let end = at;
  while (end < limit && bytes[end]! >= 48 && bytes[end]! <= 57) end++;
  place.at = at - start;
  place.length = end - at;
  return value;
}
