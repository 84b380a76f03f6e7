import { PACKET_LOOPBACK } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import { REVERSE_PATH, ROUTE_TYPE } from '../netfilter/services.ts';
import { isUnspecified6 } from '../wire/address.ts';
import { get32 } from '../wire/bytes.ts';
import { isUnicast6 } from '../xtables/unicast6.ts';
import type { Host } from './host.ts';
import type { Interface } from './interface.ts';
import { FibResult4 } from './routing/fib4.ts';
import { Flow4, PROTOCOL } from './routing/route4.ts';
import { Flow6 } from './routing/route6.ts';
import { isLimitedBroadcast, isMulticast4, isZeronet } from './routing/special4.ts';

/** See {@link Services.reversePath}. */
export function reversePath(host: Host): ReversePath {
  const flow4 = new Flow4();
  const found4 = new FibResult4();
  const flow6 = new Flow6();

  /** net/ipv4/netfilter/ipt_rpfilter.c rpfilter_mt, rpfilter_lookup_reverse */
  const look4 = (packet: Packet, device: Interface, mark: number, acceptLocal: boolean): number => {
    const { bytes, network } = packet;
    const source = get32(bytes, network + 12);
    const destination = get32(bytes, network + 16);
    // Such packets ask for an address: there is no way back to them yet.
    if (isZeronet(source) && (isLimitedBroadcast(destination) || isLinkLocalGroup(destination))) {
      return REVERSE_PATH.FITS;
    }
    const flow = flow4.reset();
    flow.destination = source;
    const replies = isMulticast4(destination) || isLimitedBroadcast(destination) || isZeronet(destination);
    flow.source = replies ? 0 : destination;
    flow.mark = mark;
    flow.tos = bytes[network + 1]! & 0xfc;
    if (host.routing4.lookup(flow, found4) !== 0) return REVERSE_PATH.NO_ROUTE;
    const { type, nextHops } = found4.entry!;
    if (type !== ROUTE_TYPE.UNICAST && (type !== ROUTE_TYPE.LOCAL || !acceptLocal)) {
      return REVERSE_PATH.NOT_UNICAST;
    }
    for (let i = 0; i < nextHops.length; i++) {
      if (nextHops[i]!.device === device.index) return REVERSE_PATH.FITS;
    }
    return REVERSE_PATH.OTHER_INTERFACE;
  };

  /** net/ipv6/netfilter/ip6t_rpfilter.c rpfilter_lookup_reverse6 */
  const look6 = (
    packet: Packet,
    device: Interface,
    mark: number,
    acceptLocal: boolean,
    loose: boolean,
  ): number => {
    const { bytes, network } = packet;
    const flow = flow6.reset();
    flow.destination.set(bytes.subarray(network + 8, network + 24));
    if (isUnspecified6(flow.destination)) return REVERSE_PATH.FITS;
    if (isUnicast6(bytes, network + 24)) flow.source.set(bytes.subarray(network + 24, network + 40));
    flow.mark = mark;
    flow.flowLabel = get32(bytes, network) & 0x0fffffff;
    flow.protocol = bytes[network + 6]!;
    const linkLocal = flow.destination[0] === 0xfe && (flow.destination[1]! & 0xc0) === 0x80;
    if (linkLocal || !loose) flow.outDevice = device.index;
    const route = host.routing6.matchDevice(flow, linkLocal);
    if (route.error !== 0) return REVERSE_PATH.NO_ROUTE;
    // Only the kernel's own anycast addresses are marked as such (RTF_ANYCAST), not an administrator's routes.
    if (route.type === ROUTE_TYPE.ANYCAST && route.entry?.protocol === PROTOCOL.KERNEL) {
      return REVERSE_PATH.NOT_UNICAST;
    }
    // The host's own addresses count on every interface, other than in IPv4.
    if (route.type === ROUTE_TYPE.LOCAL) return acceptLocal ? REVERSE_PATH.FITS : REVERSE_PATH.NOT_UNICAST;
    return route.device === device.index ? REVERSE_PATH.FITS : REVERSE_PATH.OTHER_INTERFACE;
  };

  return (packet, index, mark, loose, acceptLocal) => {
    const device = host.interfaces.byIndex(index);
    if (!device || device.loopback || packet.type === PACKET_LOOPBACK) return REVERSE_PATH.FITS;
    const answer =
      packet.family === 4
        ? look4(packet, device, mark, acceptLocal)
        : look6(packet, device, mark, acceptLocal, loose);
    return loose && answer === REVERSE_PATH.OTHER_INTERFACE ? REVERSE_PATH.FITS : answer;
  };
}

type ReversePath = (
  packet: Packet,
  device: number,
  mark: number,
  loose: boolean,
  acceptLocal: boolean,
) => number;

/** 224.0.0.0/24 (ipv4_is_local_multicast) */
function isLinkLocalGroup(address: number): boolean {
  return (address & 0xffffff00) === 224 << 24;
}
