import type { Packet } from '../netfilter/packet.ts';
import { Ipv6Walk, NOT_FOUND } from '../wire/ipv6-extensions.ts';
import type { Place } from './place.ts';

const WALK = new Ipv6Walk();

/**
 * Offset of the first extension header of a kind, of which at least `length` bytes are there; -1 if there is none, or if the
 * chain of headers is broken or the header cut off: then the packet is dropped (hotdrop).
 */
export function findHeader6(packet: Packet, place: Place, kind: number, length: number): number {
  const { bytes, network, end } = packet;
  if (!WALK.find(bytes, network, end, kind)) {
    if (WALK.protocol !== NOT_FOUND) place.drop = true;
    return -1;
  }
  if (WALK.offset + length > end) {
    place.drop = true;
    return -1;
  }
  return WALK.offset;
}

/** Why {@link findHeader6} found none. */
export function missingHeader6(packet: Packet, kind: number, name: string): string {
  const { bytes, network, end } = packet;
  if (WALK.find(bytes, network, end, kind)) return `the ${name} is cut off: the packet is dropped`;
  return WALK.protocol === NOT_FOUND ? `no ${name}` : 'its headers are cut off: the packet is dropped';
}
