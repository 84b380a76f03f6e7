import { AH_LENGTH } from '../ah.ts';
import { concatBytes, set16, set32 } from '../bytes.ts';
import { checksum } from '../checksum.ts';
import { ESP_LENGTH } from '../esp.ts';
import { GRE_ACK, GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE, greLengthOf } from '../gre.ts';
import { ETHERTYPE_IPV4 } from '../protocols.ts';
import { type Around, field16, field32, numberField, unitsField } from './fields.ts';
import { nextHeaderOf } from './ip.ts';

/** Builders of AH, ESP and GRE. */

export interface AhFields {
  /** Default: that of what follows. */
  readonly nextHeader?: number;
  /** Whole header in bytes, a multiple of 4 from 8 to 1028; default: as it is. */
  readonly length?: number;
  readonly reserved?: number;
  readonly spi?: number;
  readonly sequence?: number;
  /** Integrity check value, a multiple of 4 bytes; default: 12 zeros. It is not computed. */
  readonly icv?: Uint8Array;
}

export function buildAh(fields: AhFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const icv = fields.icv ?? new Uint8Array(12);
  unitsField('ah.icv.length', icv.length, 0, 4, 254);
  const b = new Uint8Array(AH_LENGTH);
  b[0] = nextHeaderOf('ah.nextHeader', fields.nextHeader, payload, around);
  const length = fields.length ?? AH_LENGTH + icv.length;
  if (!Number.isInteger(length) || length % 4 !== 0 || length < 8 || length > 1028) {
    throw new RangeError(`ah.length: ${length} is not a multiple of 4 from 8 to 1028`);
  }
  b[1] = length / 4 - 2;
  set16(b, 2, field16('ah.reserved', fields.reserved));
  set32(b, 4, field32('ah.spi', fields.spi));
  set32(b, 8, field32('ah.sequence', fields.sequence));
  return concatBytes(b, icv, payload);
}

export interface EspFields {
  readonly spi?: number;
  readonly sequence?: number;
}

/** The payload is taken as it is: nothing is encrypted, no trailer is added. */
export function buildEsp(fields: EspFields, payload: Uint8Array): Uint8Array {
  const b = new Uint8Array(ESP_LENGTH);
  set32(b, 0, field32('esp.spi', fields.spi));
  set32(b, 4, field32('esp.sequence', fields.sequence));
  return concatBytes(b, payload);
}

export interface GreFields {
  /** 0 (the default) or 1 (PPTP). */
  readonly version?: number;
  /** EtherType of what is inside; default: that of what follows. */
  readonly protocol?: number;
  /** True: there is one, and it is computed. A number: there is this one. */
  readonly checksum?: boolean | number;
  readonly key?: number;
  readonly sequence?: number;
  /** Version 1 only. */
  readonly acknowledgment?: number;
  /** Bits of the first two bytes that are set besides those that the fields above need. */
  readonly flags?: number;
}

export function buildGre(fields: GreFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const version = numberField('gre.version', fields.version, 0, 7);
  const hasChecksum = fields.checksum !== undefined && fields.checksum !== false;
  if (fields.acknowledgment !== undefined && version !== 1) {
    throw new RangeError(`gre.acknowledgment: only version 1 has one, not ${version}`);
  }
  const needed =
    version |
    (hasChecksum ? GRE_CHECKSUM : 0) |
    (fields.key === undefined ? 0 : GRE_KEY) |
    (fields.sequence === undefined ? 0 : GRE_SEQUENCE) |
    (fields.acknowledgment === undefined ? 0 : GRE_ACK);
  const flags = field16('gre.flags', fields.flags) | needed;
  const b = new Uint8Array(greLengthOf(needed));
  set16(b, 0, flags);
  set16(b, 2, field16('gre.protocol', fields.protocol, around.etherType ?? ETHERTYPE_IPV4));
  let o = hasChecksum ? 8 : 4;
  for (const name of ['key', 'sequence', 'acknowledgment'] as const) {
    const value = fields[name];
    if (value === undefined) continue;
    set32(b, o, field32(`gre.${name}`, value));
    o += 4;
  }
  const whole = concatBytes(b, payload);
  if (typeof fields.checksum === 'number') set16(whole, 4, field16('gre.checksum', fields.checksum));
  else if (hasChecksum) set16(whole, 4, checksum(whole, 0, whole.length));
  return whole;
}
