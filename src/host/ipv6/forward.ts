import { ERRNO, FORWARD, PACKET_HOST } from '../../netfilter/constants.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { isIpv6Extension } from '../../wire/ipv6-extensions.ts';
import type { Host } from '../host.ts';
import type { Route6 } from '../routing/route6.ts';
import { ADDRESS_LINK_LOCAL, ADDRESS_LOOPBACK, ADDRESS_MULTICAST, addressKind } from './address.ts';
import {
  DESTINATION,
  HEADER_LENGTH,
  HOP_LIMIT,
  ICMPV6,
  MIN_MTU,
  NEXT_HEADER,
  SOURCE,
  skipExtensions,
} from './headers.ts';
import { ICMP6, UNREACHABLE } from './icmp-types.ts';
import { SOURCE_ROUTED } from './state.ts';

/** "Beyond scope of source address" in the kernel's words: not a neighbour (RFC 4443 section 3.1). */
const BEYOND_SCOPE = UNREACHABLE.BEYOND_SCOPE;

/** How a packet crosses the host (net/ipv6/ip6_output.c ip6_forward). */
export class Forward6 {
  readonly #host: Host;
  readonly #forwarded: Continuation = (packet) => this.#host.ipv6.output.send(packet);

  constructor(host: Host) {
    this.#host = host;
  }

  forward(packet: Packet): number {
    const host = this.#host;
    const { bytes, network } = packet;
    const route = packet.route as Route6;
    const { settings, errors } = host.ipv6;
    const inDevice = host.ipv6.realDevice(packet, packet.inDevice);
    if (!settings.forwards(inDevice)) return this.#end(packet, 'forwarding is off');
    if (packet.type !== PACKET_HOST) return this.#end(packet, 'it came by broadcast or multicast');
    if (packet.sender !== undefined) return this.#end(packet, 'it has a socket of this host');
    if (bytes[network + HOP_LIMIT]! <= 1) {
      errors.send(packet, ICMP6.TIME_EXCEEDED, 0, 0);
      return this.#end(packet, 'hop limit exceeded', ERRNO.EINVAL);
    }
    if (
      settings.proxiesAnywhere() &&
      host.neighbours.proxies.find(packet.inDevice, bytes, network + DESTINATION, 16) !== undefined
    ) {
      if (isDiscovery(packet)) return host.ipv6.input.deliver(packet);
      if ((addressKind(bytes, network + DESTINATION) & ADDRESS_LINK_LOCAL) !== 0) {
        errors.send(packet, ICMP6.UNREACHABLE, UNREACHABLE.ADDRESS, 0);
        return this.#end(packet, 'a link-local address that is proxied');
      }
    }
    if (inDevice === route.outDevice && (packet.flags & SOURCE_ROUTED) === 0) {
      host.ipv6.discoverySender.redirect(packet, route);
    } else {
      const kind = addressKind(bytes, network + SOURCE);
      if (kind === 0 || (kind & (ADDRESS_MULTICAST | ADDRESS_LOOPBACK)) !== 0) {
        return this.#end(packet, 'a source address that may not be forwarded');
      }
      if ((kind & ADDRESS_LINK_LOCAL) !== 0) {
        errors.send(packet, ICMP6.UNREACHABLE, BEYOND_SCOPE, 0);
        return this.#end(packet, 'a link-local source address');
      }
    }
    const mtu = Math.max(this.#mtu(route), MIN_MTU);
    if (isTooBig(packet, mtu)) {
      errors.send(packet, ICMP6.TOO_BIG, 0, mtu, route.outDevice);
      return this.#end(packet, `larger than the MTU ${mtu}`, ERRNO.EMSGSIZE);
    }
    bytes[network + HOP_LIMIT]!--;
    return host.hooks.run(packet, 6, FORWARD, packet.inDevice, route.outDevice, this.#forwarded);
  }

  /** What was learned about the path counts only where the packet leaves (ip6_dst_mtu_maybe_forward). */
  #mtu(route: Route6): number {
    if (route.entry?.mtuLocked) return route.mtu;
    return this.#host.interfaces.byIndex(route.outDevice)?.mtu6 ?? MIN_MTU;
  }

  #end(packet: Packet, reason: string, errno: number = ERRNO.EINVAL): number {
    this.#host.drop(packet, 'forwarding', reason);
    return -errno;
  }
}

/** ip6_pkt_too_big: what was reassembled on its way may be fragmented again, but not into larger pieces. */
function isTooBig(packet: Packet, mtu: number): boolean {
  if (packet.length <= mtu) return false;
  return packet.fragmentMax > mtu || !packet.ignoreDf;
}

/** Neighbour discovery for an address that this host answers for is for the host itself (ip6_forward_proxy_check). */
function isDiscovery(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  let next = bytes[network + NEXT_HEADER]!;
  let at = network + HEADER_LENGTH;
  if (isIpv6Extension(next)) {
    const skipped = skipExtensions(bytes, at, end, next);
    if (!skipped) return false;
    next = skipped.nextHeader;
    at = skipped.offset;
  }
  if (next !== ICMPV6 || at >= end) return false;
  const type = bytes[at]!;
  return type >= ICMP6.ROUTER_SOLICITATION && type <= ICMP6.REDIRECT;
}
