import { PACKET_HOST } from '../netfilter/constants.ts';
import { FragmentSizes } from '../netfilter/fragments.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Host } from './host.ts';

const TCP = 6;
const TCP_HEADER = 20;

/**
 * Before it is routed, an arriving TCP segment is asked whose connection it is, for which its header is brought into one
 * piece. Of a reassembled one that is all there is to see here: it does not leave in the fragments in which it came if its
 * header was cut. (net/ipv4/ip_input.c ip_rcv_finish_core, net/ipv4/tcp_ipv4.c tcp_v4_early_demux)
 */
export function demultiplexEarly(host: Host, packet: Packet, protocol: number): void {
  const { control, transport, end } = packet;
  if (!(control instanceof FragmentSizes) || protocol !== TCP || packet.type !== PACKET_HOST) return;
  if (transport + TCP_HEADER > end) return;
  const { sysctl } = host;
  if (sysctl.number('net/ipv4/ip_early_demux') === 0 || sysctl.number('net/ipv4/tcp_early_demux') === 0)
    return;
  control.pull(TCP_HEADER);
}
