import { FORWARD, PACKET_HOST } from '../../netfilter/constants.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { decreaseIpv4Ttl, IPV4_DF, ipv4Ttl } from '../../wire/ipv4.ts';
import type { Host } from '../host.ts';
import type { Route4 } from '../routing/route4.ts';
import { fragmentField, source } from './header.ts';
import { FRAGMENTATION_NEEDED, REDIRECT, SOURCE_ROUTE_FAILED, TIME_EXCEEDED, UNREACHABLE } from './icmp.ts';
import { nextHop } from './output.ts';
import { DO_REDIRECT, FORWARDED, optionsOf } from './state.ts';

const REDIRECT_HOST = 1;

/** A packet for another host passes through (net/ipv4/ip_forward.c). */
export class Forward4 {
  readonly #host: Host;
  readonly #accepted: Continuation = (packet) => this.#finish(packet);

  constructor(host: Host) {
    this.#host = host;
  }

  forward(packet: Packet): number {
    const host = this.#host;
    const { bytes, network } = packet;
    const route = packet.route as Route4;
    if (packet.type !== PACKET_HOST) return this.#drop(packet, 'came in a broadcast or multicast frame');
    if (packet.sender !== undefined) return this.#drop(packet, 'it has a socket of this host');
    if (ipv4Ttl(bytes, network) <= 1) {
      host.ipv4.icmp.sendError(packet, TIME_EXCEEDED, 0, 0);
      return this.#drop(packet, 'time to live exceeded');
    }
    const options = optionsOf(packet);
    if (options?.strict && route.gateway !== 0) {
      host.ipv4.icmp.sendError(packet, UNREACHABLE, SOURCE_ROUTE_FAILED, 0);
      return this.#drop(packet, 'a strict source route does not go by a gateway');
    }
    packet.flags |= FORWARDED;
    const mtu = host.ipv4.mtu(packet);
    if (tooLong(packet, mtu)) {
      host.ipv4.icmp.sendError(packet, UNREACHABLE, FRAGMENTATION_NEEDED, mtu);
      return this.#drop(packet, `longer than the ${mtu} bytes of this way, and not to be fragmented`);
    }
    decreaseIpv4Ttl(bytes, network);
    if ((packet.flags & DO_REDIRECT) !== 0 && !options?.sourceRoute) this.#redirect(packet, route);
    return host.hooks.run(packet, 4, FORWARD, packet.inDevice, route.outDevice, this.#accepted);
  }

  #finish(packet: Packet): number {
    const options = optionsOf(packet);
    if (options) this.#host.ipv4.options.forward(packet, options);
    return this.#host.ipv4.output.send(packet);
  }

  /** Tells the sender of a better way, which is on its own link (ip_rt_send_redirect). */
  #redirect(packet: Packet, route: Route4): void {
    const { interfaces, ipv4 } = this.#host;
    if (!interfaces.byIndex(route.outDevice)?.sendRedirects) return;
    const to = source(packet);
    if (!ipv4.peers.allowRedirect(to)) return;
    ipv4.icmp.sendError(packet, REDIRECT, REDIRECT_HOST, nextHop(route, packet));
    ipv4.peers.redirected(to);
  }

  #drop(packet: Packet, reason: string): number {
    this.#host.drop(packet, 'forwarding', reason);
    return 0;
  }
}

/** (ip_exceeds_mtu) */
function tooLong(packet: Packet, mtu: number): boolean {
  if (packet.end - packet.network <= mtu || (fragmentField(packet) & IPV4_DF) === 0) return false;
  return packet.fragmentMax > mtu || !packet.ignoreDf;
}
