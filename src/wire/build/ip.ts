import { concatBytes, set16, set32 } from '../bytes.ts';
import { isNeighbourDiscovery } from '../icmpv6.ts';
import { fillIpv4Checksum, IPV4_DF, IPV4_LENGTH, IPV4_MF, IPV4_RESERVED_FLAG } from '../ipv4.ts';
import { IPV6_LENGTH } from '../ipv6.ts';
import { IPPROTO_ICMPV6, IPPROTO_NONE, IPPROTO_RAW } from '../protocols.ts';
import {
  type Around,
  computed16,
  field4,
  field8,
  field16,
  type Ipv4Like,
  type Ipv6Like,
  ipv4Field,
  ipv6Field,
  numberField,
  optionsField,
  type Pseudo,
  unitsField,
} from './fields.ts';
import { DEFAULT_DESTINATION4, DEFAULT_SOURCE4 } from './link.ts';

/** Builders of IPv4 and IPv6 headers. */

/** 2001:db8::1 and ::2, of the network for documentation (RFC 3849). */
const DEFAULT_SOURCE6 = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const DEFAULT_DESTINATION6 = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

export interface Ipv4Fields {
  readonly version?: number;
  /** In bytes, a multiple of 4 up to 60; default: 20 and the options. */
  readonly headerLength?: number;
  readonly tos?: number;
  /** In bytes; default: header and payload. */
  readonly totalLength?: number;
  readonly id?: number;
  readonly reservedFlag?: boolean;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In bytes, a multiple of 8 up to 65528. */
  readonly fragmentOffset?: number;
  /** Default 64. */
  readonly ttl?: number;
  /** Default: that of what follows, else 255. */
  readonly protocol?: number;
  /** Default: computed. */
  readonly checksum?: number;
  /** Default 192.0.2.1. */
  readonly source?: Ipv4Like;
  /** Default 192.0.2.2. */
  readonly destination?: Ipv4Like;
  /** Up to 40 bytes; padded with zeros to a multiple of 4. */
  readonly options?: Uint8Array;
}

export function buildIpv4(fields: Ipv4Fields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const options = optionsField('ipv4.options', fields.options, 40);
  const length = IPV4_LENGTH + options.length;
  const b = new Uint8Array(length);
  const words = unitsField('ipv4.headerLength', fields.headerLength, length, 4, 15);
  b[0] = (field4('ipv4.version', fields.version, 4) << 4) | words;
  b[1] = field8('ipv4.tos', fields.tos);
  set16(b, 2, computed16('ipv4.totalLength', fields.totalLength, length + payload.length));
  set16(b, 4, field16('ipv4.id', fields.id));
  set16(b, 6, fragmentField(fields));
  b[8] = field8('ipv4.ttl', fields.ttl, 64);
  b[9] = field8('ipv4.protocol', fields.protocol, around.protocol ?? IPPROTO_RAW);
  set32(b, 12, ipv4Field('ipv4.source', fields.source, DEFAULT_SOURCE4));
  set32(b, 16, ipv4Field('ipv4.destination', fields.destination, DEFAULT_DESTINATION4));
  b.set(options, IPV4_LENGTH);
  const whole = concatBytes(b, payload);
  if (fields.checksum !== undefined) set16(whole, 10, field16('ipv4.checksum', fields.checksum));
  // A header length beyond the end sums what is there; a shorter one is what a receiver sums.
  else if (words * 4 <= whole.length) fillIpv4Checksum(whole, 0);
  return whole;
}

function fragmentField(fields: Ipv4Fields): number {
  const offset = unitsField('ipv4.fragmentOffset', fields.fragmentOffset, 0, 8, 0x1fff);
  return (
    (fields.reservedFlag ? IPV4_RESERVED_FLAG : 0) |
    (fields.dontFragment ? IPV4_DF : 0) |
    (fields.moreFragments ? IPV4_MF : 0) |
    offset
  );
}

export function pseudoOfIpv4(fields: Ipv4Fields): Pseudo {
  return {
    family: 4,
    source: ipv4Field('ipv4.source', fields.source, DEFAULT_SOURCE4),
    destination: ipv4Field('ipv4.destination', fields.destination, DEFAULT_DESTINATION4),
  };
}

export interface Ipv6Fields {
  readonly version?: number;
  readonly trafficClass?: number;
  /** 20 bits. */
  readonly flowLabel?: number;
  /** Default: the payload's. */
  readonly payloadLength?: number;
  /** Default: that of what follows; else 59 for nothing and 255 for bytes. */
  readonly nextHeader?: number;
  /** Default 255 for neighbour discovery (RFC 4861), else 64. */
  readonly hopLimit?: number;
  /** Default 2001:db8::1. */
  readonly source?: Ipv6Like;
  /** Default 2001:db8::2. */
  readonly destination?: Ipv6Like;
}

export function buildIpv6(fields: Ipv6Fields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const b = new Uint8Array(IPV6_LENGTH);
  const trafficClass = field8('ipv6.trafficClass', fields.trafficClass);
  const flowLabel = numberField('ipv6.flowLabel', fields.flowLabel, 0, 0xfffff);
  const version = field4('ipv6.version', fields.version, 6);
  set32(b, 0, (version << 28) | (trafficClass << 20) | flowLabel);
  set16(b, 4, computed16('ipv6.payloadLength', fields.payloadLength, payload.length));
  const next = nextHeaderOf('ipv6.nextHeader', fields.nextHeader, payload, around);
  b[6] = next;
  const discovery = next === IPPROTO_ICMPV6 && payload.length > 0 && isNeighbourDiscovery(payload[0]!);
  b[7] = field8('ipv6.hopLimit', fields.hopLimit, discovery ? 255 : 64);
  b.set(ipv6Field('ipv6.source', fields.source, DEFAULT_SOURCE6), 8);
  b.set(ipv6Field('ipv6.destination', fields.destination, DEFAULT_DESTINATION6), 24);
  return concatBytes(b, payload);
}

export function pseudoOfIpv6(fields: Ipv6Fields): Pseudo {
  return {
    family: 6,
    source: ipv6Field('ipv6.source', fields.source, DEFAULT_SOURCE6),
    destination: ipv6Field('ipv6.destination', fields.destination, DEFAULT_DESTINATION6),
  };
}

/** The next header field of IPv6 and its extension headers. */
export function nextHeaderOf(
  name: string,
  given: number | undefined,
  payload: Uint8Array,
  around: Around,
): number {
  return field8(name, given, around.protocol ?? (payload.length === 0 ? IPPROTO_NONE : IPPROTO_RAW));
}
