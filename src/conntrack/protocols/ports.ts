import type { Packet } from '../../netfilter/packet.ts';
import { get16 } from '../../wire/bytes.ts';
import type { Tuple } from '../tuple.ts';

/** Reads both ports, which are the first four bytes of all these headers. (nf_ct_get_tuple_ports) */
export function readPorts(packet: Packet, offset: number, tuple: Tuple): boolean {
  if (offset + 4 > packet.end) return false;
  tuple.sourcePart = get16(packet.bytes, offset);
  tuple.destinationPart = get16(packet.bytes, offset + 2);
  return true;
}
