import {
  fillIpv4Checksum,
  IPV4_DF,
  IPV4_MF,
  IPV4_OFFSET_MASK,
  ipv4Destination,
  ipv4Ecn,
  ipv4FragmentField,
  ipv4HeaderLength,
  ipv4IsFragment,
  ipv4Source,
  setIpv4FragmentField,
  setIpv4TotalLength,
} from '../wire/ipv4.ts';
import {
  type FragmentQueue,
  type FragmentSettings,
  FragmentSizes,
  INSERTED,
  OVERLAP,
  Reassembly,
  reassembledEcn,
} from './fragments.ts';
import type { Packet } from './packet.ts';
import type { Timers } from './timers.ts';

/** Who reassembles; fragments of one packet that different users gather do not meet (enum ip_defrag_users). */
export const DEFRAG_LOCAL = 0;
export const DEFRAG_CONNTRACK_IN = 1;
export const DEFRAG_CONNTRACK_OUT = 2;

/** In `packet.flags` of a reassembled packet: its largest fragment had DF, and so do those that it leaves in (IPSKB_FRAG_PMTU). */
export const LARGEST_HAD_DF = 1 << 6;

export interface FragmentSettings4 extends FragmentSettings {
  /** How many other fragments of the same source may come between two of one packet (ipfrag_max_dist); 0: any number. */
  maxDistance(): number;
}

/** What the host does for IPv4 reassembly. */
export interface FragmentHost4 {
  readonly timers: Timers;
  readonly settings: FragmentSettings4;
  /** Ends a packet's way, with the reason. */
  drop(packet: Packet, where: string, reason: string): void;
  release(packet: Packet): void;
  /** Time ran out and the first fragment is there: it comes with its user, and is to be released or sent on. */
  expired(first: Packet, user: number, inDevice: number): void;
  /** A line for the kernel log. */
  log(level: number, text: string): void;
  /** An unsigned 32-bit number. */
  random(): number;
}

interface Source {
  fragments: number;
  queues: number;
}

/** True for a packet that is a fragment: offset other than 0, or more to come. */
export function isFragment4(packet: Packet): boolean {
  return ipv4IsFragment(packet.bytes, packet.network);
}

/** Reassembly of IPv4 packets (net/ipv4/ip_fragment.c), for the host itself and for connection tracking. */
export class Fragments4 {
  readonly #host: FragmentHost4;
  readonly #reassembly: Reassembly;
  // How far the sources with waiting queues have come (the kernel keeps it in inet_peer).
  readonly #sources = new Map<number, Source>();
  readonly #key = new Int32Array(4);

  constructor(host: FragmentHost4) {
    this.#host = host;
    this.#reassembly = new Reassembly(
      host.timers,
      host.settings,
      host.release,
      (queue) => this.#expire(queue),
      host.random(),
    );
  }

  /** Packets whose fragments wait. */
  get waiting(): number {
    return this.#reassembly.waiting;
  }

  /** Bytes that the waiting fragments hold. */
  get memory(): number {
    return this.#reassembly.memory;
  }

  /**
   * Adds a fragment. True: `packet` is now the whole packet, and its `fragmentMax` the size of the largest fragment.
   * False: it was taken; it waits for the others, or was dropped. `ownSender`: the packet was fragmented by this host.
   */
  add(packet: Packet, user: number, ownSender = false): boolean {
    const { bytes, network } = packet;
    const key = this.#key;
    key[0] = user;
    key[1] = ipv4Source(bytes, network);
    key[2] = ipv4Destination(bytes, network);
    key[3] = (bytes[network + 4]! << 24) | (bytes[network + 5]! << 16) | bytes[network + 9]!;
    const before = this.#reassembly.waiting;
    const queue = this.#reassembly.find(key);
    if (!queue) return this.#drop(packet, 'memory for fragments is used up');
    if (this.#reassembly.waiting > before) this.#enter(key[1]);
    if (!ownSender && this.#tooFar(queue)) {
      this.#reassembly.reset(queue);
    }
    return this.#queue(queue, packet, user);
  }

  #queue(queue: FragmentQueue, packet: Packet, user: number): boolean {
    const { bytes, network } = packet;
    const headerLength = ipv4HeaderLength(bytes, network);
    const field = ipv4FragmentField(bytes, network);
    const offset = (field & IPV4_OFFSET_MASK) << 3;
    let end = offset + packet.end - network - headerLength;
    if ((field & IPV4_MF) === 0) {
      if (end < queue.length || (queue.lastIn && end !== queue.length)) {
        return this.#discard(queue, packet, 'a fragment lies behind the last one');
      }
      queue.lastIn = true;
      queue.length = end;
    } else {
      end &= ~7;
      if (end > queue.length) {
        if (queue.lastIn) return this.#discard(queue, packet, 'a fragment lies behind the last one');
        queue.length = end;
      }
    }
    if (end === offset) return this.#discard(queue, packet, 'a fragment without data');
    packet.end = network + headerLength + end - offset;
    const inserted = this.#reassembly.insert(queue, packet, network + headerLength, offset, end);
    if (inserted === OVERLAP) return this.#discard(queue, packet, 'fragments overlap');
    if (inserted !== INSERTED) return this.#drop(packet, 'duplicate fragment');
    if (packet.inDevice !== 0) queue.inDevice = packet.inDevice;
    queue.ecn |= 1 << ipv4Ecn(bytes, network);
    const size = packet.end - network;
    if (size > queue.maxSize) queue.maxSize = size;
    if (field & IPV4_DF && size > queue.maxDfSize) queue.maxDfSize = size;
    if (!queue.complete) {
      packet.route = undefined;
      packet.sender = undefined;
      return false;
    }
    return this.#finish(queue, packet, user);
  }

  #finish(queue: FragmentQueue, packet: Packet, user: number): boolean {
    const { route, inDevice } = packet;
    const { maxSize, maxDfSize } = queue;
    const first = queue.head!.packet;
    const headerLength = ipv4HeaderLength(first.bytes, first.network);
    const total = headerLength + queue.length;
    const ecn = reassembledEcn(queue.ecn);
    if (ecn < 0 || total > 65535) {
      if (total > 65535) this.#host.log(6, `IPv4: Oversized IP packet from ${dotted(queue.key[1]!)}`);
      const reason = ecn < 0 ? 'the ECN bits of its fragments contradict' : 'longer than 65535 bytes';
      this.#host.drop(packet, 'reassembly', reason);
      queue.pieces.splice(
        queue.pieces.findIndex((piece) => piece.packet === packet),
        1,
      );
      this.#kill(queue);
      return false;
    }
    this.#leave(queue.key[1]!);
    const sizes = this.#reassembly.assemble(queue, packet, first.network + headerLength);
    packet.route = route;
    packet.inDevice = inDevice;
    packet.fragmentMax = Math.max(maxDfSize, maxSize);
    // Only the defragmentation for connection tracking keeps the geometry (ip_frag_coalesce_ok).
    if (user !== DEFRAG_LOCAL) {
      packet.control ??= new FragmentSizes();
      if (packet.control instanceof FragmentSizes) packet.control.pieces = sizes;
    }
    const { bytes, network } = packet;
    bytes[network + 1]! |= ecn;
    setIpv4TotalLength(bytes, network, total);
    // DF of the whole only if the largest fragment had it, so that no larger one leaves than came.
    setIpv4FragmentField(bytes, network, maxDfSize === maxSize ? IPV4_DF : 0);
    if (maxDfSize === maxSize) packet.flags |= LARGEST_HAD_DF;
    fillIpv4Checksum(bytes, network);
    return true;
  }

  #expire(queue: FragmentQueue): void {
    this.#leave(queue.key[1]!);
    const piece = this.#reassembly.take(queue);
    if (piece) this.#host.expired(piece.packet, queue.key[0]!, queue.inDevice);
  }

  #tooFar(queue: FragmentQueue): boolean {
    const most = this.#host.settings.maxDistance();
    const source = this.#sources.get(queue.key[1]!);
    if (most === 0 || !source) return false;
    const begin = queue.distance;
    queue.distance = ++source.fragments;
    return queue.pieces.length > 0 && queue.distance - begin > most;
  }

  #enter(address: number): void {
    const source = this.#sources.get(address);
    if (source) source.queues++;
    else this.#sources.set(address, { fragments: 0, queues: 1 });
  }

  #leave(address: number): void {
    const source = this.#sources.get(address);
    if (source && --source.queues === 0) this.#sources.delete(address);
  }

  #kill(queue: FragmentQueue): void {
    this.#leave(queue.key[1]!);
    this.#reassembly.kill(queue);
  }

  #discard(queue: FragmentQueue, packet: Packet, reason: string): false {
    this.#kill(queue);
    return this.#drop(packet, reason);
  }

  #drop(packet: Packet, reason: string): false {
    this.#host.drop(packet, 'reassembly', reason);
    return false;
  }
}

function dotted(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}
