import { OUTPUT, PACKET_LOOPBACK, POSTROUTING } from '../../netfilter/constants.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import { KERNEL_SENDER, type Packet } from '../../netfilter/packet.ts';
import { isMulticast6 } from '../../wire/address.ts';
import { set16, set32 } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import type { Flow6, Route6 } from '../routing/route6.ts';
import { multicastScope, SCOPE_INTERFACE_LOCAL } from './address.ts';
import { checksum6 } from './checksum.ts';
import { fragment } from './fragment.ts';
import {
  DESTINATION,
  HEADER_LENGTH,
  HOP_LIMIT,
  ICMPV6,
  MAX_PAYLOAD,
  NEXT_HEADER,
  SOURCE,
} from './headers.ts';
import { isMember } from './own-addresses.ts';
import { NEIGHBOUR_MESSAGE, setNextHeaderAt } from './state.ts';

/** The way out: OUTPUT, POSTROUTING, fragmenting, neighbour (net/ipv6/ip6_output.c). */
export class Output6 {
  readonly #host: Host;
  /** From the route on: POSTROUTING and out (ip6_output). What comes behind OUTPUT and FORWARD. */
  readonly send: Continuation = (packet) => this.#send(packet);
  readonly #finish: Continuation = (packet) => this.#fit(packet);
  readonly #loop: Continuation = (packet) => this.#loopBack(packet);

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * A packet of this host's own with its IPv6 header, and `payload` bytes of room behind it at `transport`. `cause` is
   * the id of the packet that it answers, 0 if it answers none.
   */
  prepare(
    cause: number,
    flow: Flow6,
    route: Route6,
    payload: number,
    protocol: number,
    trafficClass: number,
  ): Packet {
    const host = this.#host;
    const packet = host.pool.acquire();
    packet.family = 6;
    packet.etherType = 0x86dd;
    packet.resize(HEADER_LENGTH + payload);
    packet.transport = packet.network + HEADER_LENGTH;
    packet.mark = flow.mark;
    packet.route = route;
    packet.cause = cause;
    const { bytes, network } = packet;
    set32(bytes, network, (0x60000000 | (trafficClass << 20) | host.ipv6.flowLabel(flow)) >>> 0);
    bytes[network + NEXT_HEADER] = protocol;
    bytes[network + HOP_LIMIT] = this.hopLimit(route);
    bytes.set(flow.source, network + SOURCE);
    bytes.set(flow.destination, network + DESTINATION);
    return packet;
  }

  /** The hop limit of what this host sends on a route (ip6_dst_hoplimit). */
  hopLimit(route: Route6): number {
    if (route.hopLimit > 0) return route.hopLimit;
    return this.#host.ipv6.settings.hopLimit(route.outDevice);
  }

  /** Completes an ICMPv6 message whose body is in place, and sends it. */
  sendIcmp(packet: Packet, type: number, code: number, rest: number, why: string): number {
    const { bytes, network, transport, end } = packet;
    bytes[transport] = type;
    bytes[transport + 1] = code;
    set16(bytes, transport + 2, 0);
    set32(bytes, transport + 4, rest);
    set16(bytes, transport + 2, checksum6(bytes, network, transport, end, ICMPV6));
    packet.ignoreDf = true;
    packet.sender = KERNEL_SENDER;
    this.#host.observer?.create?.(packet, why);
    return this.local(packet);
  }

  /** A packet that has its route passes OUTPUT (ip6_local_out). 0, or a negative error number. */
  local(packet: Packet): number {
    const payload = packet.length - HEADER_LENGTH;
    set16(packet.bytes, packet.network + 4, payload > MAX_PAYLOAD ? 0 : payload);
    return this.localAsItIs(packet);
  }

  /** The same for one whose header is not to be touched. */
  localAsItIs(packet: Packet): number {
    setNextHeaderAt(packet, NEXT_HEADER);
    return this.#host.hooks.run(packet, 6, OUTPUT, 0, packet.route!.outDevice, this.send);
  }

  #send(packet: Packet): number {
    const host = this.#host;
    const route = packet.route as Route6;
    const { outDevice } = route;
    // A neighbour discovery message knows its interface from the start (ndisc_alloc_skb).
    const inDevice = (packet.flags & NEIGHBOUR_MESSAGE) !== 0 ? outDevice : packet.inDevice;
    packet.outDevice = outDevice;
    if (host.ipv6.settings.disabled(route.device)) {
      host.drop(packet, 'output', 'IPv6 is disabled on the interface');
      return 0;
    }
    return host.hooks.run(packet, 6, POSTROUTING, inDevice, outDevice, this.#finish);
  }

  #fit(packet: Packet): number {
    const mtu = packet.route!.mtu;
    const length = packet.length;
    if (length > mtu || (packet.fragmentMax !== 0 && length > packet.fragmentMax)) {
      return fragment(this.#host, packet, mtu, this.toNeighbour);
    }
    return this.toNeighbour(packet);
  }

  /** ip6_finish_output2 */
  readonly toNeighbour: Continuation = (packet) => {
    const host = this.#host;
    const { bytes, network } = packet;
    const route = packet.route as Route6;
    const destination = network + DESTINATION;
    if (isMulticast6(bytes, destination)) {
      const device = host.interfaces.byIndex(packet.outDevice);
      if (device && !device.loopback) {
        if ((packet.flags & NEIGHBOUR_MESSAGE) === 0 && isMember(device, bytes, destination)) {
          const copy = host.pool.acquire();
          const { id } = copy;
          copy.copyFrom(packet);
          copy.id = id;
          copy.cause = packet.id;
          // A copy belongs to no socket (skb_clone).
          copy.sender = undefined;
          host.hooks.run(copy, 6, POSTROUTING, 0, packet.outDevice, this.#loop);
          if (bytes[network + HOP_LIMIT] === 0) {
            host.drop(packet, 'output', 'hop limit 0: for this host only');
            return 0;
          }
        }
        if (multicastScope(bytes, destination) <= SCOPE_INTERFACE_LOCAL) {
          host.drop(packet, 'output', 'multicast of a scope that does not leave the host');
          return 0;
        }
      }
    }
    return host.neighbours.output6(packet, packet.outDevice, route);
  };

  /** dev_loopback_xmit: the host gets its own multicast as if it had come by the interface. */
  #loopBack(packet: Packet): number {
    packet.type = PACKET_LOOPBACK;
    packet.inDevice = packet.outDevice;
    packet.outDevice = 0;
    this.#host.link.receiveLater(packet);
    return 0;
  }
}
