import type { Packet } from '../../netfilter/packet.ts';
import type { Host } from '../host.ts';
import { FibResult4 } from '../routing/fib4.ts';
import { type Flow4, type Route4, SCOPE } from '../routing/route4.ts';
import { isZeronet } from '../routing/special4.ts';
import { destination, source, tosOf } from './header.ts';
import { nextHop } from './output.ts';

const result = new FibResult4();

/** The address from which a packet that has come is answered (net/ipv4/fib_frontend.c fib_compute_spec_dst). */
export function answerAddress(host: Host, packet: Packet): number {
  const route = packet.route as Route4;
  if (route.isLocal && !route.isBroadcast && !route.isMulticast) return destination(packet);
  const from = source(packet);
  if (isZeronet(from)) return host.routing4.sourceAddress(packet.inDevice, from, SCOPE.LINK);
  const flow = host.ipv4.newFlow();
  flow.destination = from;
  flow.tos = tosOf(packet) & 0xfc;
  flow.mark = host.interfaces.byIndex(packet.inDevice)?.srcValidMark ? packet.mark : 0;
  return preferredSource(host, flow) ?? host.routing4.sourceAddress(packet.inDevice, from, SCOPE.UNIVERSE);
}

/** The address of the interface that a forwarded packet leaves by (net/ipv4/route.c ip_rt_get_source). */
export function leavingAddress(host: Host, packet: Packet): number {
  const route = packet.route as Route4;
  const flow = host.ipv4.newFlow();
  flow.destination = destination(packet);
  flow.source = source(packet);
  flow.tos = tosOf(packet) & 0xfc;
  flow.mark = packet.mark;
  flow.inDevice = packet.inDevice;
  flow.outDevice = route.outDevice;
  const found = preferredSource(host, flow);
  return found ?? host.routing4.sourceAddress(route.outDevice, nextHop(route, packet), SCOPE.UNIVERSE);
}

/** The source that the route of a flow prefers; undefined if there is none (fib_result_prefsrc). */
function preferredSource(host: Host, flow: Flow4): number | undefined {
  const { routing4 } = host;
  if (routing4.lookup(flow, result) !== 0 || !result.entry || !result.hop) return undefined;
  return routing4.preferredSource(result.entry, result.hop);
}
