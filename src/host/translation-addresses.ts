import type { Family } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Host } from './host.ts';
import { nextHop } from './ipv4/output.ts';
import {
  ADDRESS_LINK_LOCAL,
  ADDRESS_LOOPBACK,
  ADDRESS_MAPPED,
  ADDRESS_MULTICAST,
  ADDRESS_SITE_LOCAL,
  addressKind,
  multicastScope,
} from './ipv6/address.ts';
import { type Route4, SCOPE } from './routing/route4.ts';
import { chooseSource6 } from './routing/source6.ts';

const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_OPTIMISTIC = 0x04;
const SCOPE_BITS = ADDRESS_LOOPBACK | ADDRESS_LINK_LOCAL | ADDRESS_SITE_LOCAL;
/** How the scope of a group shows among the kinds of an address (ipv6_addr_scope2type). */
const GROUP_SCOPES = new Map([
  [1, ADDRESS_LOOPBACK],
  [2, ADDRESS_LINK_LOCAL],
  [5, ADDRESS_SITE_LOCAL],
]);

/** See {@link Services.sourceAddress}. (net/netfilter/nf_nat_masquerade.c) */
export function masqueradeAddress(host: Host, packet: Packet, device: number): Uint8Array | undefined {
  const { bytes, network, family } = packet;
  if (family === 6) {
    const destination = bytes.subarray(network + 24, network + 40);
    return chooseSource6(host.interfaces.list(), host.interfaces.byIndex(device), destination);
  }
  const hop = nextHop(packet.route as Route4, packet);
  return bytesOf(host.routing4.sourceAddress(device, hop, SCOPE.UNIVERSE));
}

/** See {@link Services.ownAddress}. (net/netfilter/nf_nat_redirect.c) */
export function redirectAddress(host: Host, packet: Packet, device: number): Uint8Array | undefined {
  const own = host.interfaces.byIndex(device);
  if (own === undefined) return undefined;
  if (packet.family === 4) return bytesOf(own.addresses4[0]?.address ?? 0);
  const scope = scopeBits(packet.bytes, packet.network + 24);
  return own.addresses6.find(({ bytes, flags }) => {
    if ((flags & IFA_F_TENTATIVE) !== 0 && (flags & IFA_F_OPTIMISTIC) === 0) return false;
    const kind = addressKind(bytes, 0);
    return (kind & ADDRESS_MAPPED) === 0 && (scope === 0 || (kind & scope) !== 0);
  })?.bytes;
}

/** See {@link Services.proxyAddress}. */
export function proxyAddress(host: Host, family: Family, device: number): Uint8Array | undefined {
  const own = host.interfaces.byIndex(device);
  if (own === undefined) return undefined;
  if (family === 4) return bytesOf(own.addresses4.find(({ secondary }) => !secondary)?.address ?? 0);
  return own.addresses6.find(({ flags }) => (flags & (IFA_F_TENTATIVE | IFA_F_DEPRECATED)) === 0)?.bytes;
}

/** How far an address reaches, as bits of its kind; 0 for global ones (ipv6_addr_scope). */
function scopeBits(bytes: Uint8Array, at: number): number {
  const kind = addressKind(bytes, at);
  if ((kind & ADDRESS_MULTICAST) !== 0) return GROUP_SCOPES.get(multicastScope(bytes, at)) ?? 0;
  return kind & SCOPE_BITS;
}

function bytesOf(address: number): Uint8Array | undefined {
  if (address === 0) return undefined;
  return Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
}
