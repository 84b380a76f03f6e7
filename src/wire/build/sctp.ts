import { concatBytes, set16, set32 } from '../bytes.ts';
import { fillSctpChecksum, SCTP_LENGTH, setSctpChecksum } from '../sctp.ts';
import { computed16, field8, field16, field32, NO_BYTES } from './fields.ts';

/** Builder of SCTP packets. */

export interface SctpChunkFields {
  /** Default: DATA. */
  readonly type?: number;
  readonly flags?: number;
  /** Default: four and the value. */
  readonly length?: number;
  /** Behind the length; padded with zeros to a multiple of 4, which the length does not count. */
  readonly value?: Uint8Array;
}

export interface SctpFields {
  /** Default 40000. */
  readonly sourcePort?: number;
  /** Default 5060. */
  readonly destinationPort?: number;
  readonly tag?: number;
  /** Default: the CRC-32C. */
  readonly checksum?: number;
  /** Before the payload. */
  readonly chunks?: readonly SctpChunkFields[];
}

export function buildSctp(fields: SctpFields, payload: Uint8Array): Uint8Array {
  const b = new Uint8Array(SCTP_LENGTH);
  set16(b, 0, field16('sctp.sourcePort', fields.sourcePort, 40000));
  set16(b, 2, field16('sctp.destinationPort', fields.destinationPort, 5060));
  set32(b, 4, field32('sctp.tag', fields.tag));
  const chunks = (fields.chunks ?? []).map((chunk, i) => buildSctpChunk(chunk, `sctp.chunks[${i}]`));
  const whole = concatBytes(b, ...chunks, payload);
  if (fields.checksum === undefined) fillSctpChecksum(whole, 0, whole.length);
  else setSctpChecksum(whole, 0, field32('sctp.checksum', fields.checksum));
  return whole;
}

/** One chunk with its padding. */
export function buildSctpChunk(fields: SctpChunkFields, name = 'chunk'): Uint8Array {
  const value = fields.value ?? NO_BYTES;
  const b = new Uint8Array((4 + value.length + 3) & ~3);
  b[0] = field8(`${name}.type`, fields.type);
  b[1] = field8(`${name}.flags`, fields.flags);
  set16(b, 2, computed16(`${name}.length`, fields.length, 4 + value.length));
  b.set(value, 4);
  return b;
}
