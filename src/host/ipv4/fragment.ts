import { ERRNO } from '../../netfilter/constants.ts';
import { LARGEST_HAD_DF } from '../../netfilter/fragments4.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { set16 } from '../../wire/bytes.ts';
import {
  fillIpv4Checksum,
  IPV4_DF,
  IPV4_FRAGMENT_AT,
  IPV4_MF,
  IPV4_OFFSET_MASK,
  IPV4_TOTAL_LENGTH_AT,
} from '../../wire/ipv4.ts';
import type { Host } from '../host.ts';
import { fragmentField, headerLength } from './header.ts';
import { keepCopiedOptions } from './options-write.ts';
import { FRAGMENTED, optionsOf, piecesOf } from './state.ts';

/**
 * Sends a packet in fragments of at most `mtu` bytes: a reassembled one in the sizes in which it came if they fit.
 * The packet is used up. (net/ipv4/ip_output.c ip_do_fragment)
 */
export function fragment(host: Host, packet: Packet, mtu: number): number {
  const header = headerLength(packet);
  const most = packet.fragmentMax !== 0 ? Math.min(packet.fragmentMax, mtu) : mtu;
  const room = most - header;
  if (room < 8 && packet.end - packet.network > most) {
    host.drop(packet, 'output', `no fragment fits into ${most} bytes`);
    return -ERRNO.EINVAL;
  }
  const pieces = piecesOf(packet);
  const asItCame = fits(packet, pieces, room, header);
  packet.flags |= FRAGMENTED;
  const total = packet.end - packet.network - header;
  const count = asItCame ? pieces.length : Math.ceil(total / (room & ~7));
  host.observer?.fragment?.(packet, `${count} of at most ${most} bytes`);
  const result = asItCame ? sendPieces(host, packet, pieces, header) : sendParts(host, packet, room, header);
  host.pool.release(packet);
  return result;
}

/** The kernel's fast path: the fragments it was made of are still there, and every one is small enough. */
function fits(packet: Packet, pieces: readonly number[], room: number, header: number): boolean {
  if (pieces.length < 2 || (fragmentField(packet) & (IPV4_OFFSET_MASK | IPV4_MF)) !== 0) return false;
  let sum = 0;
  for (let i = 0; i < pieces.length; i++) {
    const size = pieces[i]!;
    if (size > room || ((size & 7) !== 0 && i < pieces.length - 1)) return false;
    sum += size;
  }
  return sum === packet.end - packet.network - header;
}

function sendPieces(host: Host, packet: Packet, pieces: readonly number[], header: number): number {
  let offset = 0;
  for (let i = 0; i < pieces.length; i++) {
    const more = i < pieces.length - 1 ? IPV4_MF : 0;
    const result = sendOne(host, packet, header, offset, pieces[i]!, more | (offset >> 3));
    if (i === 0) keepCopiedOptions(packet.bytes, packet.network, optionsOf(packet)?.length ?? 0);
    if (result !== 0) return result;
    offset += pieces[i]!;
  }
  return 0;
}

function sendParts(host: Host, packet: Packet, room: number, header: number): number {
  const field = fragmentField(packet);
  const keepDf = (packet.flags & LARGEST_HAD_DF) !== 0 ? IPV4_DF : 0;
  const first = (field & IPV4_OFFSET_MASK) << 3;
  const total = packet.end - packet.network - header;
  for (let done = 0; done < total; ) {
    const left = total - done;
    const size = left > room ? room & ~7 : left;
    // A fragment that is fragmented again keeps saying that more follow.
    const more = size < left ? IPV4_MF : field & IPV4_MF;
    const offset = first + done;
    const result = sendOne(host, packet, header, done, size, keepDf | more | (offset >> 3));
    if (offset === 0) keepCopiedOptions(packet.bytes, packet.network, optionsOf(packet)?.length ?? 0);
    if (result !== 0) return result;
    done += size;
  }
  return 0;
}

function sendOne(
  host: Host,
  packet: Packet,
  header: number,
  from: number,
  size: number,
  field: number,
): number {
  const part = host.pool.acquire();
  const { network } = part;
  part.resize(header + size);
  const payload = packet.network + header + from;
  part.bytes.set(packet.bytes.subarray(packet.network, packet.network + header), network);
  part.bytes.set(packet.bytes.subarray(payload, payload + size), network + header);
  // What goes along with each (ip_copy_metadata); the id, so that an observer sees whose fragment it is.
  part.transport = network + header;
  part.family = packet.family;
  part.etherType = packet.etherType;
  part.type = packet.type;
  part.inDevice = packet.inDevice;
  part.outDevice = packet.outDevice;
  part.mark = packet.mark;
  part.priority = packet.priority;
  part.traced = packet.traced;
  part.flags = packet.flags;
  part.route = packet.route;
  part.sender = packet.sender;
  part.connection = packet.connection;
  part.connectionInfo = packet.connectionInfo;
  part.hash = packet.hash;
  part.id = packet.id;
  part.cause = packet.cause;
  set16(part.bytes, network + IPV4_TOTAL_LENGTH_AT, header + size);
  set16(part.bytes, network + IPV4_FRAGMENT_AT, field);
  fillIpv4Checksum(part.bytes, network);
  return host.ipv4.output.neighbour(part);
}
