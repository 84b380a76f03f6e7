import { PACKET_HOST, PACKET_MULTICAST } from '../netfilter/constants.ts';
import { FragmentSizes } from '../netfilter/fragments.ts';
import type { Packet } from '../netfilter/packet.ts';
import { get16, get32 } from '../wire/bytes.ts';
import type { Host } from './host.ts';

const TCP = 6;
const UDP = 17;
const TCP_HEADER = 20;
const UDP_HEADER = 8;

/** Who knows the connections of a family. */
interface Connections {
  readonly busy: boolean;
  demultiplex(packet: Packet, at: number): void;
}

/**
 * Before it is routed, an arriving TCP segment is asked whose connection it is: that of a connection which stands goes where
 * the first one went. For that its header is brought into one piece: a reassembled one does not leave in the fragments in
 * which it came if its header was cut. (net/ipv4/ip_input.c ip_rcv_finish_core, net/ipv4/tcp_ipv4.c tcp_v4_early_demux)
 */
export function demultiplexEarly(
  host: Host,
  packet: Packet,
  protocol: number,
  connections: Connections,
): void {
  const { control, transport, end, bytes } = packet;
  if (protocol !== TCP || packet.type !== PACKET_HOST || packet.sender !== undefined) return;
  const pieces = control instanceof FragmentSizes;
  if (!pieces && !connections.busy) return;
  if (transport + TCP_HEADER > end) return;
  const { sysctl } = host;
  if (sysctl.number('net/ipv4/ip_early_demux') === 0 || sysctl.number('net/ipv4/tcp_early_demux') === 0)
    return;
  if (pieces) control.pull(TCP_HEADER);
  if (connections.busy && bytes[transport + 12]! >> 4 >= 5) connections.demultiplex(packet, transport);
}

/**
 * A datagram to an IPv4 group that the host listens to belongs to the socket of its port, if there is only one, before it is
 * routed: INPUT sees whose it is. (net/ipv4/udp.c udp_v4_early_demux, __udp4_lib_mcast_demux_lookup)
 */
export function demultiplexMulticast(host: Host, packet: Packet, protocol: number): void {
  const { bytes, network, transport, end, inDevice } = packet;
  if (protocol !== UDP || packet.type !== PACKET_MULTICAST || packet.sender !== undefined) return;
  const to = network + 16;
  if (transport + UDP_HEADER > end || !host.interfaces.byIndex(inDevice)?.groups4.has(get32(bytes, to)))
    return;
  const { sysctl, sockets } = host;
  if (sysctl.number('net/ipv4/ip_early_demux') === 0 || sysctl.number('net/ipv4/udp_early_demux') === 0)
    return;
  const found = sockets.all(4, UDP, bytes, to, get16(bytes, transport + 2), inDevice);
  if (found.length === 1) packet.sender = found[0];
}
