import type { Host } from '../host/host.ts';
import { VALID } from '../host/neighbours/states.ts';
import { Flow4 } from '../host/routing/route4.ts';
import type { Macs } from './packet-language/index.ts';

/** The neighbour from which a packet comes if nobody who could have sent it is known. */
const STRANGER = Uint8Array.of(0x02, 0xfe, 0, 0, 0, 0x01);

/** The hardware addresses of a frame that brings a packet to a device. */
export function macsFor(host: Host, device: string, packet: Uint8Array | undefined): Macs {
  const { mac, index, addresses4 } = host.interfaces.require(device);
  const isToAll = addresses4.some(({ broadcast }) => broadcast !== 0 && broadcast === destination4(packet));
  return {
    destination: isToAll ? new Uint8Array(6).fill(255) : mac,
    source: sourceMacFor(host, index, packet),
  };
}

function destination4(packet: Uint8Array | undefined): number {
  if (!packet || packet.length < 20 || packet[0]! >> 4 !== 4) return 0;
  return read32(packet, 16);
}

/**
 * The hardware address from which a packet would reach a device: that of the neighbour that has the source address,
 * or of the gateway on the way back to it; a stranger's if neither is known.
 */
function sourceMacFor(host: Host, device: number, packet: Uint8Array | undefined): Uint8Array {
  const version = (packet?.[0] ?? 0) >> 4;
  if (packet && version === 4 && packet.length >= 20)
    return macOf4(host, device, read32(packet, 12)) ?? STRANGER;
  if (packet && version === 6 && packet.length >= 40)
    return macOf6(host, device, packet.slice(8, 24)) ?? STRANGER;
  return STRANGER;
}

function macOf4(host: Host, device: number, source: number): Uint8Array | undefined {
  const direct = knownMac(host.neighbours.table.find4(device, source));
  if (direct) return direct;
  const flow = new Flow4();
  flow.destination = source;
  flow.outDevice = device;
  const route = host.routing4.output(flow);
  if (typeof route === 'number' || route.gateway === 0) return undefined;
  return knownMac(host.neighbours.table.find4(device, route.gateway));
}

function macOf6(host: Host, device: number, source: Uint8Array): Uint8Array | undefined {
  const direct = knownMac(host.neighbours.table.find6(device, source, 0));
  if (direct) return direct;
  const flow = host.ipv6.newFlow();
  flow.destination.set(source);
  flow.outDevice = device;
  const route = host.routing6.output(flow);
  if (typeof route === 'number' || !route.gateway) return undefined;
  return knownMac(host.neighbours.table.find6(device, route.gateway, 0));
}

function knownMac(
  neighbour: { readonly state: number; readonly mac: Uint8Array } | undefined,
): Uint8Array | undefined {
  return neighbour && (neighbour.state & VALID) !== 0 ? neighbour.mac : undefined;
}

function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
