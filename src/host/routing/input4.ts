import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get32, set32 } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import type { Exceptions4 } from './exceptions4.ts';
import { FibResult4, network } from './fib4.ts';
import type { RouteMaker4 } from './made4.ts';
import type { MultipathHash } from './multipath.ts';
import { type FibEntry4, Flow4, type NextHop4, type Route4 } from './route4.ts';
import type { SourceCheck4 } from './source-check4.ts';
import { dotted, isLimitedBroadcast, isLoopback4, isMulticast4, isZeronet } from './special4.ts';
import type { Tables4 } from './tables4.ts';

const EHOSTUNREACH = -113;
/** IPSKB_DOREDIRECT, as the IPv4 path reads it in `packet.flags`. */
const REDIRECT_FLAG = 1 << 5;

/** Where packets that come in go (net/ipv4/route.c ip_route_input_slow). */
export class InputRouting4 {
  readonly #host: Host;
  readonly #tables: Tables4;
  readonly #check: SourceCheck4;
  readonly #exceptions: Exceptions4;
  readonly #make: RouteMaker4;
  readonly #hash: MultipathHash;
  readonly #result = new FibResult4();
  readonly #flow = new Flow4();
  #probing = false;

  constructor(
    host: Host,
    tables: Tables4,
    check: SourceCheck4,
    exceptions: Exceptions4,
    make: RouteMaker4,
    hash: MultipathHash,
  ) {
    this.#host = host;
    this.#tables = tables;
    this.#check = check;
    this.#exceptions = exceptions;
    this.#make = make;
    this.#hash = hash;
  }

  /**
   * The route of a packet that came in (ip_route_input_slow). Sets `packet.route`. A source or destination that may
   * not be ends the packet here; then the answer is undefined.
   */
  input(packet: Packet): Route4 | undefined {
    const { bytes, network: at } = packet;
    const source = get32(bytes, at + 12);
    const destination = get32(bytes, at + 16);
    const device = this.#host.interfaces.byIndex(packet.inDevice);
    if (!device) return this.#refuse(packet, 'the interface is gone');
    const route = isMulticast4(destination)
      ? this.#multicastInput(packet, device, source, destination)
      : this.#unicastInput(packet, device, source, destination, bytes[at + 1]!);
    if (route) {
      packet.route = route;
      this.#host.observer?.route?.(packet, route, route.why);
    }
    return route;
  }

  #unicastInput(
    packet: Packet,
    device: Interface,
    source: number,
    destination: number,
    tos: number,
  ): Route4 | undefined {
    if (isMulticast4(source) || isLimitedBroadcast(source)) return this.#martianSource(packet, device);
    if (isLimitedBroadcast(destination) || (source === 0 && destination === 0)) {
      return this.#broadcastInput(packet, device, source, tos);
    }
    if (isZeronet(source)) return this.#martianSource(packet, device);
    if (isZeronet(destination)) return this.#martianDestination(packet, device);
    if (isLoopback4(destination)) {
      if (!device.routeLocalnet) return this.#martianDestination(packet, device);
    } else if (isLoopback4(source) && !device.routeLocalnet) {
      return this.#martianSource(packet, device);
    }
    const flow = this.#flow.reset();
    flow.destination = destination;
    flow.source = source;
    flow.tos = tos & 0xfc;
    flow.mark = packet.mark;
    flow.inDevice = device.index;
    this.#ports(flow, packet);
    const result = this.#result;
    const error = this.#tables.lookup(flow, result);
    if (error !== 0) return this.#make.failed(device.forwarding4 ? error : EHOSTUNREACH, result.entry);
    const { entry, hop, hopIndex, ruleRealm } = result;
    if (entry!.type === ROUTE_TYPE.BROADCAST && !device.bcForwarding) {
      return this.#broadcastInput(packet, device, source, tos);
    }
    if (entry!.type === ROUTE_TYPE.LOCAL) {
      if (this.#check.validate(packet.mark, source, destination, tos, 0, device) < 0) {
        return this.#martianSource(packet, device);
      }
      return this.#make.local(entry!, this.#check.realm);
    }
    if (!device.forwarding4) return this.#make.failed(EHOSTUNREACH, undefined);
    if (entry!.type !== ROUTE_TYPE.UNICAST && entry!.type !== ROUTE_TYPE.BROADCAST) {
      return this.#martianDestination(packet, device);
    }
    let chosen = hop!;
    let index = hopIndex;
    if (entry!.nextHops.length > 1) {
      index = this.#hash.choose(entry!.nextHops, packet, flow);
      chosen = entry!.nextHops[index]!;
    }
    return this.#forward(packet, device, source, destination, tos, entry!, chosen, index, ruleRealm);
  }

  /** __mkroute_input */
  #forward(
    packet: Packet,
    device: Interface,
    source: number,
    destination: number,
    tos: number,
    entry: FibEntry4,
    hop: NextHop4,
    index: number,
    ruleRealm: number,
  ): Route4 | undefined {
    const validity = this.#check.validate(packet.mark, source, destination, tos, hop.device, device);
    if (validity < 0) return this.#martianSource(packet, device);
    if (hop.device === device.index && validity === 1 && device.sendRedirects) {
      if (device.sharedMedia || onLink(device, source, hop.gateway)) packet.flags |= REDIRECT_FLAG;
    }
    const exception = this.#exceptions.find(destination);
    return this.#make.onward('forward', entry, hop, index, exception, ruleRealm, this.#check.realm);
  }

  #multicastInput(
    packet: Packet,
    device: Interface,
    source: number,
    destination: number,
  ): Route4 | undefined {
    const tos = packet.bytes[packet.network + 1]!;
    if (!device.groups4.has(destination))
      return this.#refuse(packet, 'a multicast group that nobody here listens to');
    // ip_mc_validate_source
    let realm = 0;
    if (isMulticast4(source) || isLimitedBroadcast(source))
      return this.#refuse(packet, 'a source that may not be');
    if (isLoopback4(source) && !device.routeLocalnet)
      return this.#refuse(packet, 'a loopback source from outside');
    if (isZeronet(source)) {
      const local = (destination & 0xffffff00) === 224 << 24;
      if (!local && packet.bytes[packet.network + 9] !== 2) {
        return this.#refuse(packet, 'source 0.0.0.0 to a multicast group that is not local');
      }
    } else if (this.#check.validate(packet.mark, source, 0, tos, 0, device) < 0) {
      return this.#refuse(packet, 'reverse path filter: the source is not to be reached by this interface');
    } else realm = this.#check.realm;
    return this.#make.multicast(device.index, true, 0, realm);
  }

  #broadcastInput(packet: Packet, device: Interface, source: number, tos: number): Route4 | undefined {
    if (isZeronet(source)) return this.#make.broadcast(device.index, 0, 0);
    if (this.#check.validate(packet.mark, source, 0, tos, 0, device) < 0) {
      return this.#martianSource(packet, device);
    }
    return this.#make.broadcast(device.index, 0, this.#check.realm);
  }

  #ports(flow: Flow4, packet: Packet): void {
    const { bytes, network: at, end } = packet;
    flow.protocol = bytes[at + 9]!;
    const transport = at + (bytes[at]! & 15) * 4;
    const portless = ((bytes[at + 6]! & 0x1f) | bytes[at + 7]!) !== 0 || transport + 4 > end;
    if (portless || !hasPorts(flow.protocol)) return;
    flow.sourcePort = (bytes[transport]! << 8) | bytes[transport + 1]!;
    flow.destinationPort = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
  }

  /**
   * Where a packet from `source` to `destination` that came in by `device` would go; undefined if it may not be. Ends
   * nobody's way: it is ARP that asks (ip_route_input_noref without a packet of its own).
   */
  probe(source: number, destination: number, device: Interface): Route4 | undefined {
    const packet = this.#host.pool.acquire();
    packet.inDevice = device.index;
    packet.resize(20);
    const { bytes, network: at } = packet;
    bytes.fill(0, at, at + 20);
    bytes[at] = 0x45;
    set32(bytes, at + 12, source);
    set32(bytes, at + 16, destination);
    this.#probing = true;
    try {
      return isMulticast4(destination)
        ? undefined
        : this.#unicastInput(packet, device, source, destination, 0);
    } finally {
      this.#probing = false;
      this.#host.pool.release(packet);
    }
  }

  #refuse(packet: Packet, reason: string): undefined {
    if (!this.#probing) this.#host.drop(packet, 'routing', reason);
    return undefined;
  }

  #martianSource(packet: Packet, device: Interface): undefined {
    const source = get32(packet.bytes, packet.network + 12);
    const destination = get32(packet.bytes, packet.network + 16);
    if (device.logMartians) {
      const text = `martian source ${dotted(destination)} from ${dotted(source)}, on dev ${device.name}`;
      this.#host.services.log(4, `IPv4: ${text}`);
    }
    const reason =
      device.rpFilter > 0 && !isMulticast4(source) && !isLimitedBroadcast(source) && !isZeronet(source)
        ? `martian source ${dotted(source)}: reverse path filter, or one of the host's own addresses`
        : `martian source ${dotted(source)}`;
    return this.#refuse(packet, reason);
  }

  #martianDestination(packet: Packet, device: Interface): undefined {
    const source = get32(packet.bytes, packet.network + 12);
    const destination = get32(packet.bytes, packet.network + 16);
    if (device.logMartians) {
      const text = `martian destination ${dotted(destination)} from ${dotted(source)}, dev ${device.name}`;
      this.#host.services.log(4, `IPv4: ${text}`);
    }
    return this.#refuse(packet, `martian destination ${dotted(destination)}`);
  }
}

function hasPorts(protocol: number): boolean {
  return protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33 || protocol === 136;
}

/** Are both addresses in a network of the interface? (inet_addr_onlink) */
function onLink(device: Interface, a: number, b: number): boolean {
  return device.addresses4.some(
    ({ peer, prefixLength, secondary }) =>
      !secondary &&
      network(peer ^ a, prefixLength) === 0 &&
      (b === 0 || network(peer ^ b, prefixLength) === 0),
  );
}
