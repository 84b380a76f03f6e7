import { type ErrnoName, OUTPUT } from '../../netfilter/constants.ts';
import { MAX_PACKET, type Packet, type Sender } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get16, get32, set16, set32 } from '../../wire/bytes.ts';
import { checksum, pseudoSum4, udpChecksum } from '../../wire/checksum.ts';
import {
  fillIpv4Checksum,
  IPV4_DF,
  IPV4_FRAGMENT_AT,
  IPV4_ID_AT,
  IPV4_LENGTH,
  IPV4_SOURCE_AT,
  IPV4_TOTAL_LENGTH_AT,
  IPV4_TTL_AT,
} from '../../wire/ipv4.ts';
import { errorName } from '../error-name.ts';
import type { Host } from '../host.ts';
import type { Route4 } from '../routing/route4.ts';
import type { Socket } from '../sockets.ts';
import { destination, fragmentField, source, tosOf } from './header.ts';

const UDP_HEADER = 8;

/** Packets of this host's processes and of the host itself. */
export class Local4 {
  readonly #host: Host;
  /** While a process sends raw, its socket also listens. */
  rawSockets = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * A process sends a whole packet by a raw socket. The kernel fills in the length, the checksum, and source and
   * identification where they are 0. Answers the name of the error. (net/ipv4/raw.c raw_sendmsg, raw_send_hdrinc)
   */
  sendRaw(given: Uint8Array, sender: Sender): ErrnoName | undefined {
    const host = this.#host;
    if (given.length > MAX_PACKET) return 'EMSGSIZE';
    // Without a whole header there is no destination to send to either.
    if (given.length < IPV4_LENGTH) return 'EINVAL';
    const flow = host.ipv4.newFlow();
    flow.destination = get32(given, 16);
    flow.mark = sender.mark;
    flow.uid = sender.uid;
    flow.protocol = 255;
    flow.anySource = true;
    const route = host.routing4.output(flow);
    if (typeof route === 'number') return errorName(route);
    const device = host.interfaces.byIndex(route.outDevice);
    if (given.length > (device?.mtu ?? 0)) return 'EMSGSIZE';
    const header = (given[0]! & 15) << 2;
    if (header < IPV4_LENGTH || header > given.length) return 'EINVAL';
    const packet = host.pool.acquire();
    packet.resize(given.length);
    const { bytes, network } = packet;
    bytes.set(given, network);
    packet.transport = network + header;
    packet.route = route;
    packet.mark = sender.mark;
    packet.sender = sender;
    if (source(packet) === 0) set32(bytes, network + IPV4_SOURCE_AT, flow.source);
    set16(bytes, network + IPV4_TOTAL_LENGTH_AT, given.length);
    if (get16(bytes, network + IPV4_ID_AT) === 0 && (fragmentField(packet) & IPV4_DF) === 0) {
      set16(bytes, network + IPV4_ID_AT, host.ipv4.nextIdentification());
    }
    fillIpv4Checksum(bytes, network);
    host.observer?.create?.(packet, 'raw socket');
    host.observer?.route?.(packet, route, route.why);
    this.rawSockets++;
    try {
      return errorName(this.#output(packet));
    } finally {
      this.rawSockets--;
    }
  }

  /** OUTPUT, then on the way out. Answers 0 or a negative error number. */
  #output(packet: Packet): number {
    const { hooks, ipv4 } = this.#host;
    return hooks.run(packet, 4, OUTPUT, 0, packet.route?.outDevice ?? 0, ipv4.output.send);
  }

  /** A packet that {@link Ipv4.build} made sets out; `why` is for those who watch. */
  sendOut(packet: Packet, why: string): number {
    const { observer } = this.#host;
    if (observer) {
      observer.create?.(packet, why);
      observer.route?.(packet, packet.route, (packet.route as Route4).why);
    }
    return this.#complete(packet);
  }

  /** Length and checksum are filled in, and it goes through OUTPUT (__ip_local_out). */
  #complete(packet: Packet): number {
    const { bytes, network } = packet;
    set16(bytes, network + IPV4_TOTAL_LENGTH_AT, packet.end - network);
    fillIpv4Checksum(bytes, network);
    return this.#output(packet);
  }

  /**
   * Sends a packet that the host or a hook function made, and uses it up. It is routed here unless it has its route; a
   * TTL of 0 becomes that of the route.
   */
  sendLocal(packet: Packet): number {
    const host = this.#host;
    host.observer?.create?.(packet, 'sent by the host');
    if (packet.route === undefined) {
      const error = this.reroute(packet);
      if (error < 0) {
        host.drop(packet, 'output', 'no route');
        return error;
      }
    }
    const { bytes, network } = packet;
    if (bytes[network + IPV4_TTL_AT] === 0) bytes[network + IPV4_TTL_AT] = host.ipv4.hopLimit(packet.route!);
    return this.#complete(packet);
  }

  /**
   * Looks the route up again, for what OUTPUT has made of the packet (net/ipv4/netfilter.c ip_route_me_harder).
   * Answers 0, or a negative error number; the packet stays the caller's.
   */
  reroute(packet: Packet): number {
    const host = this.#host;
    const flow = host.ipv4.newFlow();
    const from = source(packet);
    const type = host.routing4.addressType(from);
    const mayBeSource = type === ROUTE_TYPE.LOCAL || type === ROUTE_TYPE.UNICAST;
    flow.source = mayBeSource ? from : 0;
    flow.anySource = true;
    flow.destination = destination(packet);
    flow.tos = tosOf(packet) & 0xfc;
    flow.mark = packet.mark;
    flow.uid = packet.sender?.uid ?? 0;
    const route = host.routing4.output(flow);
    if (typeof route === 'number') return route;
    if (route.error !== 0) return route.error;
    packet.route = route;
    host.observer?.route?.(packet, route, route.why);
    return 0;
  }

  /** A process sends a datagram (net/ipv4/udp.c udp_sendmsg). */
  sendUdp(socket: Socket, to: Uint8Array, port: number, payload: Uint8Array): ErrnoName | undefined {
    const host = this.#host;
    const length = UDP_HEADER + payload.length;
    if (length + IPV4_LENGTH > MAX_PACKET) return 'EMSGSIZE';
    const flow = host.ipv4.newFlow();
    flow.destination = get32(to, 0);
    flow.source = socket.address ? get32(socket.address, 0) : 0;
    flow.mark = socket.mark;
    flow.uid = socket.uid;
    flow.protocol = socket.protocol;
    flow.sourcePort = socket.port;
    flow.destinationPort = port;
    flow.outDevice = socket.device;
    flow.anySource = socket.transparent;
    const route = host.ipv4.find(flow);
    if (typeof route === 'number') return errorName(route);
    const packet = host.ipv4.build(route, socket.protocol, 0, length, undefined, 0);
    const { bytes, network, transport, end } = packet;
    const whole = end - network <= host.ipv4.pathMtu(route);
    if (whole && host.ipv4.settings.ip_no_pmtu_disc === 0 && !route.mtuLocked) {
      set16(bytes, network + IPV4_FRAGMENT_AT, IPV4_DF);
    }
    packet.ignoreDf = true;
    set16(bytes, transport, socket.port);
    set16(bytes, transport + 2, port);
    set16(bytes, transport + 4, length);
    set16(bytes, transport + 6, 0);
    bytes.set(payload, transport + UDP_HEADER);
    const pseudo = pseudoSum4(bytes, network, socket.protocol, length);
    set16(bytes, transport + 6, udpChecksum(checksum(bytes, transport, end, pseudo)));
    packet.mark = socket.mark;
    packet.sender = socket;
    return errorName(this.sendOut(packet, `socket ${socket.name}`));
  }
}
