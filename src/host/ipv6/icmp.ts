import { PACKET_LOOPBACK } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { isMulticast6 } from '../../wire/address.ts';
import { get32 } from '../../wire/bytes.ts';
import { isIpv6Extension } from '../../wire/ipv6-extensions.ts';
import type { Host } from '../host.ts';
import { answerProbe } from '../ipv4/probe.ts';
import type { Route6 } from '../routing/route6.ts';
import { ADDRESS_LENGTH } from './address.ts';
import { checksum6 } from './checksum.ts';
import {
  DESTINATION,
  HEADER_LENGTH,
  ICMPV6,
  NEXT_HEADER,
  SOURCE,
  skipExtensions,
  UDP,
  UDP_LITE,
} from './headers.ts';
import { ICMP6, INFORMATION } from './icmp-types.ts';
import { leadsToAnycast } from './own-addresses.ts';
import { LIMITED, REFUSED } from './rate-limits.ts';

const ICMP_HEADER = 8;
/** `flowlabel_reflect` bit for echo replies. */
const REFLECT_ECHO = 4;

/** ICMPv6 that is for this host (net/ipv6/icmp.c icmpv6_rcv). Every packet that comes here ends here. */
export class IcmpInput6 {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  receive(packet: Packet): void {
    const host = this.#host;
    const { bytes, network, transport, end } = packet;
    if (packet.type !== PACKET_LOOPBACK && checksum6(bytes, network, transport, end, ICMPV6) !== 0) {
      host.drop(packet, 'ICMPv6', 'wrong checksum');
      return;
    }
    if (end - transport < ICMP_HEADER) {
      host.drop(packet, 'ICMPv6', 'shorter than an ICMPv6 header');
      return;
    }
    const type = bytes[transport]!;
    switch (type) {
      case ICMP6.ECHO_REQUEST:
      case ICMP6.EXTENDED_ECHO_REQUEST:
        this.#echo(packet);
        return;
      case ICMP6.TOO_BIG:
        if (end - transport - ICMP_HEADER < HEADER_LENGTH) {
          host.drop(packet, 'ICMPv6', 'no packet in the error');
          return;
        }
        this.#notify(packet, type);
        return;
      case ICMP6.ROUTER_SOLICITATION:
      case ICMP6.ROUTER_ADVERTISEMENT:
      case ICMP6.NEIGHBOUR_SOLICITATION:
      case ICMP6.NEIGHBOUR_ADVERTISEMENT:
      case ICMP6.REDIRECT:
        host.ipv6.discovery.receive(packet);
        return;
      default:
        if ((type & INFORMATION) !== 0) this.#done(packet, `type ${type}`);
        else this.#notify(packet, type);
    }
  }

  #done(packet: Packet, what: string): void {
    this.#host.observer?.deliver?.(packet, `ICMPv6 ${what}`);
    this.#host.pool.release(packet);
  }

  /** Answers an echo request (icmpv6_echo_reply). */
  #echo(packet: Packet): void {
    const host = this.#host;
    const { net } = host.ipv6.settings;
    const { bytes, network } = packet;
    const destination = network + DESTINATION;
    const anycast = leadsToAnycast(packet.route as Route6, bytes, destination);
    if (
      net['icmp/echo_ignore_all'] !== 0 ||
      (net['icmp/echo_ignore_multicast'] !== 0 && isMulticast6(bytes, destination)) ||
      (net['icmp/echo_ignore_anycast'] !== 0 && anycast)
    ) {
      host.drop(packet, 'ICMPv6', 'echo requests are ignored');
      return;
    }
    host.observer?.deliver?.(packet, 'the host itself: echo request');
    const own = packet.route?.type === ROUTE_TYPE.LOCAL;
    const from = own || (anycast && net.anycast_src_echo_reply !== 0) ? destination : 0;
    host.ipv6.errors.locked(() => this.#reply(packet, from));
    host.pool.release(packet);
  }

  /** Sends the echo reply, from the address at `from`, or if that is 0 from one that is chosen. */
  #reply(packet: Packet, from: number): void {
    const host = this.#host;
    const { settings, limits, output } = host.ipv6;
    const { bytes, network, transport, end } = packet;
    const flow = host.ipv6.newFlow();
    flow.protocol = ICMPV6;
    flow.destination.set(bytes.subarray(network + SOURCE, network + SOURCE + ADDRESS_LENGTH));
    if (from !== 0) flow.source.set(bytes.subarray(from, from + ADDRESS_LENGTH));
    flow.mark = settings.net.fwmark_reflect !== 0 ? packet.mark : 0;
    flow.outDevice = host.ipv6.realDevice(packet, packet.inDevice);
    const first = get32(bytes, network);
    if ((settings.net.flowlabel_reflect & REFLECT_ECHO) !== 0) flow.flowLabel = first & 0xfffff;
    const route = host.routing6.output(flow);
    if (typeof route === 'number') return;
    const limit = limits.check(ICMP6.ECHO_REPLY, host.interfaces.byIndex(packet.inDevice)?.loopback ?? false);
    if (limit === REFUSED || (limit === LIMITED && !limits.allowsPeer(flow))) return;
    const message = bytes.slice(transport, end);
    const extended = message[0] === ICMP6.EXTENDED_ECHO_REQUEST;
    if (extended && !answerProbe(host, message)) return;
    const reply = output.prepare(packet.id, flow, route, message.length, ICMPV6, (first >>> 20) & 0xff);
    reply.bytes.set(message, reply.transport);
    const type = extended ? ICMP6.EXTENDED_ECHO_REPLY : ICMP6.ECHO_REPLY;
    output.sendIcmp(reply, type, message[1]!, get32(message, 4), 'echo reply');
  }

  /** An error: the protocol of the packet that it quotes is told (icmpv6_notify). */
  #notify(packet: Packet, type: number): void {
    const host = this.#host;
    const { bytes, transport } = packet;
    this.quoted(packet, transport + ICMP_HEADER, type, get32(bytes, transport + 4));
    host.observer?.deliver?.(packet, `ICMPv6 error, type ${type}`);
    host.pool.release(packet);
  }

  /** Looks at the packet quoted at `inner` of an error, or of a redirect. */
  quoted(packet: Packet, inner: number, type: number, info: number): void {
    const { bytes, end } = packet;
    if (inner + HEADER_LENGTH > end) return;
    let protocol = bytes[inner + NEXT_HEADER]!;
    let at = inner + HEADER_LENGTH;
    if (isIpv6Extension(protocol)) {
      const skipped = skipExtensions(bytes, at, end, protocol);
      if (!skipped) return;
      protocol = skipped.nextHeader;
      at = skipped.offset;
    }
    if (at + 8 > end) return;
    const host = this.#host;
    // Of TCP only established connections are asked for, and those here send nothing that could be too big.
    const datagram = protocol === UDP || protocol === UDP_LITE;
    const concerned = protocol === ICMPV6 || (datagram && host.sockets.sentBy6(packet, inner, at, protocol));
    if (!concerned) return;
    if (type === ICMP6.TOO_BIG) host.routing6.updateMtu(bytes, inner, info, packet.inDevice);
    // A socket that is not bound to an interface takes no redirect (ip6_sk_redirect).
    else if (type === ICMP6.REDIRECT && !datagram) host.ipv6.discovery.redirected(packet);
  }
}
