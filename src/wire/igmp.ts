import { get16, get32 } from './bytes.ts';
import { CUT, HEADER_CUT, OK } from './check.ts';
import { checksum } from './checksum.ts';

/** IGMP, versions 1 to 3 (RFC 1112, RFC 2236, RFC 3376). */

export const IGMP_LENGTH = 8;
export const IGMP_CHECKSUM_AT = 2;
/** A version 3 query without sources. */
export const IGMP_QUERY3_LENGTH = 12;

export const IGMP_QUERY = 0x11;
export const IGMP_REPORT1 = 0x12;
export const IGMP_REPORT2 = 0x16;
export const IGMP_LEAVE = 0x17;
export const IGMP_REPORT3 = 0x22;

/** Types of the records of a version 3 report. */
export const IGMP_IS_INCLUDE = 1;
export const IGMP_IS_EXCLUDE = 2;
export const IGMP_TO_INCLUDE = 3;
export const IGMP_TO_EXCLUDE = 4;
export const IGMP_ALLOW = 5;
export const IGMP_BLOCK = 6;

/** OK, CUT, or HEADER_CUT if the sources of a version 3 query or the records of a report are not all there. */
export function checkIgmp(b: Uint8Array, o: number, end: number): number {
  if (o + IGMP_LENGTH > end) return CUT;
  if (b[o] === IGMP_QUERY && end - o >= IGMP_QUERY3_LENGTH) {
    return o + IGMP_QUERY3_LENGTH + 4 * igmpQuerySources(b, o) > end ? HEADER_CUT : OK;
  }
  if (b[o] === IGMP_REPORT3) {
    for (walk.start(b, o, end); walk.next(); );
    if (walk.broken) return HEADER_CUT;
  }
  return OK;
}

export function igmpType(b: Uint8Array, o: number): number {
  return b[o]!;
}

/** Maximum response code; 0 in version 1. */
export function igmpCode(b: Uint8Array, o: number): number {
  return b[o + 1]!;
}

export function igmpChecksum(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

export function igmpChecksumFits(b: Uint8Array, o: number, end: number): boolean {
  return checksum(b, o, end) === 0;
}

/** Signed 32-bit; not in version 3 reports. */
export function igmpGroup(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

/** Version of a query, by its length and code (RFC 3376 section 7.1); 0 for lengths between those of versions 2 and 3. */
export function igmpQueryVersion(b: Uint8Array, o: number, end: number): number {
  const length = end - o;
  if (length >= IGMP_QUERY3_LENGTH) return 3;
  if (length !== IGMP_LENGTH) return 0;
  return b[o + 1] === 0 ? 1 : 2;
}

/** What a version 3 code stands for: maximum response time in tenths of a second, or an interval in seconds. */
export function igmpTime(code: number): number {
  return code < 128 ? code : ((code & 15) | 16) << (((code >> 4) & 7) + 3);
}

/** Version 3 query: S flag. */
export function igmpQuerySuppress(b: Uint8Array, o: number): boolean {
  return (b[o + 8]! & 8) !== 0;
}

/** Version 3 query: robustness variable, 0 to 7. */
export function igmpQueryRobustness(b: Uint8Array, o: number): number {
  return b[o + 8]! & 7;
}

/** Version 3 query: interval code, see {@link igmpTime}. */
export function igmpQueryInterval(b: Uint8Array, o: number): number {
  return b[o + 9]!;
}

/** Version 3 query: number of sources; they begin at `o + IGMP_QUERY3_LENGTH`, 4 bytes each. */
export function igmpQuerySources(b: Uint8Array, o: number): number {
  return get16(b, o + 10);
}

/** Version 3 report: number of group records. */
export function igmpRecords(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/** The group records of a version 3 report. One object, reused. */
export class IgmpRecordWalk {
  kind = 0;
  at = 0;
  /** The whole record in bytes: 8, sources, auxiliary data. */
  length = 0;
  /** Signed 32-bit. */
  group = 0;
  /** Number of sources; they begin at `at + 8`, 4 bytes each. */
  sources = 0;
  /** After the walk: fewer whole records are there than the report says. */
  broken = false;

  #bytes: Uint8Array = new Uint8Array(0);
  #next = 0;
  #end = 0;
  #left = 0;

  /** `o` is that of the IGMP header. */
  start(b: Uint8Array, o: number, end: number): this {
    this.#bytes = b;
    this.#next = o + IGMP_LENGTH;
    this.#end = end;
    this.#left = igmpRecords(b, o);
    this.kind = 0;
    this.at = this.#next;
    this.length = 0;
    this.group = 0;
    this.sources = 0;
    this.broken = false;
    return this;
  }

  next(): boolean {
    if (this.broken || this.#left === 0) return false;
    const b = this.#bytes;
    const o = this.#next;
    this.at = o;
    const sources = o + 8 > this.#end ? 0 : get16(b, o + 2);
    const length = o + 8 > this.#end ? 8 : 8 + 4 * (sources + b[o + 1]!);
    if (o + length > this.#end) {
      this.broken = true;
      return false;
    }
    this.#left--;
    this.kind = b[o]!;
    this.sources = sources;
    this.length = length;
    this.group = get32(b, o + 4);
    this.#next = o + length;
    return true;
  }
}

const walk = new IgmpRecordWalk();
