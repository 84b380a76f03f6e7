import { PACKET_HOST } from '../../netfilter/constants.ts';
import type { Packet, Sender } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import { isSigned } from '../ipv4/tcp-options.ts';
import { ADDRESS_LENGTH, needsStrictRoute } from './address.ts';
import { checksum6 } from './checksum.ts';
import { DESTINATION, read16, read32, SOURCE, TCP, write16, write32 } from './headers.ts';

const HEADER = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
/** Bit of `flowlabel_reflect` for resets. */
const REFLECT_RESET = 2;

/** TCP that is for this host (net/ipv6/tcp_ipv6.c tcp_v6_rcv). Every packet that comes here ends here. */
export class Tcp6 {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  receive(packet: Packet): void {
    const wrong = this.#receive(packet);
    if (wrong !== undefined) this.#host.drop(packet, 'TCP', wrong);
  }

  /** Why nobody took it; undefined if somebody did. */
  #receive(packet: Packet): string | undefined {
    const host = this.#host;
    const { bytes, network, transport, end } = packet;
    if (packet.type !== PACKET_HOST) return 'came in a broadcast or multicast frame';
    if (transport + HEADER > end) return 'the TCP header is cut off';
    const header = (bytes[transport + 12]! >> 4) << 2;
    if (header < HEADER || transport + header > end) return 'its header length is wrong';
    if (checksum6(bytes, network, transport, end, TCP) !== 0) return 'wrong checksum';
    const socket = host.sockets.lookup6(packet, TCP);
    if (socket) {
      host.sockets.deliver(packet, socket);
      return undefined;
    }
    this.reset(packet, header);
    return `no socket listens at port ${read16(bytes, transport + 2)}`;
  }

  /** Answers a segment that belongs to nothing with a reset (tcp_v6_send_reset; RFC 9293 section 3.10.7.1). */
  reset(packet: Packet, header: number): void {
    const { bytes, network, transport, end } = packet;
    const flags = bytes[transport + 13]!;
    if ((flags & RST) !== 0 || packet.route?.type !== ROUTE_TYPE.LOCAL) return;
    if (isSigned(bytes, transport + HEADER, transport + header)) return;
    const segment = new Uint8Array(HEADER);
    write16(segment, 0, read16(bytes, transport + 2));
    write16(segment, 2, read16(bytes, transport));
    segment[12] = (HEADER >> 2) << 4;
    if ((flags & ACK) !== 0) {
      write32(segment, 4, read32(bytes, transport + 8));
      segment[13] = RST;
    } else {
      const length = end - transport - header + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
      write32(segment, 8, read32(bytes, transport + 4) + length);
      segment[13] = RST | ACK;
    }
    const { settings } = this.#host.ipv6;
    const first = read32(bytes, network);
    const label = (settings.net.flowlabel_reflect & REFLECT_RESET) !== 0 ? first & 0xfffff : 0;
    this.answer(packet, segment, (first >>> 20) & 0xfc, label, undefined, 'TCP reset');
  }

  /** Sends a segment, whose checksum is made here, back to where `about` came from (tcp_v6_send_response). */
  answer(
    about: Packet,
    segment: Uint8Array,
    trafficClass: number,
    label: number,
    sender: Sender | undefined,
    why: string,
  ): void {
    const host = this.#host;
    const { bytes, network } = about;
    const flow = host.ipv6.newFlow();
    flow.destination.set(bytes.subarray(network + SOURCE, network + SOURCE + ADDRESS_LENGTH));
    flow.source.set(bytes.subarray(network + DESTINATION, network + DESTINATION + ADDRESS_LENGTH));
    flow.protocol = TCP;
    if (needsStrictRoute(flow.destination, 0)) flow.outDevice = host.ipv6.realDevice(about, about.inDevice);
    flow.mark = host.ipv6.settings.net.fwmark_reflect !== 0 ? about.mark : 0;
    flow.flowLabel = label;
    flow.sourcePort = read16(segment, 0);
    flow.destinationPort = read16(segment, 2);
    const route = host.routing6.output(flow);
    if (typeof route === 'number') return;
    const packet = host.ipv6.output.prepare(about, flow, route, segment.length, TCP, trafficClass);
    const { bytes: out, transport, end } = packet;
    out.set(segment, transport);
    write16(out, transport + 16, 0);
    write16(out, transport + 16, checksum6(out, packet.network, transport, end, TCP));
    packet.sender = sender;
    host.observer?.create?.(packet, why);
    host.ipv6.output.local(packet);
  }
}
