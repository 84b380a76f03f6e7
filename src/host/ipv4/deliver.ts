import { INPUT } from '../../netfilter/constants.ts';
import { DEFRAG_LOCAL } from '../../netfilter/fragments4.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import {
  IPPROTO_ICMP,
  IPPROTO_IGMP,
  IPPROTO_PIM,
  IPPROTO_RAW,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from '../../wire/protocols.ts';
import type { Host } from '../host.ts';
import { headerLength, isFragment, protocolOf } from './header.ts';
import { PROTOCOL_UNREACHABLE, UNREACHABLE } from './icmp.ts';
import { FRAGMENTED } from './state.ts';

/** A packet is for this host: reassembly, INPUT, and whoever speaks its protocol (net/ipv4/ip_input.c). */
export class Deliver4 {
  readonly #host: Host;
  readonly #accepted: Continuation = (packet) => this.#finish(packet);

  constructor(host: Host) {
    this.#host = host;
  }

  deliver(packet: Packet): number {
    const host = this.#host;
    if (isFragment(packet)) {
      const own = (packet.flags & FRAGMENTED) !== 0;
      if (!host.ipv4.fragments.add(packet, DEFRAG_LOCAL, own)) return 0;
      host.observer?.fragment?.(packet, 'reassembled');
    }
    packet.transport = packet.network + headerLength(packet);
    return host.hooks.run(packet, 4, INPUT, packet.inDevice, 0, this.#accepted);
  }

  #finish(packet: Packet): number {
    const { ipv4, pool, observer } = this.#host;
    const protocol = protocolOf(packet);
    switch (protocol) {
      case IPPROTO_TCP:
        return ipv4.tcp.receive(packet);
      case IPPROTO_UDP:
      case IPPROTO_UDPLITE:
        return ipv4.udp.receive(packet, protocol);
      case IPPROTO_ICMP:
        return ipv4.icmpInput.receive(packet);
      case IPPROTO_IGMP:
      case IPPROTO_PIM:
        observer?.deliver?.(packet, 'the host itself: multicast routing, ignored');
        pool.release(packet);
        return 0;
      default:
        return this.#unknown(packet, protocol);
    }
  }

  #unknown(packet: Packet, protocol: number): number {
    const { ipv4, pool, observer } = this.#host;
    if (protocol === IPPROTO_RAW && ipv4.rawSocketIsOpen) {
      // The very socket that a process sends raw packets by takes what comes for "protocol 255".
      observer?.deliver?.(packet, 'the raw socket of the sender');
      pool.release(packet);
      return 0;
    }
    ipv4.icmp.sendError(packet, UNREACHABLE, PROTOCOL_UNREACHABLE, 0);
    this.#host.drop(packet, 'input', `nobody speaks protocol ${protocol}`);
    return 0;
  }
}
