import { concatBytes, set16, set32 } from '../bytes.ts';
import { checksum } from '../checksum.ts';
import { ICMP_ECHO, ICMP_LENGTH } from '../icmp.ts';
import { ICMPV6_ECHO_REQUEST, ICMPV6_LENGTH } from '../icmpv6.ts';
import { IPPROTO_ICMPV6 } from '../protocols.ts';
import { type Around, field8, field16, field32, type Ipv4Like, ipv4Field, pseudoSumFor } from './fields.ts';

/** Builders of ICMP and ICMPv6. An error's payload is what it quotes. */

export interface IcmpFields {
  /** Default: echo request. */
  readonly type?: number;
  readonly code?: number;
  /** Default: computed. */
  readonly checksum?: number;
  /** The four bytes behind the checksum; the fields below are parts of them and win. */
  readonly rest?: number;
  /** Of echoes: the upper half. */
  readonly id?: number;
  /** Of echoes: the lower half. */
  readonly sequence?: number;
  /** Of "fragmentation needed": the lower half. */
  readonly mtu?: number;
  /** Of redirects: all four bytes. */
  readonly gateway?: Ipv4Like;
  /** Of parameter problems: the first byte. */
  readonly pointer?: number;
}

export function buildIcmp(fields: IcmpFields, payload: Uint8Array): Uint8Array {
  const b = new Uint8Array(ICMP_LENGTH);
  b[0] = field8('icmp.type', fields.type, ICMP_ECHO);
  b[1] = field8('icmp.code', fields.code);
  set16(b, 2, field16('icmp.checksum', fields.checksum));
  set32(b, 4, field32('icmp.rest', fields.rest));
  if (fields.gateway !== undefined) set32(b, 4, ipv4Field('icmp.gateway', fields.gateway, 0));
  if (fields.pointer !== undefined) b[4] = field8('icmp.pointer', fields.pointer);
  if (fields.id !== undefined) set16(b, 4, field16('icmp.id', fields.id));
  if (fields.sequence !== undefined) set16(b, 6, field16('icmp.sequence', fields.sequence));
  if (fields.mtu !== undefined) set16(b, 6, field16('icmp.mtu', fields.mtu));
  const whole = concatBytes(b, payload);
  if (fields.checksum === undefined) set16(whole, 2, checksum(whole, 0, whole.length));
  return whole;
}

export interface Icmpv6Fields {
  /** Default: echo request. */
  readonly type?: number;
  readonly code?: number;
  /** Default: computed. */
  readonly checksum?: number;
  /** The four bytes behind the checksum; the fields below are parts of them and win. */
  readonly rest?: number;
  /** Of echoes: the upper half. */
  readonly id?: number;
  /** Of echoes: the lower half. */
  readonly sequence?: number;
  /** Of "packet too big": all four bytes. */
  readonly mtu?: number;
  /** Of parameter problems: all four bytes. */
  readonly pointer?: number;
}

export function buildIcmpv6(fields: Icmpv6Fields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const b = new Uint8Array(ICMPV6_LENGTH);
  b[0] = field8('icmpv6.type', fields.type, ICMPV6_ECHO_REQUEST);
  b[1] = field8('icmpv6.code', fields.code);
  set16(b, 2, field16('icmpv6.checksum', fields.checksum));
  set32(b, 4, field32('icmpv6.rest', fields.rest));
  if (fields.mtu !== undefined) set32(b, 4, field32('icmpv6.mtu', fields.mtu));
  if (fields.pointer !== undefined) set32(b, 4, field32('icmpv6.pointer', fields.pointer));
  if (fields.id !== undefined) set16(b, 4, field16('icmpv6.id', fields.id));
  if (fields.sequence !== undefined) set16(b, 6, field16('icmpv6.sequence', fields.sequence));
  const whole = concatBytes(b, payload);
  const pseudo = pseudoSumFor(around.pseudo, IPPROTO_ICMPV6, whole.length);
  if (fields.checksum === undefined && pseudo !== undefined) {
    set16(whole, 2, checksum(whole, 0, whole.length, pseudo));
  }
  return whole;
}
