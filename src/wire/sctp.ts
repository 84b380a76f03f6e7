import { get16, get32, set16 } from './bytes.ts';
import { BAD_FORMAT, CUT, OK } from './check.ts';
import { CRC32C_START, finishCrc32c, updateCrc32c } from './crc32c.ts';

/** SCTP (RFC 9260): the common header and chunks. */

export const SCTP_LENGTH = 12;
export const SCTP_SOURCE_PORT_AT = 0;
export const SCTP_DESTINATION_PORT_AT = 2;
export const SCTP_TAG_AT = 4;
export const SCTP_CHECKSUM_AT = 8;
export const SCTP_CHUNKS_AT = 12;
/** Type, flags, length. */
export const SCTP_CHUNK_LENGTH = 4;

export const SCTP_DATA = 0;
export const SCTP_INIT = 1;
export const SCTP_INIT_ACK = 2;
export const SCTP_SACK = 3;
export const SCTP_HEARTBEAT = 4;
export const SCTP_HEARTBEAT_ACK = 5;
export const SCTP_ABORT = 6;
export const SCTP_SHUTDOWN = 7;
export const SCTP_SHUTDOWN_ACK = 8;
export const SCTP_ERROR = 9;
export const SCTP_COOKIE_ECHO = 10;
export const SCTP_COOKIE_ACK = 11;
export const SCTP_ECNE = 12;
export const SCTP_CWR = 13;
export const SCTP_SHUTDOWN_COMPLETE = 14;
export const SCTP_AUTH = 15;
export const SCTP_I_DATA = 64;
export const SCTP_ASCONF_ACK = 128;
export const SCTP_RE_CONFIG = 130;
export const SCTP_PAD = 132;
export const SCTP_FORWARD_TSN = 192;
export const SCTP_ASCONF = 193;

/** OK, CUT (common header), or BAD_FORMAT if the chunks do not fill the rest one after the other. */
export function checkSctp(b: Uint8Array, o: number, end: number): number {
  if (o + SCTP_LENGTH > end) return CUT;
  for (walk.start(b, o, end); walk.next(); ) if (walk.cut) return BAD_FORMAT;
  return walk.broken ? BAD_FORMAT : OK;
}

export function sctpSourcePort(b: Uint8Array, o: number): number {
  return get16(b, o);
}

export function setSctpSourcePort(b: Uint8Array, o: number, port: number): void {
  set16(b, o, port);
}

export function sctpDestinationPort(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

export function setSctpDestinationPort(b: Uint8Array, o: number, port: number): void {
  set16(b, o + 2, port);
}

/** Verification tag, signed 32-bit. */
export function sctpTag(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

/** The CRC as a number, unsigned. Its least significant byte comes first on the wire. */
export function sctpChecksum(b: Uint8Array, o: number): number {
  return (b[o + 8]! | (b[o + 9]! << 8) | (b[o + 10]! << 16) | (b[o + 11]! << 24)) >>> 0;
}

export function setSctpChecksum(b: Uint8Array, o: number, crc: number): void {
  b[o + 8] = crc;
  b[o + 9] = crc >>> 8;
  b[o + 10] = crc >>> 16;
  b[o + 11] = crc >>> 24;
}

/** The right CRC of the packet from `o` to `end`; the checksum field counts as zeros. */
export function computeSctpChecksum(b: Uint8Array, o: number, end: number): number {
  const header = updateCrc32c(updateCrc32c(CRC32C_START, b, o, o + 8), ZEROS, 0, 4);
  return finishCrc32c(updateCrc32c(header, b, o + 12, end));
}

export function sctpChecksumFits(b: Uint8Array, o: number, end: number): boolean {
  return sctpChecksum(b, o) === computeSctpChecksum(b, o, end);
}

/** Computes the CRC and writes it. */
export function fillSctpChecksum(b: Uint8Array, o: number, end: number): void {
  setSctpChecksum(b, o, computeSctpChecksum(b, o, end));
}

const ZEROS = new Uint8Array(4);

/** The chunks of a packet. One object, reused: `for (walk.start(b, o, end); walk.next(); ) …`. */
export class SctpChunkWalk {
  kind = 0;
  flags = 0;
  at = 0;
  /** With the four bytes of type, flags and length, without padding; at least 4. */
  length = 0;
  /** The chunk in hand says it goes on beyond the end; it is the last. */
  cut = false;
  /** After the walk: at `at` is a chunk whose first four bytes are cut off, or whose length is below 4. */
  broken = false;

  #bytes: Uint8Array = ZEROS;
  #next = 0;
  #end = 0;

  /** `o` is that of the common header. */
  start(b: Uint8Array, o: number, end: number): this {
    this.#bytes = b;
    this.#next = o + SCTP_CHUNKS_AT;
    this.#end = end;
    this.kind = 0;
    this.flags = 0;
    this.at = o + SCTP_CHUNKS_AT;
    this.length = 0;
    this.cut = false;
    this.broken = false;
    return this;
  }

  next(): boolean {
    const b = this.#bytes;
    const o = this.#next;
    if (this.broken || o >= this.#end) return false;
    this.at = o;
    const length = o + 4 > this.#end ? 0 : get16(b, o + 2);
    if (length < 4) {
      this.broken = true;
      return false;
    }
    this.kind = b[o]!;
    this.flags = b[o + 1]!;
    this.length = length;
    this.cut = o + length > this.#end;
    this.#next = o + ((length + 3) & ~3);
    return true;
  }
}

const walk = new SctpChunkWalk();
