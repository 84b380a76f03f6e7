import { concatBytes, set16, set32 } from '../bytes.ts';
import {
  ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  ICMPV6_NEIGHBOUR_SOLICITATION,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
} from '../icmpv6.ts';
import {
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  ND_OPTION_MTU,
  ND_OPTION_PREFIX,
  ND_OPTION_REDIRECTED,
  ND_OPTION_SOURCE_LINK,
  ND_OPTION_TARGET_LINK,
} from '../neighbour-discovery.ts';
import {
  type Around,
  field8,
  field16,
  field32,
  type Ipv6Like,
  ipv6Field,
  type MacLike,
  macField,
  NO_BYTES,
  numberField,
} from './fields.ts';
import { buildIcmpv6 } from './icmp.ts';

/** Builders of neighbour discovery (RFC 4861). Options come before the payload. */

const UNSPECIFIED = new Uint8Array(16);
const NO_MAC = new Uint8Array(6);
const MAX32 = 0xffffffff;

interface Discovery {
  readonly code?: number;
  /** Default: computed. */
  readonly checksum?: number;
  /** Bytes of options, made by the functions below. */
  readonly options?: Uint8Array;
}

function build(
  type: number,
  fields: Discovery,
  rest: number,
  body: Uint8Array,
  payload: Uint8Array,
  around: Around,
): Uint8Array {
  const { code, checksum, options = NO_BYTES } = fields;
  const header = {
    type,
    rest,
    ...(code === undefined ? {} : { code }),
    ...(checksum === undefined ? {} : { checksum }),
  };
  return buildIcmpv6(header, concatBytes(body, options, payload), around);
}

export interface NeighbourSolicitationFields extends Discovery {
  readonly target?: Ipv6Like;
}

export function buildNeighbourSolicitation(
  fields: NeighbourSolicitationFields,
  payload: Uint8Array,
  around: Around = {},
): Uint8Array {
  const target = ipv6Field('neighbourSolicitation.target', fields.target, UNSPECIFIED);
  return build(ICMPV6_NEIGHBOUR_SOLICITATION, fields, 0, target, payload, around);
}

export interface NeighbourAdvertisementFields extends Discovery {
  readonly target?: Ipv6Like;
  readonly router?: boolean;
  readonly solicited?: boolean;
  readonly override?: boolean;
}

export function buildNeighbourAdvertisement(
  fields: NeighbourAdvertisementFields,
  payload: Uint8Array,
  around: Around = {},
): Uint8Array {
  const flags =
    (fields.router ? NA_ROUTER : 0) |
    (fields.solicited ? NA_SOLICITED : 0) |
    (fields.override ? NA_OVERRIDE : 0);
  const target = ipv6Field('neighbourAdvertisement.target', fields.target, UNSPECIFIED);
  return build(ICMPV6_NEIGHBOUR_ADVERTISEMENT, fields, flags << 24, target, payload, around);
}

export type RouterSolicitationFields = Discovery;

export function buildRouterSolicitation(
  fields: RouterSolicitationFields,
  payload: Uint8Array,
  around: Around = {},
): Uint8Array {
  return build(ICMPV6_ROUTER_SOLICITATION, fields, 0, NO_BYTES, payload, around);
}

export interface RouterAdvertisementFields extends Discovery {
  /** Default 64. */
  readonly hopLimit?: number;
  /** RA_MANAGED, RA_OTHER and others. */
  readonly flags?: number;
  /** Seconds, default 1800. */
  readonly lifetime?: number;
  /** Milliseconds. */
  readonly reachableTime?: number;
  /** Milliseconds. */
  readonly retransTimer?: number;
}

export function buildRouterAdvertisement(
  fields: RouterAdvertisementFields,
  payload: Uint8Array,
  around: Around = {},
): Uint8Array {
  const name = 'routerAdvertisement';
  const hopLimit = field8(`${name}.hopLimit`, fields.hopLimit, 64);
  const flags = field8(`${name}.flags`, fields.flags);
  const rest = (hopLimit << 24) | (flags << 16) | field16(`${name}.lifetime`, fields.lifetime, 1800);
  const body = new Uint8Array(8);
  set32(body, 0, field32(`${name}.reachableTime`, fields.reachableTime));
  set32(body, 4, field32(`${name}.retransTimer`, fields.retransTimer));
  return build(ICMPV6_ROUTER_ADVERTISEMENT, fields, rest, body, payload, around);
}

export interface RedirectFields extends Discovery {
  readonly target?: Ipv6Like;
  readonly destination?: Ipv6Like;
}

export function buildRedirect(fields: RedirectFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const target = ipv6Field('redirect.target', fields.target, UNSPECIFIED);
  const destination = ipv6Field('redirect.destination', fields.destination, UNSPECIFIED);
  return build(ICMPV6_REDIRECT, fields, 0, concatBytes(target, destination), payload, around);
}

/** The sender's link address. */
export function ndSourceLink(mac: MacLike): Uint8Array {
  return concatBytes(Uint8Array.of(ND_OPTION_SOURCE_LINK, 1), macField('sourceLink', mac, NO_MAC));
}

/** The target's link address. */
export function ndTargetLink(mac: MacLike): Uint8Array {
  return concatBytes(Uint8Array.of(ND_OPTION_TARGET_LINK, 1), macField('targetLink', mac, NO_MAC));
}

export function ndMtuOption(mtu: number): Uint8Array {
  const b = Uint8Array.of(ND_OPTION_MTU, 1, 0, 0, 0, 0, 0, 0);
  set32(b, 4, numberField('mtu', mtu, 0, MAX32));
  return b;
}

export interface NdPrefixFields {
  readonly prefix: Ipv6Like;
  /** Default 64. */
  readonly length?: number;
  /** Default on-link and autonomous. */
  readonly flags?: number;
  /** Seconds, default 2592000 (RFC 4861 section 6.2.1). */
  readonly validLifetime?: number;
  /** Seconds, default 604800. */
  readonly preferredLifetime?: number;
}

export function ndPrefixOption(fields: NdPrefixFields): Uint8Array {
  const b = new Uint8Array(32);
  b[0] = ND_OPTION_PREFIX;
  b[1] = 4;
  b[2] = numberField('prefix.length', fields.length, 64, 128);
  b[3] = field8('prefix.flags', fields.flags, 0xc0);
  set32(b, 4, field32('prefix.validLifetime', fields.validLifetime, 2592000));
  set32(b, 8, field32('prefix.preferredLifetime', fields.preferredLifetime, 604800));
  b.set(ipv6Field('prefix.prefix', fields.prefix, UNSPECIFIED), 16);
  return b;
}

/** The packet that a redirect is about, cut to a multiple of 8 bytes and 2032 at most. */
export function ndRedirectedOption(packet: Uint8Array): Uint8Array {
  const length = Math.min(packet.length & ~7, 2032);
  const b = new Uint8Array(8 + length);
  set16(b, 0, (ND_OPTION_REDIRECTED << 8) | (1 + length / 8));
  b.set(packet.subarray(0, length), 8);
  return b;
}
