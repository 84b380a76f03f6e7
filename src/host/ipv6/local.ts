import type { ErrnoName } from '../../netfilter/constants.ts';
import type { Packet, Sender } from '../../netfilter/packet.ts';
import { isUnspecified6 } from '../../wire/address.ts';
import { get16, get32, set16 } from '../../wire/bytes.ts';
import { errorName } from '../error-name.ts';
import type { Host } from '../host.ts';
import type { Flow6, Route6 } from '../routing/route6.ts';
import type { Socket } from '../sockets.ts';
import { ADDRESS_LENGTH, ADDRESS_LINK_LOCAL, ADDRESS_MULTICAST, addressKind } from './address.ts';
import { checksum6 } from './checksum.ts';
import { DESTINATION, HEADER_LENGTH, HOP_LIMIT, NEXT_HEADER, RAW, SOURCE, TCP, UDP } from './headers.ts';

const UDP_HEADER = 8;
/** Bytes that the ports of TCP and UDP take. */
const PORTS = 4;
const MAX_DATAGRAM = 65535;

/** Packets of this host's processes and of the host itself. */
export class Local6 {
  readonly #host: Host;
  /** While a process sends raw, its socket also listens. */
  rawSockets = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * A process sends a whole packet by a raw socket; nothing in it is changed. Answers the name of the error.
   * (net/ipv6/raw.c rawv6_sendmsg, rawv6_send_hdrinc)
   */
  sendRaw(given: Uint8Array, sender: Sender): ErrnoName | undefined {
    const host = this.#host;
    // Without a whole header there is no destination to send to either.
    if (given.length < HEADER_LENGTH) return 'EINVAL';
    const flow = host.ipv6.newFlow();
    flow.destination.set(given.subarray(DESTINATION, HEADER_LENGTH));
    // To send to :: means to send to oneself.
    if (isUnspecified6(flow.destination, 0)) flow.destination[ADDRESS_LENGTH - 1] = 1;
    flow.protocol = RAW;
    flow.mark = sender.mark;
    flow.uid = sender.uid;
    const route = host.routing6.output(flow);
    if (typeof route === 'number') return errorName(route);
    if (given.length > (host.interfaces.byIndex(route.outDevice)?.mtu ?? 0)) return 'EMSGSIZE';
    const packet = host.pool.acquire();
    packet.family = 6;
    packet.etherType = 0x86dd;
    packet.resize(given.length);
    packet.bytes.set(given, packet.network);
    packet.transport = packet.network + HEADER_LENGTH;
    packet.mark = sender.mark;
    packet.sender = sender;
    packet.route = route;
    host.observer?.create?.(packet, 'raw socket');
    host.observer?.route?.(packet, route, route.why);
    this.rawSockets++;
    try {
      return errorName(host.ipv6.output.localAsItIs(packet));
    } finally {
      this.rawSockets--;
    }
  }

  /**
   * Sends a packet that the host or a hook function made, and uses it up. It is routed here unless it has its route; a
   * hop limit of 0 becomes that of the route. 0, or a negative error number.
   */
  sendLocal(packet: Packet): number {
    const host = this.#host;
    const { bytes, network } = packet;
    if (packet.route === undefined) {
      const route = host.routing6.output(this.#flowOf(packet));
      if (typeof route === 'number') {
        host.drop(packet, 'output', 'no route');
        return route;
      }
      packet.route = route;
      host.observer?.route?.(packet, route, route.why);
    }
    if (bytes[network + HOP_LIMIT] === 0)
      bytes[network + HOP_LIMIT] = host.ipv6.output.hopLimit(packet.route as Route6);
    host.observer?.create?.(packet, 'sent by the host');
    return host.ipv6.output.local(packet);
  }

  /**
   * Looks the route up again, for what OUTPUT has made of the packet (net/ipv6/netfilter.c ip6_route_me_harder).
   * Answers 0, or a negative error number; the packet stays the caller's.
   */
  reroute(packet: Packet): number {
    const host = this.#host;
    const flow = this.#flowOf(packet);
    const kind = addressKind(flow.destination, 0);
    if ((kind & (ADDRESS_MULTICAST | ADDRESS_LINK_LOCAL)) !== 0)
      flow.outDevice = packet.route?.outDevice ?? 0;
    const route = host.routing6.lookup(flow);
    if (typeof route === 'number') return route;
    if (route.error !== 0) return route.error;
    packet.route = route;
    host.observer?.route?.(packet, route, route.why);
    return 0;
  }

  #flowOf(packet: Packet): Flow6 {
    const { bytes, network } = packet;
    const flow = this.#host.ipv6.newFlow();
    flow.destination.set(bytes.subarray(network + DESTINATION, network + HEADER_LENGTH));
    flow.source.set(bytes.subarray(network + SOURCE, network + DESTINATION));
    flow.mark = packet.mark;
    flow.uid = packet.sender?.uid ?? 0;
    flow.flowLabel = get32(bytes, network) & 0x0fffffff;
    flow.protocol = bytes[network + NEXT_HEADER]!;
    if ((flow.protocol === TCP || flow.protocol === UDP) && packet.length >= HEADER_LENGTH + PORTS) {
      flow.sourcePort = get16(bytes, network + HEADER_LENGTH);
      flow.destinationPort = get16(bytes, network + HEADER_LENGTH + 2);
    }
    return flow;
  }

  /** A process sends a datagram (net/ipv6/udp.c udpv6_sendmsg). `to` has 16 bytes. */
  sendUdp(socket: Socket, to: Uint8Array, port: number, payload: Uint8Array): ErrnoName | undefined {
    const host = this.#host;
    const { output } = host.ipv6;
    const length = UDP_HEADER + payload.length;
    if (length > MAX_DATAGRAM) return 'EMSGSIZE';
    const flow = host.ipv6.newFlow();
    flow.destination.set(to);
    if (isUnspecified6(flow.destination, 0)) flow.destination[ADDRESS_LENGTH - 1] = 1;
    if (socket.address) flow.source.set(socket.address);
    flow.protocol = socket.protocol;
    flow.mark = socket.mark;
    flow.uid = socket.uid;
    flow.outDevice = socket.device;
    flow.sourcePort = socket.port;
    flow.destinationPort = port;
    const route = host.routing6.output(flow);
    if (typeof route === 'number') return errorName(route);
    const packet = output.prepare(0, flow, route, length, socket.protocol, 0);
    const { bytes, transport, network, end } = packet;
    packet.sender = socket;
    packet.ignoreDf = true;
    set16(bytes, transport, socket.port);
    set16(bytes, transport + 2, port);
    set16(bytes, transport + 4, length);
    set16(bytes, transport + 6, 0);
    bytes.set(payload, transport + UDP_HEADER);
    // 0 would mean that there is none.
    set16(bytes, transport + 6, checksum6(bytes, network, transport, end, socket.protocol) || 0xffff);
    host.observer?.create?.(packet, `socket ${socket.name}`);
    return errorName(output.local(packet));
  }
}
