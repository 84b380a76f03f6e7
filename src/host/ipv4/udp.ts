import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get16 } from '../../wire/bytes.ts';
import { checksum, pseudoSum4 } from '../../wire/checksum.ts';
import { IPV4_DESTINATION_AT } from '../../wire/ipv4.ts';
import { IPPROTO_UDP, type IPPROTO_UDPLITE } from '../../wire/protocols.ts';
import type { Host } from '../host.ts';
import { Socket } from '../sockets.ts';
import { headerLength } from './header.ts';
import { PORT_UNREACHABLE, UNREACHABLE } from './icmp.ts';
import { TRUSTED } from './state.ts';

const HEADER = 8;

/** UDP and UDP-Lite arrive (net/ipv4/udp.c __udp4_lib_rcv, include/net/udplite.h). */
export class Udp4 {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  receive(packet: Packet, protocol: typeof IPPROTO_UDP | typeof IPPROTO_UDPLITE): number {
    const host = this.#host;
    const { bytes, network } = packet;
    const at = network + headerLength(packet);
    packet.transport = at;
    if (at + HEADER > packet.end) return this.#drop(packet, 'the UDP header is cut off');
    const length = get16(bytes, at + 4);
    if (length > packet.end - at) return this.#drop(packet, 'longer than its IP packet');
    if (protocol === IPPROTO_UDP) {
      if (length < HEADER) return this.#drop(packet, 'shorter than its header');
      packet.end = at + length;
    }
    const covered = protocol === IPPROTO_UDP ? length : this.#coverage(packet, at, length);
    if (covered < 0) return this.#drop(packet, 'its checksum does not cover what it must');
    const right = this.#checksumIsRight(packet, at, protocol, covered);
    const type = packet.route?.type;
    const toMany = type === ROUTE_TYPE.BROADCAST || type === ROUTE_TYPE.MULTICAST;
    if (!right) return this.#drop(packet, 'wrong checksum');
    if (packet.sender instanceof Socket) {
      host.sockets.deliver(packet, packet.sender);
      return 0;
    }
    if (toMany) return this.#toMany(packet, at, protocol);
    const socket = host.sockets.lookup4(packet, protocol);
    if (socket) {
      host.sockets.deliver(packet, socket);
      return 0;
    }
    packet.connection = undefined;
    packet.connectionInfo = 0;
    host.ipv4.icmp.sendError(packet, UNREACHABLE, PORT_UNREACHABLE, 0);
    return this.#drop(packet, `no socket at port ${get16(bytes, at + 2)}`);
  }

  /** Every socket that is bound there gets a broadcast or multicast; no one is told if there is none. */
  #toMany(packet: Packet, at: number, protocol: number): number {
    const { sockets, pool } = this.#host;
    const { bytes, network } = packet;
    const port = get16(bytes, at + 2);
    const all = sockets.all(4, protocol, bytes, network + IPV4_DESTINATION_AT, port, packet.inDevice);
    for (const socket of all) socket.deliver(packet, at + HEADER);
    if (all.length === 0) return this.#drop(packet, `no socket at port ${port}`);
    pool.release(packet);
    return 0;
  }

  /** UDP-Lite: how much of the packet the checksum is about (RFC 3828); -1 if that cannot be. */
  #coverage(packet: Packet, at: number, length: number): number {
    const { bytes, end } = packet;
    if (get16(bytes, at + 6) === 0) return -1;
    if (length === 0) return end - at;
    return length < HEADER ? -1 : length;
  }

  #checksumIsRight(packet: Packet, at: number, protocol: number, covered: number): boolean {
    if ((packet.flags & TRUSTED) !== 0) return true;
    if (protocol === IPPROTO_UDP && get16(packet.bytes, at + 6) === 0) return true;
    const pseudo = pseudoSum4(packet.bytes, packet.network, protocol, packet.end - at);
    return checksum(packet.bytes, at, at + covered, pseudo) === 0;
  }

  #drop(packet: Packet, reason: string): number {
    this.#host.drop(packet, 'UDP', reason);
    return 0;
  }
}
