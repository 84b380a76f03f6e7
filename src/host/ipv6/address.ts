import { isMulticast6 } from '../../wire/address.ts';

/** Kinds of an IPv6 address, bits that may be combined (ipv6_addr_type of net/ipv6/addrconf_core.c). */
export const ADDRESS_ANY = 0;
export const ADDRESS_UNICAST = 0x01;
export const ADDRESS_MULTICAST = 0x02;
export const ADDRESS_LOOPBACK = 0x10;
export const ADDRESS_LINK_LOCAL = 0x20;
export const ADDRESS_SITE_LOCAL = 0x40;
export const ADDRESS_COMPATIBLE = 0x80;
export const ADDRESS_MAPPED = 0x1000;

/** Scopes of multicast addresses (RFC 4291 section 2.7). */
export const SCOPE_INTERFACE_LOCAL = 1;
export const SCOPE_LINK_LOCAL = 2;

/** Length of an address in bytes. */
export const ADDRESS_LENGTH = 16;

/** `ff02::1` */
export const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** What kind of address lies at `at`: bits of ADDRESS_*, 0 for the unspecified address. */
export function addressKind(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const top = first & 0xe0;
  if (top !== 0 && top !== 0xe0) return ADDRESS_UNICAST;
  if (first === 0xff) return ADDRESS_MULTICAST;
  if (first === 0xfe) {
    const second = bytes[at + 1]! & 0xc0;
    if (second === 0x80) return ADDRESS_LINK_LOCAL | ADDRESS_UNICAST;
    if (second === 0xc0) return ADDRESS_SITE_LOCAL | ADDRESS_UNICAST;
  }
  if (word(bytes, at) !== 0 || word(bytes, at + 4) !== 0) return ADDRESS_UNICAST;
  const third = word(bytes, at + 8);
  if (third === 0xffff) return ADDRESS_MAPPED;
  if (third !== 0) return ADDRESS_UNICAST;
  const last = word(bytes, at + 12);
  if (last === 0) return ADDRESS_ANY;
  return last === 1 ? ADDRESS_LOOPBACK | ADDRESS_UNICAST : ADDRESS_COMPATIBLE | ADDRESS_UNICAST;
}

/** Scope of a multicast address, 0–15. */
export function multicastScope(bytes: Uint8Array, at: number): number {
  return bytes[at + 1]! & 15;
}

/** A solicited-node address, `ff02::1:ff00:0/104` (RFC 4291 section 2.7.1). */
export function isSolicitedNode(bytes: Uint8Array, at: number): boolean {
  return (
    word(bytes, at) === 0xff020000 >> 0 &&
    word(bytes, at + 4) === 0 &&
    word(bytes, at + 8) === 1 &&
    bytes[at + 12] === 0xff
  );
}

/** True if a kind of address means something only together with an interface (__ipv6_addr_needs_scope_id). */
export function needsInterface(bytes: Uint8Array, at: number): boolean {
  if (isMulticast6(bytes, at)) {
    const scope = multicastScope(bytes, at);
    return scope === SCOPE_INTERFACE_LOCAL || scope === SCOPE_LINK_LOCAL;
  }
  return (addressKind(bytes, at) & ADDRESS_LINK_LOCAL) !== 0;
}

/** True if routing must keep to an interface for this destination (rt6_need_strict). */
export function needsStrictRoute(bytes: Uint8Array, at: number): boolean {
  return (addressKind(bytes, at) & (ADDRESS_MULTICAST | ADDRESS_LINK_LOCAL | ADDRESS_LOOPBACK)) !== 0;
}

export function sameAddress(a: Uint8Array, atA: number, b: Uint8Array, atB: number): boolean {
  for (let i = 0; i < ADDRESS_LENGTH; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}
