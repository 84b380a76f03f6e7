import {
  INPUT,
  PACKET_BROADCAST,
  PACKET_LOOPBACK,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  PREROUTING,
} from '../../netfilter/constants.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { isLoopback6, isMulticast6 } from '../../wire/address.ts';
import { get16 } from '../../wire/bytes.ts';
import { demultiplexEarly } from '../early-demux.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import type { Route6 } from '../routing/route6.ts';
import { multicastScope, SCOPE_INTERFACE_LOCAL } from './address.ts';
import {
  DESTINATION,
  DESTINATION_OPTIONS,
  FRAGMENT,
  HEADER_LENGTH,
  HOP_BY_HOP,
  ICMPV6,
  NEXT_HEADER,
  NO_NEXT_HEADER,
  PAYLOAD_LENGTH,
  PIM,
  RAW,
  ROUTING,
  SOURCE,
  TCP,
  UDP,
  UDP_LITE,
} from './headers.ts';
import { ICMP6, PARAMETER_PROBLEM, UNREACHABLE } from './icmp-types.ts';
import { isMember } from './own-addresses.ts';
import { nextHeaderAt, setNextHeaderAt } from './state.ts';

/** The way in: checks, PREROUTING, routing, INPUT, extension headers, protocols (net/ipv6/ip6_input.c). */
export class Input6 {
  readonly #host: Host;
  readonly #prerouted: Continuation = (packet) => this.#route(packet);
  readonly #admitted: Continuation = (packet) => this.#handle(packet);

  constructor(host: Host) {
    this.#host = host;
  }

  /** A packet comes in; its IPv6 header begins at `packet.network` (ipv6_rcv). */
  receive(packet: Packet, iface: Interface): void {
    const wrong = check(packet, iface);
    if (wrong !== undefined) {
      this.#host.drop(packet, 'IPv6 header', wrong);
      return;
    }
    if (packet.bytes[packet.network + NEXT_HEADER] === HOP_BY_HOP) {
      if (!this.#host.ipv6.extensions.hopByHop(packet)) return;
    }
    this.#host.hooks.run(packet, 6, PREROUTING, iface.index, 0, this.#prerouted);
  }

  /** What this host sent to itself keeps the route it left by (ip6_rcv_finish_core). */
  #route(packet: Packet): number {
    const host = this.#host;
    const { listener } = host.ipv6.tcp;
    if (!packet.route && (packet.control !== undefined || listener.busy)) {
      demultiplexEarly(host, packet, packet.bytes[packet.network + NEXT_HEADER]!, listener);
    }
    const { route } = packet;
    return this.dispatch(packet, route ? (route as Route6) : host.routing6.input(packet));
  }

  /** Where the route leads (dst_input). */
  dispatch(packet: Packet, route: Route6): number {
    packet.route = route;
    if (route.error !== 0) return this.#refuse(packet, route);
    if (route.kind === 'multicast') return this.#multicast(packet);
    if (route.kind === 'deliver') return this.deliver(packet);
    return this.#host.ipv6.forward.forward(packet);
  }

  /** ip6_mc_input */
  #multicast(packet: Packet): number {
    const host = this.#host;
    const device = host.interfaces.byIndex(host.ipv6.realDevice(packet, packet.inDevice));
    if (device && isMember(device, packet.bytes, packet.network + DESTINATION)) return this.deliver(packet);
    host.drop(packet, 'routing', 'a multicast group that nobody here listens to');
    return 0;
  }

  /** blackhole: without a word; otherwise the sender is told (ip6_pkt_drop). */
  #refuse(packet: Packet, route: Route6): number {
    const host = this.#host;
    if (route.kind !== 'blackhole') {
      const code = route.kind === 'prohibit' ? UNREACHABLE.PROHIBITED : UNREACHABLE.NO_ROUTE;
      host.ipv6.errors.send(packet, ICMP6.UNREACHABLE, code, 0);
    }
    host.drop(packet, 'routing', route.why);
    return 0;
  }

  /** The packet is for this host: INPUT (ip6_input). */
  deliver(packet: Packet): number {
    return this.#host.hooks.run(packet, 6, INPUT, packet.inDevice, 0, this.#admitted);
  }

  /** From header to header until one takes the packet (ip6_protocol_deliver_rcu). */
  #handle(packet: Packet): number {
    while (packet.transport <= packet.end) {
      if (!this.#header(packet)) return 0;
    }
    this.#host.drop(packet, 'input', 'cut off behind an extension header');
    return 0;
  }

  /** Handles the header at `transport`; true if another one follows. */
  #header(packet: Packet): boolean {
    const { ipv6, observer, pool } = this.#host;
    const { extensions } = ipv6;
    const field = nextHeaderAt(packet);
    const next = packet.bytes[packet.network + field]!;
    switch (next) {
      case DESTINATION_OPTIONS:
        return extensions.destinationOptions(packet);
      case ROUTING:
        return extensions.routing(packet);
      case FRAGMENT:
        return extensions.fragment(packet);
      case ICMPV6:
        ipv6.icmp.receive(packet);
        return false;
      case TCP:
        ipv6.tcp.receive(packet);
        return false;
      case UDP:
      case UDP_LITE:
        ipv6.udp.receive(packet, next);
        return false;
      case NO_NEXT_HEADER:
        this.#host.drop(packet, 'input', 'no next header');
        return false;
      case PIM:
        observer?.deliver?.(packet, 'the host itself: multicast routing, ignored');
        pool.release(packet);
        return false;
      case RAW:
        if (ipv6.local.rawSockets === 0) break;
        // The very socket that a process sends raw packets by takes what comes for "protocol 255".
        observer?.deliver?.(packet, 'the raw socket of the sender');
        pool.release(packet);
        return false;
    }
    return extensions.problem(packet, PARAMETER_PROBLEM.NEXT_HEADER, field, `nobody speaks protocol ${next}`);
  }
}

/** What is wrong with a packet as it came (ip6_rcv_core); the padding of the frame is cut off. */
function check(packet: Packet, iface: Interface): string | undefined {
  const { bytes, network, type } = packet;
  if (type === PACKET_OTHERHOST) return 'a frame for another station';
  if (iface.disabled6) return 'IPv6 is disabled on the interface';
  if (packet.length < HEADER_LENGTH) return 'cut off';
  if (bytes[network]! >> 4 !== 6) return `version ${bytes[network]! >> 4}`;
  const source = network + SOURCE;
  const destination = network + DESTINATION;
  if (!iface.loopback && (isLoopback6(bytes, source) || isLoopback6(bytes, destination))) {
    return 'a loopback address from outside';
  }
  if (isMulticast6(bytes, destination)) {
    const scope = multicastScope(bytes, destination);
    if (scope === 0) return 'multicast of the reserved scope 0';
    if (scope === SCOPE_INTERFACE_LOCAL && type !== PACKET_LOOPBACK && !iface.loopback) {
      return 'interface-local multicast from outside';
    }
  } else if (type === PACKET_BROADCAST || type === PACKET_MULTICAST) {
    if (iface.conf6.drop_unicast_in_l2_multicast !== 0) return 'unicast in a broadcast or multicast frame';
  }
  if (isMulticast6(bytes, source)) return 'a multicast source address';
  // What the packet brought from its way out of this host, if it came by lo.
  packet.flags = 0;
  packet.fragmentMax = 0;
  packet.control = undefined;
  packet.sender = undefined;
  packet.transport = network + HEADER_LENGTH;
  setNextHeaderAt(packet, NEXT_HEADER);
  const payload = get16(bytes, network + PAYLOAD_LENGTH);
  // A payload length of 0 may mean that a jumbo payload option tells it.
  if (payload !== 0 || bytes[network + NEXT_HEADER] !== HOP_BY_HOP) {
    if (HEADER_LENGTH + payload > packet.length) {
      return `says ${payload} bytes of payload, has ${packet.length - HEADER_LENGTH}`;
    }
    packet.end = network + HEADER_LENGTH + payload;
  }
  return undefined;
}
