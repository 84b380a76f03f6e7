import type { Packet } from '../netfilter/packet.ts';
import { set32 } from '../wire/bytes.ts';
import type { Host } from './host.ts';
import type { Route4 } from './routing/route4.ts';
import { SCOPE } from './routing/route4.ts';

/** Scope bits of the kernel's address types (IPV6_ADDR_SCOPE_MASK). */
const SCOPE_MASK = 0xf0;

/**
 * The address that masquerading takes: of IPv4 one of the interface for talking to the next hop
 * (net/netfilter/nf_nat_masquerade.c); of IPv6 the one that the host itself would send from.
 */
export function masqueradeAddress(host: Host, packet: Packet, device: number): Uint8Array | undefined {
  const { bytes, network } = packet;
  if (packet.family === 6) {
    return host.routing6.sourceAddress(device, bytes.slice(network + 24, network + 40));
  }
  const route = packet.route as Route4 | undefined;
  const nextHop = route?.gateway || word(bytes, network + 16);
  return bytes4(host.routing4.sourceAddress(device, nextHop, SCOPE.UNIVERSE));
}

/**
 * The first address of an interface; of IPv6 the first that may talk to the packet's destination's scope.
 * (net/netfilter/nf_nat_redirect.c)
 */
export function redirectAddress(host: Host, packet: Packet, device: number): Uint8Array | undefined {
  const own = host.interfaces.byIndex(device);
  if (own === undefined) return undefined;
  if (packet.family === 4) return bytes4(own.addresses4[0]?.address ?? 0);
  const { bytes, network } = packet;
  const linkLocal = bytes[network + 24] === 0xfe && (bytes[network + 25]! & 0xc0) === 0x80;
  const wanted = linkLocal ? 0x20 : 0;
  return own.addresses6.find(({ scope }) => wanted === 0 || (scope & SCOPE_MASK & wanted) !== 0)?.bytes;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function bytes4(address: number): Uint8Array | undefined {
  if (address === 0) return undefined;
  const bytes = new Uint8Array(4);
  set32(bytes, 0, address);
  return bytes;
}
