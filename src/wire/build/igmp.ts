import { concatBytes, set16, set32 } from '../bytes.ts';
import { checksum } from '../checksum.ts';
import { IGMP_LENGTH, IGMP_QUERY } from '../igmp.ts';
import {
  computed16,
  field8,
  field16,
  type Ipv4Like,
  ipv4Field,
  numberField,
  optionsField,
} from './fields.ts';

/** Builder of IGMP, versions 1 to 3. */

export interface IgmpRecordFields {
  /** IGMP_IS_INCLUDE and so on; default 1. */
  readonly type?: number;
  readonly group?: Ipv4Like;
  readonly sources?: readonly Ipv4Like[];
  /** Padded with zeros to a multiple of 4. */
  readonly auxiliary?: Uint8Array;
}

export interface IgmpQueryFields {
  readonly suppress?: boolean;
  /** 0 to 7, default 2. */
  readonly robustness?: number;
  /** Code, default 125. */
  readonly interval?: number;
  readonly sources?: readonly Ipv4Like[];
}

export interface IgmpFields {
  /** Default: query. */
  readonly type?: number;
  /** Maximum response code. */
  readonly code?: number;
  /** Default: computed. */
  readonly checksum?: number;
  /** Default 0.0.0.0. Not of version 3 reports. */
  readonly group?: Ipv4Like;
  /** What only a version 3 query has. */
  readonly query3?: IgmpQueryFields;
  /** The records of a version 3 report. */
  readonly records?: readonly IgmpRecordFields[];
}

export function buildIgmp(fields: IgmpFields, payload: Uint8Array): Uint8Array {
  const b = new Uint8Array(IGMP_LENGTH);
  b[0] = field8('igmp.type', fields.type, IGMP_QUERY);
  b[1] = field8('igmp.code', fields.code);
  set16(b, 2, field16('igmp.checksum', fields.checksum));
  if (fields.records === undefined) set32(b, 4, ipv4Field('igmp.group', fields.group, 0));
  else set16(b, 6, computed16('igmp.records.length', undefined, fields.records.length));
  const query = fields.query3 === undefined ? [] : [buildQuery3(fields.query3)];
  const records = (fields.records ?? []).map((record, i) => buildRecord(record, `igmp.records[${i}]`));
  const whole = concatBytes(b, ...query, ...records, payload);
  if (fields.checksum === undefined) set16(whole, 2, checksum(whole, 0, whole.length));
  return whole;
}

function buildQuery3(fields: IgmpQueryFields): Uint8Array {
  const sources = buildSources('igmp.query3.sources', fields.sources);
  const b = new Uint8Array(4);
  b[0] = (fields.suppress ? 8 : 0) | numberField('igmp.query3.robustness', fields.robustness, 2, 7);
  b[1] = field8('igmp.query3.interval', fields.interval, 125);
  set16(b, 2, sources.length / 4);
  return concatBytes(b, sources);
}

function buildRecord(fields: IgmpRecordFields, name: string): Uint8Array {
  const sources = buildSources(`${name}.sources`, fields.sources);
  const auxiliary = optionsField(`${name}.auxiliary`, fields.auxiliary, 1020);
  const b = new Uint8Array(8);
  b[0] = field8(`${name}.type`, fields.type, 1);
  b[1] = auxiliary.length / 4;
  set16(b, 2, sources.length / 4);
  set32(b, 4, ipv4Field(`${name}.group`, fields.group, 0));
  return concatBytes(b, sources, auxiliary);
}

function buildSources(name: string, sources: readonly Ipv4Like[] = []): Uint8Array {
  computed16(`${name}.length`, undefined, sources.length);
  const b = new Uint8Array(4 * sources.length);
  sources.forEach((source, i) => {
    set32(b, 4 * i, ipv4Field(`${name}[${i}]`, source, 0));
  });
  return b;
}
