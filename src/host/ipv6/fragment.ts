import { ERRNO } from '../../netfilter/constants.ts';
import { FragmentSizes } from '../../netfilter/fragments.ts';
import type { Continuation } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { set16, set32 } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import { FRAGMENT, FRAGMENT_HEADER_LENGTH, HEADER_LENGTH, MIN_MTU, unfragmentablePart } from './headers.ts';
import { ICMP6 } from './icmp-types.ts';

const MORE_FRAGMENTS = 1;

/**
 * Sends a packet of this host's own in fragments, or one that was reassembled on its way; others are too big. Each
 * fragment goes to `next`. 0, or the first negative error number. (net/ipv6/ip6_output.c ip6_fragment)
 */
export function fragment(host: Host, packet: Packet, mtu: number, next: Continuation): number {
  const part = unfragmentablePart(packet.bytes, packet.network, packet.end);
  if (!part) return fail(host, packet, 'its extension headers are broken', ERRNO.EINVAL);
  const { length: headers, nextHeaderAt } = part;
  let most = mtu;
  if ((!packet.ignoreDf && packet.length > mtu) || packet.fragmentMax > mtu) return tooBig(host, packet, mtu);
  if (packet.fragmentMax !== 0) most = Math.max(packet.fragmentMax, MIN_MTU);
  if (most < headers + FRAGMENT_HEADER_LENGTH + 8) return tooBig(host, packet, most);

  const room = most - headers - FRAGMENT_HEADER_LENGTH;
  const payload = packet.length - headers;
  const pieces = piecesThatFit(packet, payload, room);
  const identification = host.services.random() || 1;
  host.observer?.fragment?.(packet, 'is sent in fragments');
  let offset = 0;
  let error = 0;
  for (let i = 0; offset < payload && error === 0; i++) {
    const rest = payload - offset;
    const length = pieces ? pieces[i]! : rest > room ? room & ~7 : rest;
    const piece = onePiece(host, packet, headers, offset, length);
    const { bytes, network } = piece;
    const at = network + headers;
    bytes[at] = bytes[network + nextHeaderAt]!;
    bytes[at + 1] = 0;
    set16(bytes, at + 2, offset | (rest > length ? MORE_FRAGMENTS : 0));
    set32(bytes, at + 4, identification);
    bytes[network + nextHeaderAt] = FRAGMENT;
    set16(bytes, network + 4, headers - HEADER_LENGTH + FRAGMENT_HEADER_LENGTH + length);
    error = next(piece);
    offset += length;
  }
  host.pool.release(packet);
  return error;
}

/**
 * The sizes it came in, if it was reassembled for looking at it and they still fit. What counted as payload then may be
 * a header that goes into every fragment now; the first one is shorter by that (ip6_fragment, its first_len).
 */
function piecesThatFit(packet: Packet, payload: number, room: number): readonly number[] | undefined {
  if (!(packet.control instanceof FragmentSizes)) return undefined;
  const { pieces, headers } = packet.control;
  if (pieces.length === 0) return undefined;
  const total = pieces.reduce((sum, size) => sum + size, 0);
  // Who changed its length has made one piece of it.
  if (headers + total !== packet.length) return undefined;
  const first = pieces[0]! - (total - payload);
  for (let i = 0; i < pieces.length; i++) {
    const size = i === 0 ? first : pieces[i]!;
    if (size <= 0 || size > room || (size % 8 !== 0 && i + 1 < pieces.length)) return undefined;
  }
  return total === payload ? pieces : [first, ...pieces.slice(1)];
}

/** A packet with the headers, room for a fragment header, and a part of the payload. */
function onePiece(host: Host, packet: Packet, headers: number, offset: number, length: number): Packet {
  const piece = host.pool.acquire();
  piece.family = 6;
  piece.etherType = packet.etherType;
  piece.type = packet.type;
  piece.inDevice = packet.inDevice;
  piece.outDevice = packet.outDevice;
  piece.mark = packet.mark;
  piece.priority = packet.priority;
  piece.traced = packet.traced;
  piece.flags = packet.flags;
  piece.route = packet.route;
  piece.sender = packet.sender;
  piece.connection = packet.connection;
  piece.connectionInfo = packet.connectionInfo;
  piece.hash = packet.hash;
  piece.cause = packet.id;
  piece.resize(headers + FRAGMENT_HEADER_LENGTH + length);
  piece.transport = piece.network + headers;
  const { bytes, network } = packet;
  piece.bytes.set(bytes.subarray(network, network + headers), piece.network);
  const from = network + headers + offset;
  piece.bytes.set(bytes.subarray(from, from + length), piece.network + headers + FRAGMENT_HEADER_LENGTH);
  return piece;
}

function tooBig(host: Host, packet: Packet, mtu: number): number {
  host.ipv6.errors.send(packet, ICMP6.TOO_BIG, 0, mtu, packet.outDevice);
  return fail(host, packet, `larger than the MTU ${mtu}`, ERRNO.EMSGSIZE);
}

function fail(host: Host, packet: Packet, reason: string, errno: number): number {
  host.drop(packet, 'output', reason);
  return -errno;
}
