import { PACKET_HOST } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { isMulticast6 } from '../../wire/address.ts';
import type { Host } from '../host.ts';
import { ADDRESS_LENGTH, addressKind, needsInterface } from './address.ts';
import {
  DESTINATION,
  HEADER_LENGTH,
  ICMPV6,
  MIN_MTU,
  NEXT_HEADER,
  SOURCE,
  skipExtensions,
} from './headers.ts';
import { ICMP6, INFORMATION, PARAMETER_PROBLEM } from './icmp-types.ts';
import { isOwnAddress, isOwnAnycast, leadsToAnycast } from './own-addresses.ts';
import { LIMITED, REFUSED } from './rate-limits.ts';

const ICMP_HEADER = 8;
/** An error quotes as much of the packet as fits into the least MTU (RFC 4443 section 2.4 c). */
const MOST_QUOTED = MIN_MTU - HEADER_LENGTH - ICMP_HEADER;

/** ICMPv6 errors that this host sends (net/ipv6/icmp.c icmp6_send). */
export class IcmpErrors6 {
  readonly #host: Host;
  #busy = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Tells the sender of `packet` what is wrong with it, unless the rules forbid it. `info` is the MTU or the pointer;
   * `device` the interface that the error is about: mostly the one the packet came in by. The packet stays the
   * caller's.
   */
  send(packet: Packet, type: number, code: number, info: number, device = packet.inDevice): void {
    const host = this.#host;
    const { bytes, network } = packet;
    if (packet.length < HEADER_LENGTH) return;
    const destination = network + DESTINATION;
    const source = network + SOURCE;
    let fromDestination =
      isOwnAddress(host, bytes, destination) || isOwnAnycast(host, bytes, destination, device);
    if (isMulticast6(bytes, destination) || packet.type !== PACKET_HOST) {
      if (type !== ICMP6.TOO_BIG && !(isUnknownOption(type, code) && wantsAnswer(packet, info))) return;
      fromDestination = false;
    }
    if (addressKind(bytes, source) === 0 || isMulticast6(bytes, source) || isIcmpError(packet)) return;
    this.locked(() => this.#send(packet, type, code, info, device, fromDestination));
  }

  /**
   * Sends an ICMPv6 message: one at a time, so that what the hooks answer to it is not answered again, and what this
   * host thereby sends to itself comes when it is done (icmpv6_xmit_lock).
   */
  locked(send: () => void): void {
    if (this.#busy) return;
    const { link } = this.#host;
    link.hold();
    this.#busy = true;
    try {
      send();
    } finally {
      this.#busy = false;
      link.release();
    }
  }

  #send(
    packet: Packet,
    type: number,
    code: number,
    info: number,
    device: number,
    fromDestination: boolean,
  ): void {
    const host = this.#host;
    const { limits, settings, output } = host.ipv6;
    const { bytes, network } = packet;
    const source = network + SOURCE;
    const limit = limits.check(type, host.interfaces.byIndex(device)?.loopback ?? false);
    if (limit === REFUSED) return;
    const flow = host.ipv6.newFlow();
    flow.protocol = ICMPV6;
    flow.destination.set(bytes.subarray(source, source + ADDRESS_LENGTH));
    flow.mark = settings.net.fwmark_reflect !== 0 ? packet.mark : 0;
    flow.outDevice = needsInterface(bytes, source) ? host.ipv6.realDevice(packet, device) : 0;
    if (fromDestination) flow.source.set(bytes.subarray(network + DESTINATION, network + HEADER_LENGTH));
    else host.routing6.sourceOfInput(flow, host.ipv6.realDevice(packet, packet.inDevice));
    if (limit === LIMITED && !limits.allowsPeer(flow)) return;
    const route = host.routing6.output(flow);
    if (typeof route === 'number') return;
    const anycast = leadsToAnycast(route, flow.destination, 0);
    if (anycast && settings.net['icmp/error_anycast_as_unicast'] === 0) return;
    const quoted = Math.min(packet.length, MOST_QUOTED);
    const answer = output.prepare(packet.id, flow, route, ICMP_HEADER + quoted, ICMPV6, 0);
    answer.bytes.set(bytes.subarray(network, network + quoted), answer.transport + ICMP_HEADER);
    host.attach(answer, packet);
    output.sendIcmp(answer, type, code, info, `ICMPv6 error: ${describe(type, code)}`);
  }
}

const UNREACHABLE_WORDS = [
  'no route',
  'administratively prohibited',
  'beyond scope',
  'address unreachable',
  'port unreachable',
];

function describe(type: number, code: number): string {
  switch (type) {
    case ICMP6.UNREACHABLE:
      return UNREACHABLE_WORDS[code] ?? `destination unreachable, code ${code}`;
    case ICMP6.TOO_BIG:
      return 'packet too big';
    case ICMP6.TIME_EXCEEDED:
      return code === 0 ? 'hop limit exceeded' : 'reassembly time exceeded';
    default:
      return 'parameter problem';
  }
}

function isUnknownOption(type: number, code: number): boolean {
  return type === ICMP6.PARAMETER_PROBLEM && code === PARAMETER_PROBLEM.OPTION;
}

/** The option at `offset` wants to be reported even in multicast: its highest bits are 10 (opt_unrec). */
function wantsAnswer(packet: Packet, offset: number): boolean {
  const at = packet.network + offset;
  return at >= packet.end || (packet.bytes[at]! & 0xc0) === 0x80;
}

/** Errors are never sent about errors, nor about what may be one (is_ineligible). */
function isIcmpError(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  const skipped = skipExtensions(bytes, network + HEADER_LENGTH, end, bytes[network + NEXT_HEADER]!);
  if (!skipped || skipped.nextHeader !== ICMPV6) return false;
  if (skipped.offset >= end) return skipped.fragment === 0;
  return (bytes[skipped.offset]! & INFORMATION) === 0;
}
