import { concatBytes, set16, set32 } from '../bytes.ts';
import { FRAGMENT_LENGTH, OPTION6_PAD1, OPTION6_PADN } from '../ipv6-extensions.ts';
import {
  type Around,
  field8,
  field16,
  field32,
  type Ipv6Like,
  ipv6Field,
  NO_BYTES,
  numberField,
  type Pseudo,
  unitsField,
} from './fields.ts';
import { nextHeaderOf } from './ip.ts';

/** Builders of IPv6 extension headers. `nextHeader` everywhere: by default that of what follows. */

/** Longest extension header of this form: (255 + 1) · 8 bytes. */
const MAX_LENGTH = 2048;

export interface OptionsHeaderFields {
  readonly nextHeader?: number;
  /** Whole header in bytes, a multiple of 8 from 8 to 2048; default: as it is. */
  readonly length?: number;
  /** Options; padded with Pad1 or PadN to a multiple of 8 with the two bytes before them. */
  readonly options?: Uint8Array;
}

export function buildHopByHop(
  fields: OptionsHeaderFields,
  payload: Uint8Array,
  around: Around = {},
): Uint8Array {
  return buildOptionsHeader('hopByHop', fields, payload, around);
}

export function buildDestinationOptions(
  fields: OptionsHeaderFields,
  payload: Uint8Array,
  around: Around = {},
): Uint8Array {
  return buildOptionsHeader('destinationOptions', fields, payload, around);
}

function buildOptionsHeader(
  name: string,
  fields: OptionsHeaderFields,
  payload: Uint8Array,
  around: Around,
): Uint8Array {
  const options = fields.options ?? NO_BYTES;
  const b = new Uint8Array(sized(`${name}.options`, 2 + options.length));
  b[0] = nextHeaderOf(`${name}.nextHeader`, fields.nextHeader, payload, around);
  b[1] = lengthField(`${name}.length`, fields.length, b.length);
  b.set(options, 2);
  pad(b, 2 + options.length);
  return concatBytes(b, payload);
}

function pad(b: Uint8Array, from: number): void {
  const missing = b.length - from;
  if (missing === 1) b[from] = OPTION6_PAD1;
  if (missing < 2) return;
  b[from] = OPTION6_PADN;
  b[from + 1] = missing - 2;
}

export interface RoutingFields {
  readonly nextHeader?: number;
  readonly length?: number;
  /** 0 (the default), 2 (mobile IPv6), 4 (segment routing), or another. */
  readonly type?: number;
  /** Default: the number of addresses; for type 4 one less. */
  readonly segmentsLeft?: number;
  /** The four bytes behind segments left: reserved; for type 4 last entry, flags, tag. */
  readonly rest?: number;
  /** In the order of the header; type 4 has the last stop first. */
  readonly addresses?: readonly Ipv6Like[];
  /** Behind the addresses; padded with zeros. */
  readonly data?: Uint8Array;
}

export function buildRouting(fields: RoutingFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const addresses = routingAddresses(fields);
  const data = fields.data ?? NO_BYTES;
  const b = new Uint8Array(sized('routing.addresses', 8 + 16 * addresses.length + data.length));
  const type = field8('routing.type', fields.type);
  b[0] = nextHeaderOf('routing.nextHeader', fields.nextHeader, payload, around);
  b[1] = lengthField('routing.length', fields.length, b.length);
  b[2] = type;
  b[3] = routingLeft(fields, addresses.length);
  const lastEntry = type === 4 && addresses.length > 0 ? (addresses.length - 1) << 24 : 0;
  set32(b, 4, field32('routing.rest', fields.rest, lastEntry));
  for (let i = 0; i < addresses.length; i++) b.set(addresses[i]!, 8 + 16 * i);
  b.set(data, 8 + 16 * addresses.length);
  return concatBytes(b, payload);
}

function routingAddresses(fields: RoutingFields): Uint8Array[] {
  return (fields.addresses ?? []).map((address, i) =>
    ipv6Field(`routing.addresses[${i}]`, address, NO_BYTES),
  );
}

function routingLeft(fields: RoutingFields, addresses: number): number {
  const all = fields.type === 4 ? Math.max(0, addresses - 1) : addresses;
  return field8('routing.segmentsLeft', fields.segmentsLeft, all);
}

/** Checksums of what follows cover the last stop, while there are stops left (RFC 8200 section 8.1). */
export function pseudoOfRouting(fields: RoutingFields, outer: Pseudo | undefined): Pseudo | undefined {
  const addresses = routingAddresses(fields);
  if (outer?.family !== 6 || addresses.length === 0 || routingLeft(fields, addresses.length) === 0)
    return outer;
  const last = fields.type === 4 ? addresses[0]! : addresses[addresses.length - 1]!;
  return { family: 6, source: outer.source, destination: last };
}

export interface FragmentFields {
  readonly nextHeader?: number;
  readonly reserved?: number;
  /** In bytes, a multiple of 8 up to 65528. */
  readonly offset?: number;
  readonly more?: boolean;
  /** The two bits between offset and M. */
  readonly reservedBits?: number;
  readonly id?: number;
}

export function buildFragment(fields: FragmentFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const b = new Uint8Array(FRAGMENT_LENGTH);
  b[0] = nextHeaderOf('fragment.nextHeader', fields.nextHeader, payload, around);
  b[1] = field8('fragment.reserved', fields.reserved);
  const units = unitsField('fragment.offset', fields.offset, 0, 8, 0x1fff);
  const bits = numberField('fragment.reservedBits', fields.reservedBits, 0, 3);
  set16(b, 2, (units << 3) | (bits << 1) | (fields.more ? 1 : 0));
  set32(b, 4, field32('fragment.id', fields.id));
  return concatBytes(b, payload);
}

export interface MobilityFields {
  /** Default 59: nothing follows (RFC 6275 section 6.1.1). */
  readonly nextHeader?: number;
  readonly length?: number;
  readonly type?: number;
  readonly reserved?: number;
  /** Default 0: it is not computed. */
  readonly checksum?: number;
  /** The message; padded with zeros. */
  readonly data?: Uint8Array;
}

export function buildMobility(fields: MobilityFields, payload: Uint8Array): Uint8Array {
  const data = fields.data ?? NO_BYTES;
  const b = new Uint8Array(sized('mobility.data', 6 + data.length));
  b[0] = field8('mobility.nextHeader', fields.nextHeader, 59);
  b[1] = lengthField('mobility.length', fields.length, b.length);
  b[2] = field8('mobility.type', fields.type);
  b[3] = field8('mobility.reserved', fields.reserved);
  set16(b, 4, field16('mobility.checksum', fields.checksum));
  b.set(data, 6);
  return concatBytes(b, payload);
}

/** Bytes that a header takes with its padding. */
function sized(name: string, bytes: number): number {
  const length = Math.ceil(bytes / 8) * 8;
  if (length <= MAX_LENGTH) return length;
  throw new RangeError(`${name}: a header of ${length} bytes is longer than 8 to ${MAX_LENGTH}`);
}

function lengthField(name: string, given: number | undefined, length: number): number {
  const bytes = given ?? length;
  if (Number.isInteger(bytes) && bytes % 8 === 0 && bytes >= 8 && bytes <= MAX_LENGTH) return bytes / 8 - 1;
  throw new RangeError(`${name}: ${bytes} is not a multiple of 8 from 8 to ${MAX_LENGTH}`);
}
