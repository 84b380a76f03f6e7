import { PACKET_HOST } from '../../netfilter/constants.ts';
import type { FragmentSettings } from '../../netfilter/fragments.ts';
import { Fragments6, TAKEN, WHOLE } from '../../netfilter/fragments6.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { isMulticast6 } from '../../wire/address.ts';
import type { Host } from '../host.ts';

import {
  DESTINATION,
  FRAGMENT_HEADER_LENGTH,
  HEADER_LENGTH,
  ICMPV6,
  PAYLOAD_LENGTH,
  skipExtensions,
  TCP,
  UDP,
} from './headers.ts';
import { ICMP6, PARAMETER_PROBLEM } from './icmp-types.ts';
import { OPTIONS_BAD, OPTIONS_PROBLEM, optionProblem, readOptions } from './options.ts';
import { RPL_ROUTING, SEGMENT_ROUTING, segmentRouting } from './segment-routing.ts';
import { FRAGMENTED, HOP_BY_HOP_SEEN, nextHeaderAt, SOURCE_ROUTED, setNextHeaderAt } from './state.ts';

/** Who gathers fragments for local delivery. */
const DEFRAG_LOCAL = 0;

/** The packet goes on with the header at `packet.transport`. */
export const GO_ON = true;
/** The packet's way has ended, or goes on elsewhere. */
export const ENDED = false;

/** Extension headers, as the host reads them in packets that are for itself. */
export class Extensions {
  readonly #host: Host;
  readonly fragments: Fragments6;

  constructor(host: Host) {
    this.#host = host;
    this.fragments = makeFragments6(host, {
      timeout: () => host.ipv6.settings.net.ip6frag_time * 1e6,
      highThreshold: () => host.ipv6.settings.net.ip6frag_high_thresh,
    });
  }

  /** Hop-by-hop options, read before anything else is done with a packet (ipv6_parse_hopopts). */
  hopByHop(packet: Packet): boolean {
    packet.flags |= HOP_BY_HOP_SEEN;
    const { max_hbh_length, max_hbh_opts_number } = this.#host.ipv6.settings.net;
    return this.#options(packet, true, max_hbh_length, max_hbh_opts_number);
  }

  /** ipv6_destopt_rcv */
  destinationOptions(packet: Packet): boolean {
    const { max_dst_opts_length, max_dst_opts_number } = this.#host.ipv6.settings.net;
    return this.#options(packet, false, max_dst_opts_length, max_dst_opts_number);
  }

  #options(packet: Packet, hopByHop: boolean, longest: number, most: number): boolean {
    const at = packet.transport;
    const length = extensionLength(packet);
    if (length < 0) return this.#bad(packet, 'an extension header is cut off');
    if (length > longest) return this.#bad(packet, `options longer than ${longest} bytes`);
    const result = readOptions(packet, hopByHop, most);
    if (result === OPTIONS_BAD) return this.#bad(packet, 'bad options');
    if (result === OPTIONS_PROBLEM) {
      const { code, pointer } = optionProblem;
      return this.problem(packet, code, pointer, code === 2 ? 'unknown option' : 'bad jumbo payload option');
    }
    packet.transport = at + length;
    setNextHeaderAt(packet, at - packet.network);
    return GO_ON;
  }

  /** ipv6_rthdr_rcv: a routing header that has segments left is refused, unless it is one of those that are enabled. */
  routing(packet: Packet): boolean {
    const host = this.#host;
    const { bytes, network, transport } = packet;
    const length = extensionLength(packet);
    if (length < 0) return this.#bad(packet, 'an extension header is cut off');
    if (isMulticast6(bytes, network + DESTINATION) || packet.type !== PACKET_HOST) {
      return this.#bad(packet, 'a routing header in multicast');
    }
    const type = bytes[transport + 2];
    if (type === SEGMENT_ROUTING) return segmentRouting(host, this, packet);
    if (type === RPL_ROUTING) return this.#bad(packet, 'RPL source routing is not enabled');
    if (bytes[transport + 3] !== 0) {
      return this.problem(
        packet,
        PARAMETER_PROBLEM.FIELD,
        transport + 2 - network,
        'a routing header of a type that is not accepted',
      );
    }
    packet.flags |= SOURCE_ROUTED;
    packet.transport = transport + length;
    setNextHeaderAt(packet, transport - network);
    return GO_ON;
  }

  /** ipv6_frag_rcv */
  fragment(packet: Packet): boolean {
    const host = this.#host;
    const { bytes, network, transport, end } = packet;
    const payload = (bytes[network + PAYLOAD_LENGTH]! << 8) | bytes[network + PAYLOAD_LENGTH + 1]!;
    if ((packet.flags & FRAGMENTED) !== 0 || payload === 0 || transport + FRAGMENT_HEADER_LENGTH > end) {
      return this.problem(packet, PARAMETER_PROBLEM.FIELD, transport - network, 'bad fragment header');
    }
    if ((bytes[transport + 2]! | (bytes[transport + 3]! & 0xf9)) === 0) {
      // An atomic fragment is whole already (RFC 6946).
      packet.transport = transport + FRAGMENT_HEADER_LENGTH;
      setNextHeaderAt(packet, transport - network);
      packet.flags |= FRAGMENTED;
      packet.fragmentMax = payload + HEADER_LENGTH;
      return GO_ON;
    }
    if (firstFragmentTooShort(packet)) {
      return this.problem(
        packet,
        PARAMETER_PROBLEM.INCOMPLETE_FIRST,
        0,
        'first fragment without all headers',
      );
    }
    const result = this.fragments.add(packet, transport, nextHeaderAt(packet), DEFRAG_LOCAL);
    if (result === TAKEN) return ENDED;
    if (result !== WHOLE) {
      return this.problem(packet, PARAMETER_PROBLEM.FIELD, result, 'bad length of a fragment');
    }
    setNextHeaderAt(packet, this.fragments.fieldAt);
    packet.flags |= FRAGMENTED;
    host.observer?.fragment?.(packet, 'reassembled');
    return GO_ON;
  }

  /** Drops a packet and tells its sender where the error is (icmpv6_param_prob). */
  problem(packet: Packet, code: number, pointer: number, reason: string): boolean {
    this.#host.ipv6.errors.send(packet, ICMP6.PARAMETER_PROBLEM, code, pointer);
    return this.#bad(packet, reason);
  }

  #bad(packet: Packet, reason: string): boolean {
    this.#host.drop(packet, 'extension header', reason);
    return ENDED;
  }
}

/** Reassembly with its own queues; who did not send all in time is told (ip6frag_expire_frag_queue). */
export function makeFragments6(host: Host, settings: FragmentSettings): Fragments6 {
  return new Fragments6({
    timers: host.timers,
    settings,
    drop: (packet, where, reason) => host.drop(packet, where, reason),
    release: (packet) => host.pool.release(packet),
    expired: (packet, _user, inDevice) => {
      packet.inDevice = inDevice;
      // Nobody is told of what this host sent itself, or of what came by an interface that is gone.
      if (host.interfaces.byIndex(inDevice)) host.ipv6.errors.send(packet, ICMP6.TIME_EXCEEDED, 1, 0);
      host.drop(packet, 'reassembly', 'the other fragments did not come in time');
    },
    random: () => host.services.random(),
  });
}

/** Length of the extension header at `packet.transport`; -1 if it is cut off. */
export function extensionLength(packet: Packet): number {
  const { bytes, transport, end } = packet;
  if (transport + 8 > end) return -1;
  const length = (bytes[transport + 1]! + 1) << 3;
  return transport + length > end ? -1 : length;
}

/** RFC 8200 section 4.5 wants all headers in the first fragment (net/ipv6/reassembly.c ipv6frag_thdr_truncated). */
function firstFragmentTooShort(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  const skipped = skipExtensions(bytes, network + HEADER_LENGTH, end, bytes[network + 6]!);
  if (!skipped || (skipped.fragment & 0xfff8) !== 0) return false;
  let length = 1;
  if (skipped.nextHeader === TCP) length = 20;
  else if (skipped.nextHeader === UDP || skipped.nextHeader === ICMPV6) length = 8;
  return skipped.offset + length > end;
}
