import { PACKET_HOST } from '../../netfilter/constants.ts';
import { SocketTuple } from '../../netfilter/local-socket.ts';
import type { Packet, Sender } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get16, get32, set16, set32 } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import type { Flow6, Route6 } from '../routing/route6.ts';
import type { Socket } from '../sockets.ts';
import type { TcpConnection } from '../tcp-connection.ts';
import { TcpListener, type TcpPath } from '../tcp-listener.ts';
import { isSigned } from '../tcp-options.ts';
import { ADDRESS_LENGTH, ADDRESS_MAPPED, addressKind, needsStrictRoute, sameAddress } from './address.ts';
import { checksum6 } from './checksum.ts';
import { DESTINATION, HEADER_LENGTH, SOURCE, TCP } from './headers.ts';

const HEADER = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
/** Bit of `flowlabel_reflect` for resets. */
const REFLECT_RESET = 2;
/** Shortest segments that are asked for (net.ipv6.route.min_adv_mss). */
const LEAST_SEGMENT = 1220;

/** The ends of a connection, the peer's first. */
interface Ends6 {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Interface it came by, for a peer whose address means something only there; else 0. */
  readonly device: number;
}

/** TCP that is for this host (net/ipv6/tcp_ipv6.c tcp_v6_rcv). Every packet that comes here ends here. */
export class Tcp6 implements TcpPath<Ends6> {
  readonly refused = 'a SYN to or from an address that has no connections';
  readonly listener: TcpListener<Ends6>;
  readonly #host: Host;
  readonly #tuple = new SocketTuple();

  constructor(host: Host) {
    this.#host = host;
    this.listener = new TcpListener(host, this);
  }

  receive(packet: Packet): void {
    const wrong = this.#receive(packet);
    if (wrong !== undefined) this.#host.drop(packet, 'TCP', wrong);
  }

  /** Why nobody took it; undefined if somebody did. */
  #receive(packet: Packet): string | undefined {
    const { bytes, network, transport, end } = packet;
    if (packet.type !== PACKET_HOST) return 'came in a broadcast or multicast frame';
    if (transport + HEADER > end) return 'the TCP header is cut off';
    const header = (bytes[transport + 12]! >> 4) << 2;
    if (header < HEADER || transport + header > end) return 'its header length is wrong';
    if (checksum6(bytes, network, transport, end, TCP) !== 0) return 'wrong checksum';
    if (this.listener.receive(packet, TCP, transport, header)) return undefined;
    this.reset(packet, transport, header, undefined);
    return `no socket listens at port ${get16(bytes, transport + 2)}`;
  }

  /** Answers a segment that belongs to nothing with a reset (tcp_v6_send_reset; RFC 9293 section 3.10.7.1). */
  reset(packet: Packet, at: number, header: number, socket: Socket | undefined): void {
    const { bytes, network, end } = packet;
    const flags = bytes[at + 13]!;
    if ((flags & RST) !== 0 || (!socket && packet.route?.type !== ROUTE_TYPE.LOCAL)) return;
    if (isSigned(bytes, at + HEADER, at + header)) return;
    const segment = new Uint8Array(HEADER);
    set16(segment, 0, get16(bytes, at + 2));
    set16(segment, 2, get16(bytes, at));
    segment[12] = (HEADER >> 2) << 4;
    if ((flags & ACK) !== 0) {
      set32(segment, 4, get32(bytes, at + 8));
      segment[13] = RST;
    } else {
      const length = end - at - header + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
      set32(segment, 8, get32(bytes, at + 4) + length);
      segment[13] = RST | ACK;
    }
    const { net } = this.#host.ipv6.settings;
    const first = get32(bytes, network);
    const flow = this.#flow(endsOf(this.#host, packet), segment);
    flow.mark = (net.fwmark_reflect !== 0 ? packet.mark : 0) || (socket?.mark ?? 0);
    if ((net.flowlabel_reflect & REFLECT_RESET) !== 0) flow.flowLabel = first & 0xfffff;
    this.#transmit(segment, flow, (first >>> 20) & 0xfc, socket, packet.id, 'TCP reset');
  }

  /** tcp_v6_conn_request */
  begin(packet: Packet): Ends6 | undefined {
    const mapped = addressKind(packet.bytes, packet.network + SOURCE) === ADDRESS_MAPPED;
    return packet.route?.type !== ROUTE_TYPE.LOCAL || mapped ? undefined : endsOf(this.#host, packet);
  }

  isBetween(ends: Ends6, { peer, peerAt, own, ownAt, device }: SocketTuple): boolean {
    if (ends.device !== 0 && ends.device !== device) return false;
    return sameAddress(ends.source, 0, peer, peerAt) && sameAddress(ends.destination, 0, own, ownAt);
  }

  tupleOf({ bytes, network, inDevice }: Packet, at: number): SocketTuple {
    const tuple = this.#tuple;
    tuple.family = 6;
    tuple.protocol = TCP;
    tuple.peer = bytes;
    tuple.peerAt = network + SOURCE;
    tuple.peerPort = get16(bytes, at);
    tuple.own = bytes;
    tuple.ownAt = network + DESTINATION;
    tuple.ownPort = get16(bytes, at + 2);
    tuple.device = inDevice;
    return tuple;
  }

  get routeGeneration(): number {
    return this.#host.routing6.generation;
  }

  ecn(packet: Packet): number {
    return (packet.bytes[packet.network + 1]! >> 4) & 3;
  }

  /** ip6_default_advmss */
  segmentSize(ends: Ends6, _socket: Socket, ownPort: number, peerPort: number): number | undefined {
    const ports = new Uint8Array(4);
    set16(ports, 0, ownPort);
    set16(ports, 2, peerPort);
    const route = this.#host.routing6.output(this.#flow(ends, ports));
    if (typeof route === 'number') return undefined;
    const { advmss } = route.entry?.metrics ?? {};
    return advmss || Math.max(route.mtu - HEADER_LENGTH - HEADER, LEAST_SEGMENT);
  }

  send(segment: Uint8Array, connection: TcpConnection<Ends6>, cause: number, why: string): void {
    const { mark, ends } = connection.begun;
    const flow = this.#flow(ends, segment);
    flow.mark = mark;
    this.#transmit(segment, flow, 0, connection, cause, why);
  }

  #flow(ends: Ends6, segment: Uint8Array): Flow6 {
    const flow = this.#host.ipv6.newFlow();
    flow.destination.set(ends.source);
    flow.source.set(ends.destination);
    flow.outDevice = ends.device;
    flow.protocol = TCP;
    flow.sourcePort = get16(segment, 0);
    flow.destinationPort = get16(segment, 2);
    return flow;
  }

  /** Sends a segment, whose checksum is made here. */
  #transmit(
    segment: Uint8Array,
    flow: Flow6,
    trafficClass: number,
    sender: Sender | undefined,
    cause: number,
    why: string,
  ): void {
    const host = this.#host;
    const { link } = host;
    link.hold();
    const route: Route6 | number = host.routing6.output(flow);
    if (typeof route !== 'number') {
      const packet = host.ipv6.output.prepare(cause, flow, route, segment.length, TCP, trafficClass);
      const { bytes, network, transport, end } = packet;
      bytes.set(segment, transport);
      set16(bytes, transport + 16, 0);
      set16(bytes, transport + 16, checksum6(bytes, network, transport, end, TCP));
      packet.sender = sender;
      host.observer?.create?.(packet, why);
      host.ipv6.output.local(packet);
    }
    link.release();
  }
}

function endsOf(host: Host, packet: Packet): Ends6 {
  const { bytes, network } = packet;
  const source = network + SOURCE;
  const destination = network + DESTINATION;
  return {
    source: bytes.slice(source, source + ADDRESS_LENGTH),
    destination: bytes.slice(destination, destination + ADDRESS_LENGTH),
    device: needsStrictRoute(bytes, source) ? host.ipv6.realDevice(packet, packet.inDevice) : 0,
  };
}
