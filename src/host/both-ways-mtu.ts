import type { Packet } from '../netfilter/packet.ts';
import { get32 } from '../wire/bytes.ts';
import type { Host } from './host.ts';
import { Flow4 } from './routing/route4.ts';
import { Flow6 } from './routing/route6.ts';

/** See {@link Services.bothWaysMtu}. (net/netfilter/xt_TCPMSS.c tcpmss_mangle_packet, tcpmss_reverse_mtu) */
export function bothWaysMtu(host: Host, packet: Packet): number {
  const way = packet.route?.mtu ?? Number.MAX_SAFE_INTEGER;
  return Math.min(way, returnMtu(host, packet));
}

/** MTU of the route that the host itself would take to the packet's sender; no limit if there is none. */
function returnMtu(host: Host, { bytes, network, family }: Packet): number {
  if (family === 4) {
    const flow = new Flow4();
    flow.destination = get32(bytes, network + 12) | 0;
    const route = host.routing4.output(flow);
    return typeof route === 'number' ? Number.MAX_SAFE_INTEGER : route.mtu;
  }
  const flow = new Flow6();
  flow.destination.set(bytes.subarray(network + 8, network + 24));
  const route = host.routing6.lookupOutput(flow);
  return route.error !== 0 ? Number.MAX_SAFE_INTEGER : route.mtu;
}
