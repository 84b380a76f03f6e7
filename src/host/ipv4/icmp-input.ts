import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get16, get32, set32 } from '../../wire/bytes.ts';
import { checksum } from '../../wire/checksum.ts';
import { IPPROTO_ICMP, IPPROTO_UDP } from '../../wire/protocols.ts';
import type { Host } from '../host.ts';
import { dotted } from '../routing/special4.ts';
import { headerLength } from './header.ts';
import {
  ECHO,
  ECHO_REPLY,
  FRAGMENTATION_NEEDED,
  LAST_TYPE,
  PARAMETER_PROBLEM,
  REDIRECT,
  SOURCE_QUENCH,
  TIME_EXCEEDED,
  TIMESTAMP,
  TIMESTAMP_REPLY,
  UNREACHABLE,
} from './icmp.ts';
import { learnMtu, learnRedirect } from './learn.ts';
import { answerProbe, EXTENDED_ECHO } from './probe.ts';
import { TRUSTED } from './state.ts';

const ADDRESS_MASK = 17;
const ADDRESS_MASK_REPLY = 18;
const LAST_UNREACHABLE_CODE = 15;

/** ICMP arrives (net/ipv4/icmp.c icmp_rcv). */
export class IcmpInput {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  receive(packet: Packet): number {
    const { settings } = this.#host.ipv4;
    const { bytes } = packet;
    const at = packet.network + headerLength(packet);
    packet.transport = at;
    const right = (packet.flags & TRUSTED) !== 0 || checksum(bytes, at, packet.end) === 0;
    if (!right) return this.#drop(packet, 'wrong checksum');
    if (at + 8 > packet.end) return this.#drop(packet, 'the ICMP header is cut off');
    const type = bytes[at]!;
    if (type === EXTENDED_ECHO) return this.#echo(packet, at);
    if (type > LAST_TYPE) return this.#drop(packet, `ICMP type ${type} is unknown`);
    const routeType = packet.route?.type;
    if (routeType === ROUTE_TYPE.BROADCAST || routeType === ROUTE_TYPE.MULTICAST) {
      if (type === ECHO || type === TIMESTAMP) {
        if (settings.icmp_echo_ignore_broadcasts !== 0) {
          return this.#drop(packet, 'echo requests to many are ignored (icmp_echo_ignore_broadcasts=1)');
        }
      } else if (type !== ADDRESS_MASK && type !== ADDRESS_MASK_REPLY) {
        return this.#drop(packet, `ICMP type ${type} to a broadcast or multicast address`);
      }
    }
    switch (type) {
      case ECHO:
        return this.#echo(packet, at);
      case TIMESTAMP:
        return this.#timestamp(packet, at);
      case UNREACHABLE:
      case SOURCE_QUENCH:
      case TIME_EXCEEDED:
      case PARAMETER_PROBLEM:
      case REDIRECT:
        return this.#error(packet, at, type);
      default:
        return this.#done(packet, type === ECHO_REPLY ? 'nobody waits for this echo reply' : 'ICMP, ignored');
    }
  }

  #echo(packet: Packet, at: number): number {
    const { ipv4 } = this.#host;
    if (ipv4.settings.icmp_echo_ignore_all !== 0) {
      return this.#drop(packet, 'echo requests are ignored (icmp_echo_ignore_all=1)');
    }
    const body = packet.bytes.slice(at, packet.end);
    if (body[0] === ECHO) {
      body[0] = ECHO_REPLY;
    } else if (!answerProbe(this.#host, body)) {
      return this.#drop(packet, 'extended echo requests are not answered');
    }
    this.#host.observer?.deliver?.(packet, 'the host itself: echo request');
    ipv4.icmp.reply(packet, body, 'echo reply');
    this.#host.pool.release(packet);
    return 0;
  }

  #timestamp(packet: Packet, at: number): number {
    if (packet.end - at < 12) return this.#drop(packet, 'the timestamp request is cut off');
    const { ipv4 } = this.#host;
    const body = new Uint8Array(20);
    body.set(packet.bytes.subarray(at, at + 12));
    body[0] = TIMESTAMP_REPLY;
    body[1] = 0;
    const now = ipv4.options.timeOfDay();
    set32(body, 12, now);
    set32(body, 16, now);
    this.#host.observer?.deliver?.(packet, 'the host itself: timestamp request');
    ipv4.icmp.reply(packet, body, 'timestamp reply');
    this.#host.pool.release(packet);
    return 0;
  }

  /** An error about something this host sent (icmp_unreach, icmp_redirect). */
  #error(packet: Packet, at: number, type: number): number {
    const { bytes, end } = packet;
    const { routing4, services } = this.#host;
    const quoted = at + 8;
    if (end - quoted < 20) return this.#drop(packet, 'the quoted header is cut off');
    const quotedHeader = (bytes[quoted]! & 15) << 2;
    const code = bytes[at + 1]!;
    if (type !== REDIRECT) {
      if (quotedHeader < 20) return this.#drop(packet, 'the quoted header is malformed');
      if (type === UNREACHABLE && code > LAST_UNREACHABLE_CODE) return this.#done(packet, 'ICMP, ignored');
      if (type === TIME_EXCEEDED && code === 1) return this.#done(packet, 'ICMP, ignored');
      const to = get32(bytes, quoted + 16);
      const bogus = routing4.addressType(to, packet.inDevice) === ROUTE_TYPE.BROADCAST;
      if (bogus && this.#host.ipv4.settings.icmp_ignore_bogus_error_responses === 0) {
        const where = this.#host.interfaces.nameOf(packet.inDevice);
        const sender = dotted(get32(bytes, packet.network + 12));
        const text = `${sender} sent an invalid ICMP type ${type}, code ${code} error to a broadcast: ${dotted(to)} on ${where}`;
        services.log(4, `IPv4: ${text}`);
        return this.#drop(packet, 'an error about a broadcast');
      }
    }
    if (end - quoted >= quotedHeader + 8 && this.#isAboutOurs(packet, quoted, quotedHeader)) {
      if (type === REDIRECT) {
        learnRedirect(this.#host, packet, quoted, code, get32(bytes, at + 4));
      } else if (type === UNREACHABLE && code === FRAGMENTATION_NEEDED) {
        learnMtu(this.#host, packet, quoted, get16(bytes, at + 6));
      }
    }
    return this.#done(packet, 'the host itself: ICMP error');
  }

  /** Whether anything here may have sent the quoted packet: ICMP always, UDP from the port of a socket. */
  #isAboutOurs(packet: Packet, quoted: number, header: number): boolean {
    const { bytes } = packet;
    const protocol = bytes[quoted + 9];
    if (protocol === IPPROTO_ICMP) return true;
    if (protocol !== IPPROTO_UDP) return false;
    const ports = quoted + header;
    const { sockets } = this.#host;
    return (
      sockets.find(4, IPPROTO_UDP, bytes, quoted + 12, get16(bytes, ports), packet.inDevice) !== undefined
    );
  }

  #done(packet: Packet, to: string): number {
    this.#host.observer?.deliver?.(packet, to);
    this.#host.pool.release(packet);
    return 0;
  }

  #drop(packet: Packet, reason: string): number {
    this.#host.drop(packet, 'ICMP', reason);
    return 0;
  }
}
