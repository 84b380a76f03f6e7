import { PACKET_LOOPBACK } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import type { Host } from '../host.ts';
import { ADDRESS_LENGTH, isMulticast } from './address.ts';
import { checksum6 } from './checksum.ts';
import {
  DESTINATION,
  HEADER_LENGTH,
  ICMPV6,
  isExtension,
  NEXT_HEADER,
  read32,
  SOURCE,
  skipExtensions,
  UDP,
  UDP_LITE,
} from './headers.ts';
import { ICMP6, INFORMATION } from './icmp-types.ts';
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
      host.drop(packet, 'icmpv6', 'wrong checksum');
      return;
    }
    if (end - transport < ICMP_HEADER) {
      host.drop(packet, 'icmpv6', 'shorter than an ICMPv6 header');
      return;
    }
    const type = bytes[transport]!;
    switch (type) {
      case ICMP6.ECHO_REQUEST:
        this.#echo(packet);
        return;
      case ICMP6.TOO_BIG:
        if (end - transport - ICMP_HEADER < HEADER_LENGTH) {
          host.drop(packet, 'icmpv6', 'no packet in the error');
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
    const { settings, limits, output } = host.ipv6;
    const { bytes, network, transport, end } = packet;
    const destination = network + DESTINATION;
    const anycast = host.routing6.isAnycast(packet.route);
    if (
      settings.net['icmp/echo_ignore_all'] !== 0 ||
      (settings.net['icmp/echo_ignore_multicast'] !== 0 && isMulticast(bytes, destination)) ||
      (settings.net['icmp/echo_ignore_anycast'] !== 0 && anycast)
    ) {
      host.drop(packet, 'icmpv6', 'echo requests are ignored');
      return;
    }
    const flow = host.ipv6.newFlow();
    flow.protocol = ICMPV6;
    flow.destination.set(bytes.subarray(network + SOURCE, network + SOURCE + ADDRESS_LENGTH));
    if (host.routing6.isUnicast(packet.route) || (anycast && settings.net.anycast_src_echo_reply !== 0)) {
      flow.source.set(bytes.subarray(destination, destination + ADDRESS_LENGTH));
    }
    flow.mark = settings.net.fwmark_reflect !== 0 ? packet.mark : 0;
    flow.outDevice = host.ipv6.realDevice(packet, packet.inDevice);
    if ((settings.net.flowlabel_reflect & REFLECT_ECHO) !== 0)
      flow.flowLabel = read32(bytes, network) & 0xfffff;
    const route = host.routing6.output(flow);
    if (typeof route === 'number') {
      host.drop(packet, 'icmpv6', 'no route for the echo reply');
      return;
    }
    const loopback = host.interfaces.byIndex(packet.inDevice)?.loopback ?? false;
    const limit = limits.check(ICMP6.ECHO_REPLY, loopback);
    if (limit === REFUSED || (limit === LIMITED && !limits.allowsPeer(flow))) {
      host.drop(packet, 'icmpv6', 'the rate of echo replies is limited');
      return;
    }
    const trafficClass = (read32(bytes, network) >>> 20) & 0xff;
    const reply = output.prepare(packet, flow, route, end - transport, ICMPV6, trafficClass);
    reply.bytes.set(bytes.subarray(transport, end), reply.transport);
    const code = bytes[transport + 1]!;
    const rest = read32(bytes, transport + 4);
    host.observer?.deliver?.(packet, 'ICMPv6 echo request');
    output.sendIcmp(reply, ICMP6.ECHO_REPLY, code, rest, 'echo reply');
    host.pool.release(packet);
  }

  /** An error: the protocol of the packet that it quotes is told (icmpv6_notify). */
  #notify(packet: Packet, type: number): void {
    const host = this.#host;
    const { bytes, transport } = packet;
    this.quoted(packet, transport + ICMP_HEADER, type, read32(bytes, transport + 4));
    host.observer?.deliver?.(packet, `ICMPv6 error, type ${type}`);
    host.pool.release(packet);
  }

  /** Looks at the packet quoted at `inner` of an error, or of a redirect. */
  quoted(packet: Packet, inner: number, type: number, info: number): void {
    const { bytes, end } = packet;
    if (inner + HEADER_LENGTH > end) return;
    let protocol = bytes[inner + NEXT_HEADER]!;
    let at = inner + HEADER_LENGTH;
    if (isExtension(protocol)) {
      const skipped = skipExtensions(bytes, at, end, protocol);
      if (!skipped) return;
      protocol = skipped.nextHeader;
      at = skipped.offset;
    }
    if (at + 8 > end) return;
    const host = this.#host;
    // Of TCP only established connections are asked for, and those here send nothing that could be too big.
    const concerned =
      protocol === ICMPV6 ||
      ((protocol === UDP || protocol === UDP_LITE) && host.sockets.sentBy6(packet, inner, at, protocol));
    if (!concerned) return;
    if (type === ICMP6.TOO_BIG) host.routing6.updateMtu(bytes, inner, info, packet.inDevice);
    else if (type === ICMP6.REDIRECT) host.ipv6.discovery.redirected(packet);
  }
}
