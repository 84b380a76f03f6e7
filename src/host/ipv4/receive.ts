import {
  ERRNO,
  PACKET_BROADCAST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  PREROUTING,
} from '../../netfilter/constants.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { checkText, OK } from '../../wire/check.ts';
import { IPV4_LENGTH, ipv4TotalLength, validateIpv4 } from '../../wire/ipv4.ts';
import { demultiplexEarly, demultiplexMulticast } from '../early-demux.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import type { Route4 } from '../routing/route4.ts';
import { headerLength, isFragment, source } from './header.ts';
import { FILTERED, HOST_UNREACHABLE, NET_UNREACHABLE, UNREACHABLE } from './icmp.ts';
import { TRUSTED } from './state.ts';

/** An IPv4 packet comes in: its header is checked, it passes PREROUTING, is routed, and goes that way (net/ipv4/ip_input.c). */
export class Receive4 {
  readonly #host: Host;
  readonly #accepted: Continuation = (packet) => this.#route(packet);

  constructor(host: Host) {
    this.#host = host;
  }

  receive(packet: Packet, iface: Interface): void {
    const wrong = check(packet);
    if (wrong !== undefined) {
      this.#host.drop(packet, 'IPv4 header', wrong);
      return;
    }
    // What the packet brought from its way out of this host, if it came by lo (memset of IPCB in ip_rcv_core).
    packet.flags &= TRUSTED;
    packet.fragmentMax = 0;
    packet.control = undefined;
    packet.sender = undefined;
    packet.transport = packet.network + headerLength(packet);
    this.#host.hooks.run(packet, 4, PREROUTING, iface.index, 0, this.#accepted);
  }

  /** (ip_rcv_finish_core) */
  #route(packet: Packet): number {
    const host = this.#host;
    // What this host sent to itself keeps the route it left by.
    const looped = packet.route !== undefined;
    if (!looped) {
      const { listener } = host.ipv4.tcp;
      const protocol = packet.bytes[packet.network + 9]!;
      if (packet.type === PACKET_MULTICAST) {
        if (!isFragment(packet)) demultiplexMulticast(host, packet, protocol);
      } else if ((packet.control !== undefined || listener.busy) && !isFragment(packet)) {
        demultiplexEarly(host, packet, protocol, listener);
      }
      packet.route ??= host.routing4.input(packet);
    }
    const route = packet.route as Route4 | undefined;
    if (!route) return 0;
    if (headerLength(packet) > IPV4_LENGTH && !host.ipv4.options.receive(packet)) return 0;
    const { type } = packet;
    if (
      (type === PACKET_BROADCAST || type === PACKET_MULTICAST) &&
      !route.isBroadcast &&
      !route.isMulticast
    ) {
      if (host.interfaces.byIndex(packet.inDevice)?.dropsUnicastInMulticast4) {
        host.drop(packet, 'routing', 'a unicast packet in a broadcast or multicast frame');
        return 0;
      }
    }
    return this.#go(packet, looped);
  }

  #go(packet: Packet, looped: boolean): number {
    // Following a source route may have given it another one.
    const route = packet.route as Route4;
    const forThisHost = looped ? route.isLocal : route.kind === 'deliver';
    if (forThisHost) return this.#host.ipv4.deliver.deliver(packet);
    if (looped) {
      this.#host.drop(packet, 'routing', 'sent to itself by a route that leads elsewhere');
      return 0;
    }
    if (route.error !== 0) return this.#unreachable(packet, route.error);
    return this.#host.ipv4.forward.forward(packet);
  }

  /** There is no way, or one that says so (net/ipv4/route.c ip_error). */
  #unreachable(packet: Packet, error: number): number {
    const { interfaces, ipv4 } = this.#host;
    const forwarding = interfaces.byIndex(packet.inDevice)?.forwarding4 ?? false;
    const code = codeOf(error);
    if (forwarding && code >= 0 && ipv4.peers.allowUnreachable(source(packet))) {
      ipv4.icmp.sendError(packet, UNREACHABLE, code, 0);
    }
    const reason = forwarding ? 'no route' : 'this interface forwards nothing';
    this.#host.drop(packet, 'routing', reason);
    return 0;
  }
}

function codeOf(error: number): number {
  switch (error) {
    case -ERRNO.EHOSTUNREACH:
      return HOST_UNREACHABLE;
    case -ERRNO.ENETUNREACH:
      return NET_UNREACHABLE;
    case -ERRNO.EACCES:
      return FILTERED;
    default:
      return -1;
  }
}

/** What is wrong with the packet; else the padding of its frame is cut off (ip_rcv_core). */
function check(packet: Packet): string | undefined {
  const { bytes, network } = packet;
  if (packet.type === PACKET_OTHERHOST) return 'a frame for another station';
  const code = validateIpv4(bytes, network, packet.end);
  if (code !== OK) return checkText(code);
  packet.end = network + ipv4TotalLength(bytes, network);
  return undefined;
}
