import { ERRNO, PACKET_LOOPBACK, POSTROUTING } from '../../netfilter/constants.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { IPV4_DF, IPV4_TTL_AT } from '../../wire/ipv4.ts';
import type { Host } from '../host.ts';
import type { Route4 } from '../routing/route4.ts';
import { fragment } from './fragment.ts';
import { destination, fragmentField } from './header.ts';
import { FORWARDED, TRUSTED } from './state.ts';

const DESTINATION_UNREACHABLE = 3;
const FRAGMENTATION_NEEDED = 4;

/** The way out: POSTROUTING, fragmentation, and on to the neighbour (net/ipv4/ip_output.c). */
export class Output4 {
  readonly #host: Host;
  readonly #finish: Continuation = (packet) => this.#finishOutput(packet);
  readonly #loopBack: Continuation = (packet) => this.#loopCopy(packet);

  constructor(host: Host) {
    this.#host = host;
  }

  /** Sends a routed packet on its way (dst_output). Answers 0 or a negative error number. */
  readonly send: Continuation = (packet) => {
    const route = packet.route as Route4;
    const device = route.outDevice;
    packet.outDevice = device;
    packet.etherType = 0x0800;
    const forwarded = (packet.flags & FORWARDED) !== 0;
    if (!forwarded && route.isLocal && route.type !== ROUTE_TYPE.LOCAL && !this.#isLoopback(device)) {
      return this.#sendToMany(packet, route, device);
    }
    const from = forwarded ? packet.inDevice : 0;
    return this.#host.hooks.run(packet, 4, POSTROUTING, from, device, this.#finish);
  };

  #isLoopback(device: number): boolean {
    return this.#host.interfaces.byIndex(device)?.loopback ?? false;
  }

  /** Broadcasts, and multicasts to a group the host is in, are received by the host itself as well (ip_mc_output). */
  #sendToMany(packet: Packet, route: Route4, device: number): number {
    const { hooks, pool } = this.#host;
    const copy = pool.acquire();
    const { id } = copy;
    copy.copyFrom(packet);
    copy.id = id;
    copy.cause = packet.id;
    // A copy belongs to no socket (skb_clone).
    copy.sender = undefined;
    hooks.run(copy, 4, POSTROUTING, 0, device, this.#loopBack);
    if (route.type === ROUTE_TYPE.MULTICAST && packet.bytes[packet.network + IPV4_TTL_AT] === 0) {
      // It must not leave the host.
      pool.release(packet);
      return 0;
    }
    return hooks.run(packet, 4, POSTROUTING, 0, device, this.#finish);
  }

  /** The copy keeps its route, and is not checked again (dev_loopback_xmit). */
  #loopCopy(packet: Packet): number {
    packet.link = -1;
    packet.type = PACKET_LOOPBACK;
    packet.flags |= TRUSTED;
    packet.inDevice = packet.outDevice;
    this.#host.link.receiveLater(packet);
    return 0;
  }

  #finishOutput(packet: Packet): number {
    const mtu = this.#host.ipv4.mtu(packet);
    if (packet.end - packet.network <= mtu && packet.fragmentMax === 0) return this.neighbour(packet);
    if ((fragmentField(packet) & IPV4_DF) === 0 || (packet.ignoreDf && packet.fragmentMax <= mtu)) {
      return fragment(this.#host, packet, mtu);
    }
    this.#host.ipv4.icmp.sendError(packet, DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, mtu);
    this.#host.drop(packet, 'output', `longer than the ${mtu} bytes of this way, and not to be fragmented`);
    return -ERRNO.EMSGSIZE;
  }

  /** On to the next hop (ip_finish_output2). */
  neighbour(packet: Packet): number {
    const route = packet.route as Route4;
    return this.#host.neighbours.output(packet, route.outDevice, nextHop(route, packet));
  }
}

/** The gateway, or on a route without one the destination. */
export function nextHop(route: Route4, packet: Packet): number {
  return route.gateway !== 0 ? route.gateway : destination(packet);
}
