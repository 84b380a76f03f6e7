import { concatBytes, set16, set32 } from '../bytes.ts';
import { checksum } from '../checksum.ts';
import { IPPROTO_TCP } from '../protocols.ts';
import {
  TCP_LENGTH,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
  TCP_SYN,
} from '../tcp.ts';
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

/** Builder of TCP headers and their options. */

export interface TcpFields {
  /** Default 40000. */
  readonly sourcePort?: number;
  /** Default 80. */
  readonly destinationPort?: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  /** In bytes, a multiple of 4 up to 60; default: 20 and the options. */
  readonly headerLength?: number;
  /** The four bits before the flags. */
  readonly reserved?: number;
  /** TCP_SYN and so on; default SYN. */
  readonly flags?: number;
  /** Default 65535. */
  readonly window?: number;
  /** Default: computed. */
  readonly checksum?: number;
  readonly urgent?: number;
  /** Up to 40 bytes, see {@link tcpOptions}; padded with zeros to a multiple of 4. */
  readonly options?: Uint8Array;
}

export function buildTcp(fields: TcpFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const options = optionsField('tcp.options', fields.options, 40);
  const length = TCP_LENGTH + options.length;
  const b = new Uint8Array(length);
  set16(b, 0, field16('tcp.sourcePort', fields.sourcePort, 40000));
  set16(b, 2, field16('tcp.destinationPort', fields.destinationPort, 80));
  set32(b, 4, field32('tcp.sequence', fields.sequence));
  set32(b, 8, field32('tcp.acknowledgment', fields.acknowledgment));
  const words = unitsField('tcp.headerLength', fields.headerLength, length, 4, 15);
  b[12] = (words << 4) | field4('tcp.reserved', fields.reserved);
  b[13] = field8('tcp.flags', fields.flags, TCP_SYN);
  set16(b, 14, field16('tcp.window', fields.window, 65535));
  set16(b, 16, field16('tcp.checksum', fields.checksum));
  set16(b, 18, field16('tcp.urgent', fields.urgent));
  b.set(options, TCP_LENGTH);
  const whole = concatBytes(b, payload);
  const pseudo = pseudoSumFor(around.pseudo, IPPROTO_TCP, whole.length);
  if (fields.checksum === undefined && pseudo !== undefined) {
    set16(whole, 16, checksum(whole, 0, whole.length, pseudo));
  }
  return whole;
}

export interface TcpOptionFields {
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  /** Timestamp and echo. */
  readonly timestamps?: readonly [number, number];
  /** Left and right edges, up to four. */
  readonly sack?: readonly (readonly [number, number])[];
}

/** Bytes of TCP options in the order of these fields, with NOPs behind them to a multiple of 4. */
export function tcpOptions(fields: TcpOptionFields): Uint8Array {
  const bytes: number[] = [];
  if (fields.mss !== undefined) bytes.push(TCP_OPTION_MSS, 4, ...split16('tcp.mss', fields.mss));
  if (fields.windowScale !== undefined) {
    bytes.push(TCP_OPTION_WINDOW_SCALE, 3, field8('tcp.windowScale', fields.windowScale));
  }
  if (fields.sackPermitted) bytes.push(TCP_OPTION_SACK_PERMITTED, 2);
  if (fields.timestamps !== undefined) {
    const [now, echo] = fields.timestamps;
    bytes.push(TCP_OPTION_TIMESTAMPS, 10);
    bytes.push(...split32('tcp.timestamps[0]', now), ...split32('tcp.timestamps[1]', echo));
  }
  if (fields.sack !== undefined) {
    numberField('tcp.sack.length', fields.sack.length, 0, 4, 1);
    bytes.push(TCP_OPTION_SACK, 2 + 8 * fields.sack.length);
    fields.sack.forEach(([left, right], i) => {
      bytes.push(...split32(`tcp.sack[${i}][0]`, left), ...split32(`tcp.sack[${i}][1]`, right));
    });
  }
  while (bytes.length % 4 !== 0) bytes.push(TCP_OPTION_NOP);
  return Uint8Array.from(bytes);
}

function split16(name: string, value: number): readonly number[] {
  const number = field16(name, value);
  return [number >> 8, number & 255];
}

function split32(name: string, value: number): readonly number[] {
  const number = field32(name, value);
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
}
