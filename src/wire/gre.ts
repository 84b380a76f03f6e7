import { get16, get32, set16 } from './bytes.ts';
import { BAD_FORMAT, BAD_VERSION, CUT, HEADER_CUT, OK } from './check.ts';

/** GRE (RFC 2784, RFC 2890), and version 1 as PPTP uses it (RFC 2637 section 4.1). */

/** Without optional fields. */
export const GRE_LENGTH = 4;

export const GRE_CHECKSUM = 0x8000;
export const GRE_ROUTING = 0x4000;
export const GRE_KEY = 0x2000;
export const GRE_SEQUENCE = 0x1000;
/** Version 1 only. */
export const GRE_ACK = 0x0080;
export const GRE_VERSION = 0x0007;

/**
 * OK, CUT, BAD_VERSION (neither 0 nor 1), BAD_FORMAT (routing, which Linux does not take either; version 1 without a
 * key or with a checksum) or HEADER_CUT (net/ipv4/gre_demux.c gre_parse_header).
 */
export function checkGre(b: Uint8Array, o: number, end: number): number {
  if (o + GRE_LENGTH > end) return CUT;
  const flags = greFlags(b, o);
  const version = flags & GRE_VERSION;
  if (version > 1) return BAD_VERSION;
  if ((flags & GRE_ROUTING) !== 0) return BAD_FORMAT;
  if (version === 1 && ((flags & GRE_KEY) === 0 || (flags & GRE_CHECKSUM) !== 0)) return BAD_FORMAT;
  return o + greLength(b, o) > end ? HEADER_CUT : OK;
}

/** The first two bytes: flags and version. */
export function greFlags(b: Uint8Array, o: number): number {
  return get16(b, o);
}

export function greVersion(b: Uint8Array, o: number): number {
  return b[o + 1]! & 7;
}

/** EtherType of what is inside. */
export function greProtocol(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

/** The whole header in bytes, as the flags say: 4 to 16. */
export function greLength(b: Uint8Array, o: number): number {
  return greLengthOf(greFlags(b, o));
}

export function greLengthOf(flags: number): number {
  let length = GRE_LENGTH;
  if ((flags & GRE_CHECKSUM) !== 0) length += 4;
  if ((flags & GRE_KEY) !== 0) length += 4;
  if ((flags & GRE_SEQUENCE) !== 0) length += 4;
  if ((flags & GRE_VERSION) === 1 && (flags & GRE_ACK) !== 0) length += 4;
  return length;
}

/** Only with GRE_CHECKSUM. */
export function greChecksum(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

/** Offset of the key behind `o`. */
export function greKeyAt(b: Uint8Array, o: number): number {
  return (b[o]! & 0x80) !== 0 ? 8 : 4;
}

/** Signed 32-bit; only with GRE_KEY. */
export function greKey(b: Uint8Array, o: number): number {
  return get32(b, o + greKeyAt(b, o));
}

/** Signed 32-bit; only with GRE_SEQUENCE. */
export function greSequence(b: Uint8Array, o: number): number {
  return get32(b, o + greKeyAt(b, o) + ((b[o]! & 0x20) !== 0 ? 4 : 0));
}

/** Signed 32-bit; only in version 1 with GRE_ACK. */
export function greAcknowledgment(b: Uint8Array, o: number): number {
  return get32(b, o + greLength(b, o) - 4);
}

/** Version 1: payload length, the upper half of the key. */
export function pptpPayloadLength(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

/** Version 1: call id of the receiver, the lower half of the key. */
export function pptpCallId(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

export function setPptpCallId(b: Uint8Array, o: number, id: number): void {
  set16(b, o + 6, id);
}
