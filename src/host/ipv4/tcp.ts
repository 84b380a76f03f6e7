import { PACKET_HOST } from '../../netfilter/constants.ts';
import { SocketTuple } from '../../netfilter/local-socket.ts';
import type { Packet, Sender } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get16, get32, set16, set32 } from '../../wire/bytes.ts';
import { checksum, pseudoSum4, pseudoSumOf4 } from '../../wire/checksum.ts';
import {
  IPV4_DESTINATION_AT,
  IPV4_DF,
  IPV4_FRAGMENT_AT,
  IPV4_ID_AT,
  IPV4_SOURCE_AT,
} from '../../wire/ipv4.ts';
import { IPPROTO_TCP } from '../../wire/protocols.ts';
import type { Host } from '../host.ts';
import type { Socket } from '../sockets.ts';
import type { TcpConnection } from '../tcp-connection.ts';
import { TcpListener, type TcpPath } from '../tcp-listener.ts';
import { isSigned } from '../tcp-options.ts';
import { destination, headerLength, source, tosOf } from './header.ts';
import { type EchoedOptions, echoOptions, firstDestination } from './options-write.ts';
import { optionsOf, TRUSTED } from './state.ts';

const HEADER = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** The ends of a connection, the peer's first, and the options that go back to it. */
interface Ends4 {
  readonly source: number;
  readonly destination: number;
  readonly echo: EchoedOptions | undefined;
  /** Of what goes to the peer. */
  readonly tos: number;
}

/** TCP arrives (net/ipv4/tcp_ipv4.c tcp_v4_rcv). */
export class Tcp4 implements TcpPath<Ends4> {
  readonly refused = 'a SYN to a broadcast address';
  readonly listener: TcpListener<Ends4>;
  readonly #host: Host;
  readonly #tuple = new SocketTuple();

  constructor(host: Host) {
    this.#host = host;
    this.listener = new TcpListener(host, this);
  }

  begin(packet: Packet): Ends4 | undefined {
    if (packet.route?.type !== ROUTE_TYPE.LOCAL) return undefined;
    const options = optionsOf(packet);
    const { bytes, network } = packet;
    const echo = options && echoOptions(options, bytes, network, this.#host.ipv4.options.isForeign);
    const tos = this.#host.ipv4.settings.tcp_reflect_tos !== 0 ? tosOf(packet) & 0xfc : 0;
    return { source: source(packet), destination: destination(packet), echo, tos };
  }

  isBetween(ends: Ends4, { peer, peerAt, own, ownAt }: SocketTuple): boolean {
    return ends.source === get32(peer, peerAt) && ends.destination === get32(own, ownAt);
  }

  tupleOf({ bytes, network, inDevice }: Packet, at: number): SocketTuple {
    const tuple = this.#tuple;
    tuple.family = 4;
    tuple.protocol = IPPROTO_TCP;
    tuple.peer = bytes;
    tuple.peerAt = network + IPV4_SOURCE_AT;
    tuple.peerPort = get16(bytes, at);
    tuple.own = bytes;
    tuple.ownAt = network + IPV4_DESTINATION_AT;
    tuple.ownPort = get16(bytes, at + 2);
    tuple.device = inDevice;
    return tuple;
  }

  get routeGeneration(): number {
    return this.#host.routing4.generation;
  }

  ecn(packet: Packet): number {
    return tosOf(packet) & 3;
  }

  segmentSize(ends: Ends4, socket: Socket, ownPort: number, peerPort: number): number | undefined {
    const { ipv4 } = this.#host;
    const out = ipv4.route(
      firstDestination(ends.echo, ends.source),
      ends.destination,
      ends.tos,
      0,
      IPPROTO_TCP,
      ownPort,
      peerPort,
      socket.transparent,
    );
    return typeof out === 'number' ? undefined : ipv4.advertisedSegment(out);
  }

  send(segment: Uint8Array, connection: TcpConnection<Ends4>, cause: number, why: string): void {
    const { socket, mark, ends } = connection.begun;
    const { source: to, destination: from, tos, echo } = ends;
    this.#transmit(segment, from, to, tos, mark, echo, connection, socket.transparent, cause, why);
  }

  receive(packet: Packet): number {
    const { bytes, network } = packet;
    const at = network + headerLength(packet);
    packet.transport = at;
    if (packet.type !== PACKET_HOST) return this.#drop(packet, 'came in a broadcast or multicast frame');
    if (at + HEADER > packet.end) return this.#drop(packet, 'the TCP header is cut off');
    const header = (bytes[at + 12]! >> 4) << 2;
    if (header < HEADER || at + header > packet.end) return this.#drop(packet, 'its header length is wrong');
    const length = packet.end - at;
    if ((packet.flags & TRUSTED) === 0) {
      const pseudo = pseudoSum4(bytes, network, IPPROTO_TCP, length);
      if (checksum(bytes, at, packet.end, pseudo) !== 0) return this.#drop(packet, 'wrong checksum');
    }
    if (this.listener.receive(packet, IPPROTO_TCP, at, header)) return 0;
    this.reset(packet, at, header, undefined);
    return this.#drop(packet, `no socket listens at port ${get16(bytes, at + 2)}`);
  }

  /** Answers a segment that belongs to nothing with a reset (tcp_v4_send_reset; RFC 9293 section 3.10.7.1). */
  reset(packet: Packet, at: number, header: number, socket: Socket | undefined): void {
    const { bytes } = packet;
    const flags = bytes[at + 13]!;
    if ((flags & RST) !== 0 || (!socket && packet.route?.type !== ROUTE_TYPE.LOCAL)) return;
    // Who signs its segments does not get an unsigned reset.
    if (isSigned(bytes, at + HEADER, at + header, true)) return;
    const segment = new Uint8Array(HEADER);
    set16(segment, 0, get16(bytes, at + 2));
    set16(segment, 2, get16(bytes, at));
    segment[12] = (HEADER >> 2) << 4;
    if ((flags & ACK) !== 0) {
      set32(segment, 4, get32(bytes, at + 8));
      segment[13] = RST;
    } else {
      const length = packet.end - at - header + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
      set32(segment, 8, get32(bytes, at + 4) + length);
      segment[13] = RST | ACK;
    }
    this.#answer(packet, segment, socket);
  }

  /**
   * Sends a reset back to where `about` came from, for the socket that it came to if there is one: such a reset is of its
   * process, and has its mark unless the packet's is reflected (ip_send_unicast_reply).
   */
  #answer(about: Packet, segment: Uint8Array, socket: Socket | undefined): void {
    const host = this.#host;
    const options = optionsOf(about);
    const echo = options && echoOptions(options, about.bytes, about.network, host.ipv4.options.isForeign);
    if (options && !echo) return;
    const mark = (host.ipv4.settings.fwmark_reflect !== 0 ? about.mark : 0) || (socket?.mark ?? 0);
    const tos = tosOf(about) & 0xfc;
    const from = destination(about);
    const anySource = socket?.transparent ?? false;
    this.#transmit(segment, from, source(about), tos, mark, echo, socket, anySource, about.id, 'TCP reset');
  }

  /** Sends a segment, whose checksum is made here. `from` and `to` are the ends of the connection. */
  #transmit(
    segment: Uint8Array,
    from: number,
    to: number,
    tos: number,
    mark: number,
    echo: EchoedOptions | undefined,
    sender: Sender | undefined,
    anySource: boolean,
    cause: number,
    why: string,
  ): void {
    const host = this.#host;
    const hop = firstDestination(echo, to);
    const own = get16(segment, 0);
    const peer = get16(segment, 2);
    const out = host.ipv4.route(hop, from, tos, mark, IPPROTO_TCP, own, peer, anySource);
    if (typeof out !== 'number') {
      const packet = host.ipv4.build(out, IPPROTO_TCP, tos, segment.length, echo, to);
      const { bytes, network, transport, end } = packet;
      bytes.set(segment, transport);
      set16(bytes, transport + 16, 0);
      set16(bytes, network + IPV4_FRAGMENT_AT, IPV4_DF);
      set16(bytes, network + IPV4_ID_AT, 0);
      // The pseudo header names the far end, also where a source route makes another the next destination.
      const pseudo = pseudoSumOf4(from, to, IPPROTO_TCP, segment.length);
      set16(bytes, transport + 16, checksum(bytes, transport, end, pseudo));
      packet.mark = mark;
      if (sender) packet.sender = sender;
      packet.cause = cause;
      host.link.hold();
      try {
        host.ipv4.sendOut(packet, why);
      } finally {
        host.link.release();
      }
    }
  }

  #drop(packet: Packet, reason: string): number {
    this.#host.drop(packet, 'TCP', reason);
    return 0;
  }
}
