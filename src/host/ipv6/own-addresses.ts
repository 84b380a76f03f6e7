import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import type { Route6 } from '../routing/route6.ts';
import { ADDRESS_LINK_LOCAL, addressKind, sameAddress } from './address.ts';

/** A subnet of this length or longer has no anycast address of its routers (RFC 6164). */
const POINT_TO_POINT = 127;
const SCOPE_LINK = 0x20;

/** True if any interface of the host has the address at `at` (ipv6_chk_addr without an interface). */
export function isOwnAddress(host: Host, bytes: Uint8Array, at: number): boolean {
  for (const device of host.interfaces.list()) if (ownAddressOn(device, bytes, at)) return true;
  return false;
}

/** True if this interface has the address at `at`. */
export function ownAddressOn(device: Interface, bytes: Uint8Array, at: number): boolean {
  for (const address of device.addresses6) if (sameAddress(address.bytes, 0, bytes, at)) return true;
  return false;
}

/**
 * True if the address at `at` is one that all routers of a subnet share, and this host is one of them (RFC 4291 section
 * 2.6.1). A link-local one is looked for only on the interface `device`. (ipv6_chk_acast_addr_src, addrconf_join_anycast)
 */
export function isOwnAnycast(host: Host, bytes: Uint8Array, at: number, device: number): boolean {
  const linkLocal = (addressKind(bytes, at) & ADDRESS_LINK_LOCAL) !== 0;
  for (const candidate of host.interfaces.list()) {
    if (linkLocal && candidate.index !== device) continue;
    if (anycastOn(candidate, bytes, at)) return true;
  }
  return false;
}

/** The same for one interface only (ipv6_chk_acast_addr). */
export function anycastOn(device: Interface, bytes: Uint8Array, at: number): boolean {
  if (!device.forwarding6) return false;
  for (const { bytes: address, prefixLength } of device.addresses6) {
    if (prefixLength > 0 && prefixLength < POINT_TO_POINT && isNetwork(address, prefixLength, bytes, at))
      return true;
  }
  return false;
}

/**
 * True if a route leads to an address that several hosts share, be it that its destination is the very address of a
 * network on the link: the anycast address of that network's routers (ipv6_anycast_destination).
 */
export function leadsToAnycast(route: Route6, bytes: Uint8Array, at: number): boolean {
  if (route.type === ROUTE_TYPE.ANYCAST) return true;
  const { entry, gateway, prefixLength } = route;
  if (!entry || gateway || prefixLength >= POINT_TO_POINT) return false;
  return sameAddress(entry.destination, 0, bytes, at);
}

/** True if the address at `at` is that of the network of `address`: all bits behind the prefix are 0. */
function isNetwork(address: Uint8Array, prefixLength: number, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 16; i++) {
    const bits = Math.min(8, Math.max(0, prefixLength - 8 * i));
    const mask = (0xff00 >> bits) & 0xff;
    if (bytes[at + i] !== (address[i]! & mask)) return false;
  }
  return true;
}

/** True if the address at `at` lies in a subnet of the interface (ipv6_chk_prefix). */
export function isOnSubnet(device: Interface, bytes: Uint8Array, at: number): boolean {
  return device.addresses6.some(({ bytes: address, prefixLength }) => {
    for (let i = 0; i < 16; i++) {
      const bits = Math.min(8, Math.max(0, prefixLength - 8 * i));
      if (((address[i]! ^ bytes[at + i]!) & (0xff00 >> bits) & 0xff) !== 0) return false;
    }
    return true;
  });
}

/** The link-local address of an interface; undefined if it has none (ipv6_get_lladdr). */
export function linkLocalOf(device: Interface): Uint8Array | undefined {
  for (const address of device.addresses6) if (address.scope === SCOPE_LINK) return address.bytes;
  return undefined;
}

/** True if the interface listens to the multicast group at `at` (ipv6_chk_mcast_addr). */
export function isMember(device: Interface, bytes: Uint8Array, at: number): boolean {
  for (const group of device.groups6) if (sameAddress(group, 0, bytes, at)) return true;
  return false;
}
