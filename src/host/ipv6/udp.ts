import { PACKET_LOOPBACK } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { isMulticast6 } from '../../wire/address.ts';
import { get16 } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import { Socket } from '../sockets.ts';

import { checksum6 } from './checksum.ts';
import { DESTINATION, UDP } from './headers.ts';
import { ICMP6, UNREACHABLE } from './icmp-types.ts';

const HEADER = 8;

/** UDP and UDP-Lite that are for this host (net/ipv6/udp.c __udp6_lib_rcv). Every packet that comes here ends here. */
export class Udp6 {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  receive(packet: Packet, protocol: number): void {
    const wrong = this.#receive(packet, protocol);
    if (wrong !== undefined) this.#host.drop(packet, 'UDP', wrong);
  }

  /** Why nobody took it; undefined if somebody did. */
  #receive(packet: Packet, protocol: number): string | undefined {
    const host = this.#host;
    const { bytes, network, transport } = packet;
    const available = packet.end - transport;
    if (available < HEADER) return 'the UDP header is cut off';
    let length = get16(bytes, transport + 4);
    if (protocol === UDP) {
      if (length === 0) length = available;
      if (length > available) return 'longer than its IP packet';
      if (length < HEADER) return 'shorter than its header';
      packet.end = transport + length;
    }
    // Other than in IPv4, a checksum must be there (RFC 8200 section 8.1).
    if (get16(bytes, transport + 6) === 0) return 'no checksum';
    if (!checksumFits(packet, protocol, length)) return 'wrong checksum';
    if (packet.sender instanceof Socket) {
      host.sockets.deliver(packet, packet.sender);
      return undefined;
    }
    const port = get16(bytes, transport + 2);
    if (isMulticast6(bytes, network + DESTINATION)) return this.#toMany(packet, protocol, port);
    const socket = host.sockets.lookup6(packet, protocol);
    if (socket) {
      host.sockets.deliver(packet, socket);
      return undefined;
    }
    packet.connection = undefined;
    packet.connectionInfo = 0;
    host.ipv6.errors.send(packet, ICMP6.UNREACHABLE, UNREACHABLE.PORT, 0);
    return `no socket at port ${port}`;
  }

  /** Every socket that is bound there gets a multicast; no one is told if there is none. */
  #toMany(packet: Packet, protocol: number, port: number): string | undefined {
    const { sockets, pool } = this.#host;
    const { bytes, network, transport, inDevice } = packet;
    const found = sockets.all(6, protocol, bytes, network + DESTINATION, port, inDevice);
    if (found.length === 0) return `no socket at port ${port}`;
    for (const socket of found) socket.deliver(packet, transport + HEADER);
    pool.release(packet);
    return undefined;
  }
}

/** UDP-Lite says itself how much its checksum is about, 0 for all (RFC 3828). */
function checksumFits(packet: Packet, protocol: number, covered: number): boolean {
  if (packet.type === PACKET_LOOPBACK) return true;
  const { bytes, network, transport, end } = packet;
  let to = end;
  if (protocol !== UDP && covered !== 0) {
    if (covered < HEADER || transport + covered > end) return false;
    to = transport + covered;
  }
  return checksum6(bytes, network, transport, to, protocol, end - transport) === 0;
}
