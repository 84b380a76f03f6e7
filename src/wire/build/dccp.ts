import { concatBytes, set16, set24, set32 } from '../bytes.ts';
import { checksum } from '../checksum.ts';
import { DCCP_REQUEST, DCCP_RESET, DCCP_RESPONSE, dccpFixedLength, dccpHasAcknowledgment } from '../dccp.ts';
import { IPPROTO_DCCP } from '../protocols.ts';
import {
  type Around,
  field4,
  field8,
  field16,
  field32,
  numberField,
  optionsField,
  pseudoSumFor,
  unitsField,
} from './fields.ts';

/** Builder of DCCP packets. */

export interface DccpFields {
  /** Default 40000. */
  readonly sourcePort?: number;
  /** Default 5001. */
  readonly destinationPort?: number;
  /** Default: Request. */
  readonly type?: number;
  /** 48-bit sequence numbers; default true. */
  readonly extended?: boolean;
  /** In bytes, a multiple of 4 up to 1020; default: what the type has, and the options. */
  readonly headerLength?: number;
  readonly ccval?: number;
  /** 0: the checksum covers all; n: header and (n - 1) · 4 bytes of payload. */
  readonly coverage?: number;
  /** Default: computed. */
  readonly checksum?: number;
  readonly sequence?: number;
  /** Of all types but Request and Data. */
  readonly acknowledgment?: number;
  /** Of Request and Response. */
  readonly serviceCode?: number;
  /** Of Reset. */
  readonly resetCode?: number;
  /** Of Reset: three bytes as one number. */
  readonly resetData?: number;
  /** Padded with zeros (which are padding options) to a multiple of 4. */
  readonly options?: Uint8Array;
}

const MAX_LENGTH = 1020;

export function buildDccp(fields: DccpFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const type = field4('dccp.type', fields.type, DCCP_REQUEST);
  const extended = fields.extended ?? true;
  const fixed = dccpFixedLength(type, extended);
  const options = optionsField('dccp.options', fields.options, MAX_LENGTH - fixed);
  const b = new Uint8Array(fixed + options.length);
  set16(b, 0, field16('dccp.sourcePort', fields.sourcePort, 40000));
  set16(b, 2, field16('dccp.destinationPort', fields.destinationPort, 5001));
  b[4] = unitsField('dccp.headerLength', fields.headerLength, b.length, 4, 255);
  const coverage = field4('dccp.coverage', fields.coverage);
  b[5] = (field4('dccp.ccval', fields.ccval) << 4) | coverage;
  set16(b, 6, field16('dccp.checksum', fields.checksum));
  b[8] = (type << 1) | (extended ? 1 : 0);
  putSequence(b, 8, 'dccp.sequence', fields.sequence, extended);
  if (dccpHasAcknowledgment(type)) {
    putSequence(b, extended ? 16 : 12, 'dccp.acknowledgment', fields.acknowledgment, extended);
  }
  if (type === DCCP_REQUEST || type === DCCP_RESPONSE) {
    set32(b, fixed - 4, field32('dccp.serviceCode', fields.serviceCode));
  } else if (type === DCCP_RESET) {
    b[fixed - 4] = field8('dccp.resetCode', fields.resetCode);
    set24(b, fixed - 3, numberField('dccp.resetData', fields.resetData, 0, 0xffffff));
  }
  b.set(options, fixed);
  const whole = concatBytes(b, payload);
  const pseudo = pseudoSumFor(around.pseudo, IPPROTO_DCCP, whole.length);
  if (fields.checksum === undefined && pseudo !== undefined) {
    const covered = coverage === 0 ? whole.length : Math.min(whole.length, b.length + (coverage - 1) * 4);
    set16(whole, 6, checksum(whole, 0, covered, pseudo));
  }
  return whole;
}

/** Writes a number of 48 or 24 bits behind the byte (or, extended, the two bytes) at `o`. */
function putSequence(
  b: Uint8Array,
  o: number,
  name: string,
  value: number | undefined,
  extended: boolean,
): void {
  const number = numberField(name, value, 0, extended ? 0xffffffffffff : 0xffffff);
  if (extended) {
    set16(b, o + 2, Math.floor(number / 0x100000000));
    set32(b, o + 4, number);
  } else {
    set24(b, o + 1, number);
  }
}
