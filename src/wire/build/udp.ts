import { concatBytes, set16 } from '../bytes.ts';
import { checksum, udpChecksum } from '../checksum.ts';
import { IPPROTO_UDP, IPPROTO_UDPLITE } from '../protocols.ts';
import { UDP_LENGTH } from '../udp.ts';
import { type Around, computed16, field16, pseudoSumFor } from './fields.ts';

/** Builders of UDP and UDP-Lite. */

export interface UdpFields {
  /** Default 40000. */
  readonly sourcePort?: number;
  /** Default 53. */
  readonly destinationPort?: number;
  /** Default: header and payload. */
  readonly length?: number;
  /** Default: computed; 0 says that there is none. */
  readonly checksum?: number;
}

export function buildUdp(fields: UdpFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const b = new Uint8Array(UDP_LENGTH);
  set16(b, 0, field16('udp.sourcePort', fields.sourcePort, 40000));
  set16(b, 2, field16('udp.destinationPort', fields.destinationPort, 53));
  set16(b, 4, computed16('udp.length', fields.length, UDP_LENGTH + payload.length));
  set16(b, 6, field16('udp.checksum', fields.checksum));
  const whole = concatBytes(b, payload);
  const pseudo = pseudoSumFor(around.pseudo, IPPROTO_UDP, whole.length);
  if (fields.checksum === undefined && pseudo !== undefined) {
    set16(whole, 6, udpChecksum(checksum(whole, 0, whole.length, pseudo)));
  }
  return whole;
}

export interface UdpliteFields {
  /** Default 40000. */
  readonly sourcePort?: number;
  /** Default 53. */
  readonly destinationPort?: number;
  /** Bytes that the checksum covers; default 0: all. */
  readonly coverage?: number;
  /** Default: computed over what is covered; over all if the coverage does not make sense. */
  readonly checksum?: number;
}

export function buildUdplite(fields: UdpliteFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const b = new Uint8Array(UDP_LENGTH);
  set16(b, 0, field16('udplite.sourcePort', fields.sourcePort, 40000));
  set16(b, 2, field16('udplite.destinationPort', fields.destinationPort, 53));
  const coverage = field16('udplite.coverage', fields.coverage);
  set16(b, 4, coverage);
  set16(b, 6, field16('udplite.checksum', fields.checksum));
  const whole = concatBytes(b, payload);
  const pseudo = pseudoSumFor(around.pseudo, IPPROTO_UDPLITE, whole.length);
  if (fields.checksum === undefined && pseudo !== undefined) {
    const sensible = coverage >= UDP_LENGTH && coverage <= whole.length;
    set16(whole, 6, udpChecksum(checksum(whole, 0, sensible ? coverage : whole.length, pseudo)));
  }
  return whole;
}
