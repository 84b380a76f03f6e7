import { PACKET_HOST } from '../../netfilter/constants.ts';
import { MAX_PACKET, type Packet } from '../../netfilter/packet.ts';
import { get32, set16, set32 } from '../../wire/bytes.ts';
import { checksum } from '../../wire/checksum.ts';
import { IPV4_DESTINATION_AT, IPV4_LENGTH, IPV4_OFFSET_MASK } from '../../wire/ipv4.ts';
import { IPPROTO_ICMP } from '../../wire/protocols.ts';
import type { Host } from '../host.ts';
import type { Route4 } from '../routing/route4.ts';
import { answerAddress } from './addresses.ts';
import { fragmentField, headerLength, protocolOf, source, tosOf } from './header.ts';
import type { Options } from './options.ts';
import { type EchoedOptions, echoOptions, firstDestination } from './options-write.ts';
import { GlobalLimit } from './peers.ts';
import { optionsOf } from './state.ts';

export const ECHO_REPLY = 0;
export const UNREACHABLE = 3;
export const SOURCE_QUENCH = 4;
export const REDIRECT = 5;
export const ECHO = 8;
export const TIME_EXCEEDED = 11;
export const PARAMETER_PROBLEM = 12;
export const TIMESTAMP = 13;
export const TIMESTAMP_REPLY = 14;
/** The highest type Linux knows; what lies above is taken for an error. */
export const LAST_TYPE = 18;

export const NET_UNREACHABLE = 0;
export const HOST_UNREACHABLE = 1;
export const PROTOCOL_UNREACHABLE = 2;
export const PORT_UNREACHABLE = 3;
export const FRAGMENTATION_NEEDED = 4;
export const SOURCE_ROUTE_FAILED = 5;
export const FILTERED = 13;

/** RFC 791 precedence: internetwork control. */
const PRECEDENCE = 0xc0;
/** Bits of TOS that an error takes from its cause: not the precedence, nor the lowest bit. */
const TOS_BITS = 0x1e;
/** Longest IP packet that an error makes (RFC 1812 section 4.3.2.3). */
const ERROR_LENGTH = 576;
/** 192.0.0.8, the source of errors of a host without any address (RFC 7600). */
const DUMMY_ADDRESS = (192 << 24) | 8;

export function isError(type: number): boolean {
  return (
    type === UNREACHABLE ||
    type === SOURCE_QUENCH ||
    type === REDIRECT ||
    type === TIME_EXCEEDED ||
    type === PARAMETER_PROBLEM
  );
}

/** What limits said of a message. */
const REFUSED = 0;
const UNLIMITED = 1;
const LIMITED = 2;

/** ICMP messages that the host sends (net/ipv4/icmp.c). */
export class Icmp {
  readonly #host: Host;
  /** One for both families. */
  readonly globalLimit: GlobalLimit;
  // One message at a time: what the hooks answer to it is not answered again (icmp_xmit_lock).
  #busy = false;

  constructor(host: Host) {
    this.#host = host;
    this.globalLimit = new GlobalLimit(() => host.timers.now);
  }

  /**
   * Tells the sender of `about` what went wrong, if it may be told (RFC 1122 section 3.2.2). `info` is the second word
   * of the message: the MTU, the pointer in the highest byte, or the gateway. The packet stays the caller's.
   */
  sendError(about: Packet, type: number, code: number, info: number, options = optionsOf(about)): void {
    if (!about.route || !this.#mayTell(about, type)) return;
    const { link, interfaces } = this.#host;
    const fromLoopback = interfaces.byIndex(about.inDevice)?.loopback ?? false;
    const limit = fromLoopback ? this.#checkMask(type, code) : this.#checkGlobal(type, code);
    if (limit === REFUSED || this.#busy) return;
    this.#busy = true;
    link.hold();
    try {
      this.#error(about, type, code, info, options, fromLoopback ? UNLIMITED : limit);
    } finally {
      this.#busy = false;
      link.release();
    }
  }

  /** The rules of when not to send an error. */
  #mayTell(about: Packet, type: number): boolean {
    if (about.end - about.network < IPV4_LENGTH || about.type !== PACKET_HOST) return false;
    const route = about.route as Route4;
    if (route.isBroadcast || route.isMulticast) return false;
    if ((fragmentField(about) & IPV4_OFFSET_MASK) !== 0) return false;
    if (isError(type) && protocolOf(about) === IPPROTO_ICMP) {
      const at = about.network + headerLength(about);
      if (at >= about.end) return false;
      const inner = about.bytes[at]!;
      if (inner > LAST_TYPE || isError(inner)) return false;
    }
    return true;
  }

  #error(
    about: Packet,
    type: number,
    code: number,
    info: number,
    options: Options | undefined,
    limit: number,
  ): void {
    const host = this.#host;
    const { routing4 } = host;
    const { bytes, network } = about;
    const route = about.route as Route4;
    let from = 0;
    if (route.isLocal) {
      from = get32(bytes, network + IPV4_DESTINATION_AT);
    } else if (about.inDevice !== 0 && this.#host.ipv4.settings.icmp_errors_use_inbound_ifaddr !== 0) {
      const device = host.interfaces.byIndex(about.inDevice);
      if (device) from = routing4.sourceAddress(device.index, source(about), 253);
    }
    const echo = options && this.#echo(options, about);
    if (options && !echo) return;
    const tos = isError(type) ? (tosOf(about) & TOS_BITS) | PRECEDENCE : tosOf(about);
    const to = firstDestination(echo, source(about));
    const out = host.ipv4.route(to, from, tos, this.#replyMark(about), IPPROTO_ICMP);
    if (typeof out === 'number' || !this.#allowPeer(out, to, limit)) return;
    const optionsLength = echo?.length ?? 0;
    const room = Math.min(host.ipv4.pathMtu(out), ERROR_LENGTH) - IPV4_LENGTH - optionsLength - 8;
    if (room <= IPV4_LENGTH) return;
    const quoted = Math.min(about.end - network, room);
    host.ipv4.chosenSource ||= DUMMY_ADDRESS;
    const packet = host.ipv4.build(out, IPPROTO_ICMP, tos, 8 + quoted, echo, source(about));
    const at = packet.transport;
    packet.bytes[at] = type;
    packet.bytes[at + 1] = code;
    set32(packet.bytes, at + 4, info);
    packet.bytes.set(bytes.subarray(network, network + quoted), at + 8);
    this.#finish(packet, about);
    if (isError(type)) host.attach(packet, about);
    host.ipv4.sendOut(packet, host.observer ? `ICMP error: ${describe(type, code)}` : '');
  }

  /** Answers `about` with a message whose body, from its type on, is `body`. (icmp_reply) */
  reply(about: Packet, body: Uint8Array, why: string): void {
    const host = this.#host;
    const options = optionsOf(about);
    const echo = options && this.#echo(options, about);
    if (options && !echo) return;
    const type = body[0]!;
    const limit = this.#checkGlobal(type, body[1]!);
    if (limit === REFUSED || this.#busy) return;
    this.#busy = true;
    host.link.hold();
    try {
      this.#reply(about, body, echo, limit, why);
    } finally {
      this.#busy = false;
      host.link.release();
    }
  }

  #reply(about: Packet, body: Uint8Array, echo: EchoedOptions | undefined, limit: number, why: string): void {
    const host = this.#host;
    const to = firstDestination(echo, source(about));
    const tos = tosOf(about);
    const from = answerAddress(host, about);
    const out = host.ipv4.route(to, from, tos, this.#replyMark(about), IPPROTO_ICMP);
    if (typeof out === 'number' || !this.#allowPeer(out, to, limit)) return;
    if (IPV4_LENGTH + (echo?.length ?? 0) + body.length > MAX_PACKET) return;
    const packet = host.ipv4.build(out, IPPROTO_ICMP, tos, body.length, echo, source(about));
    packet.bytes.set(body, packet.transport);
    this.#finish(packet, about);
    host.ipv4.sendOut(packet, why);
  }

  #finish(packet: Packet, about: Packet): void {
    const { bytes, transport, end } = packet;
    bytes[transport + 2] = 0;
    bytes[transport + 3] = 0;
    set16(bytes, transport + 2, checksum(bytes, transport, end));
    packet.mark = this.#replyMark(about);
    packet.cause = about.id;
    packet.ignoreDf = true;
  }

  #echo(options: Options, about: Packet): EchoedOptions | undefined {
    return echoOptions(options, about.bytes, about.network, this.#host.ipv4.options.isForeign);
  }

  #replyMark(about: Packet): number {
    return this.#host.ipv4.settings.fwmark_reflect !== 0 ? about.mark : 0;
  }

  #checkMask(type: number, code: number): number {
    if (type > LAST_TYPE || (type === UNREACHABLE && code === FRAGMENTATION_NEEDED)) return UNLIMITED;
    return (this.#host.ipv4.settings.icmp_ratemask >>> type) & 1 ? LIMITED : UNLIMITED;
  }

  #checkGlobal(type: number, code: number): number {
    if (this.#checkMask(type, code) === UNLIMITED) return UNLIMITED;
    const { icmp_msgs_per_sec, icmp_msgs_burst } = this.#host.ipv4.settings;
    return this.globalLimit.allow(icmp_msgs_per_sec, icmp_msgs_burst) ? LIMITED : REFUSED;
  }

  #allowPeer(out: Route4, to: number, limit: number): boolean {
    if (limit === UNLIMITED) return true;
    const { interfaces, ipv4, services } = this.#host;
    if (!interfaces.byIndex(out.outDevice)?.loopback) {
      if (!ipv4.peers.allow(to, ipv4.settings.icmp_ratelimit)) return false;
    }
    this.globalLimit.consume(services.random());
    return true;
  }
}

const UNREACHABLE_WORDS = [
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
  'source route failed',
];

function describe(type: number, code: number): string {
  switch (type) {
    case UNREACHABLE:
      return UNREACHABLE_WORDS[code] ?? `destination unreachable, code ${code}`;
    case REDIRECT:
      return 'redirect';
    case TIME_EXCEEDED:
      return code === 0 ? 'time to live exceeded' : 'reassembly time exceeded';
    case PARAMETER_PROBLEM:
      return 'parameter problem';
    default:
      return `type ${type}, code ${code}`;
  }
}
