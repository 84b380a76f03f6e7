import { PACKET_HOST } from '../netfilter/constants.ts';
import { FragmentSizes } from '../netfilter/fragments.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Host } from './host.ts';

const TCP = 6;
const TCP_HEADER = 20;

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
