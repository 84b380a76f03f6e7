import { get16, get24, get32, set16 } from './bytes.ts';
import { BAD_FORMAT, BAD_HEADER_LENGTH, CUT, HEADER_CUT, OK } from './check.ts';

/** DCCP (RFC 4340 section 5). Options: {@link OptionWalk.startDccp} from {@link dccpOptionsAt} to the header's end. */

/** With 24-bit sequence numbers, without acknowledgment. */
export const DCCP_LENGTH = 12;
export const DCCP_TYPE_AT = 8;
export const DCCP_CHECKSUM_AT = 6;

export const DCCP_REQUEST = 0;
export const DCCP_RESPONSE = 1;
export const DCCP_DATA = 2;
export const DCCP_ACK = 3;
export const DCCP_DATAACK = 4;
export const DCCP_CLOSEREQ = 5;
export const DCCP_CLOSE = 6;
export const DCCP_RESET = 7;
export const DCCP_SYNC = 8;
export const DCCP_SYNCACK = 9;

/** OK, CUT, BAD_FORMAT (a reserved type), BAD_HEADER_LENGTH (below what the type has) or HEADER_CUT. */
export function checkDccp(b: Uint8Array, o: number, end: number): number {
  if (o + DCCP_LENGTH > end) return CUT;
  if (dccpType(b, o) > DCCP_SYNCACK) return BAD_FORMAT;
  const length = b[o + 4]! << 2;
  if (length < dccpOptionsAt(b, o)) return BAD_HEADER_LENGTH;
  return o + length > end ? HEADER_CUT : OK;
}

export function dccpSourcePort(b: Uint8Array, o: number): number {
  return get16(b, o);
}

export function setDccpSourcePort(b: Uint8Array, o: number, port: number): void {
  set16(b, o, port);
}

export function dccpDestinationPort(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

export function setDccpDestinationPort(b: Uint8Array, o: number, port: number): void {
  set16(b, o + 2, port);
}

/** With options, in bytes. */
export function dccpHeaderLength(b: Uint8Array, o: number): number {
  return b[o + 4]! << 2;
}

export function dccpCcval(b: Uint8Array, o: number): number {
  return b[o + 5]! >> 4;
}

/** Checksum coverage: 0 is all, n the header and (n - 1) · 4 bytes of payload. */
export function dccpCoverage(b: Uint8Array, o: number): number {
  return b[o + 5]! & 15;
}

export function dccpChecksum(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

export function setDccpChecksum(b: Uint8Array, o: number, check: number): void {
  set16(b, o + 6, check);
}

/** 0 to 15; up to {@link DCCP_SYNCACK} in a checked header. */
export function dccpType(b: Uint8Array, o: number): number {
  return (b[o + 8]! >> 1) & 15;
}

/** Sequence numbers have 48 bits, not 24. */
export function dccpExtended(b: Uint8Array, o: number): boolean {
  return (b[o + 8]! & 1) !== 0;
}

/** Unsigned, up to 2⁴⁸-1. */
export function dccpSequence(b: Uint8Array, o: number): number {
  if (!dccpExtended(b, o)) return get24(b, o + 9);
  return get16(b, o + 10) * 0x100000000 + (get32(b, o + 12) >>> 0);
}

/** All types but Request and Data have one. */
export function dccpHasAcknowledgment(type: number): boolean {
  return type !== DCCP_REQUEST && type !== DCCP_DATA;
}

/** Unsigned; only of a type that has one. */
export function dccpAcknowledgment(b: Uint8Array, o: number): number {
  if (!dccpExtended(b, o)) return get24(b, o + 13);
  return get16(b, o + 18) * 0x100000000 + (get32(b, o + 20) >>> 0);
}

/** Signed 32-bit; only of Request and Response. */
export function dccpServiceCode(b: Uint8Array, o: number): number {
  return get32(b, o + dccpOptionsAt(b, o) - 4);
}

/** Only of Reset. */
export function dccpResetCode(b: Uint8Array, o: number): number {
  return b[o + dccpOptionsAt(b, o) - 4]!;
}

/** Where the options begin behind `o`: behind what a header of this type always has. */
export function dccpOptionsAt(b: Uint8Array, o: number): number {
  return dccpFixedLength(dccpType(b, o), dccpExtended(b, o));
}

/** Length of the header without options: 12 to 28. */
export function dccpFixedLength(type: number, extended: boolean): number {
  let length = extended ? 16 : 12;
  if (dccpHasAcknowledgment(type)) length += extended ? 8 : 4;
  if (type === DCCP_REQUEST || type === DCCP_RESPONSE || type === DCCP_RESET) length += 4;
  return length;
}
