import { type Connection, STATUS, type Zone, zoneId } from '../conntrack/connection.ts';
import type { Conntrack } from '../conntrack/conntrack.ts';
import { ORIGINAL, sameTuple, Tuple } from '../conntrack/tuple.ts';
import { hashList } from '../netfilter/jhash.ts';
import type { BySource } from './by-source.ts';
import { mayReplace } from './evict.ts';
import { DESTINATION, type NatRange, RANGE, type Side, SOURCE } from './range.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const GRE = 47;
const ICMPV6 = 58;
const SCTP = 132;
const UDPLITE = 136;

/** How many ports are tried from one start (NF_NAT_MAX_ATTEMPTS), and when the search becomes ruthless. */
const MOST_ATTEMPTS = 128;
const RUTHLESS_AT = MOST_ATTEMPTS / 4;
const FEWEST_ATTEMPTS = 16;

/** What of a tuple a protocol lets NAT choose. */
type Part = 'ports' | 'id' | 'key' | 'none';

function partOf(protocol: number): Part {
  switch (protocol) {
    case ICMP:
    case ICMPV6:
      return 'id';
    case GRE:
      return 'key';
    case TCP:
    case UDP:
    case UDPLITE:
    case SCTP:
      return 'ports';
    default:
      return 'none';
  }
}

/** Chooses the tuple that a connection is to have behind a translation (net/netfilter/nf_nat_core.c). */
export class Chooser {
  readonly #conntrack: Conntrack;
  readonly #bySource: BySource;
  readonly #reply = new Tuple();
  readonly #candidate = new Tuple();
  /** Why the last choice is what it is, in words. */
  why = '';

  constructor(conntrack: Conntrack, bySource: BySource) {
    this.#conntrack = conntrack;
    this.#bySource = bySource;
  }

  /**
   * Writes into `tuple` what `original` becomes: an address and a port of the range that no other connection has, as
   * close to what they were as can be. (get_unique_tuple)
   */
  choose(tuple: Tuple, original: Tuple, range: NatRange, connection: Connection, side: Side): void {
    const { flags } = range;
    const random = (flags & RANGE.PROTO_RANDOM_ALL) !== 0;
    tuple.copyFrom(original);
    if (side === SOURCE && !random) {
      if (sourceIsIn(original, range)) {
        if (!this.#isTakenNew(original, connection)) {
          this.why = 'as it is';
          return;
        }
      } else if (this.#mappingOf(original, tuple, connection.zone, range)) {
        if (!this.#isTaken(tuple, connection)) {
          this.why = 'the mapping that this source has already';
          return;
        }
        tuple.copyFrom(original);
      }
    }
    this.#chooseAddress(tuple, range, connection, side);
    if (!random) {
      if ((flags & RANGE.PROTO_SPECIFIED) !== 0) {
        if (
          (flags & RANGE.PROTO_OFFSET) === 0 &&
          partIsIn(tuple, side, range) &&
          (range.minPart === range.maxPart || !this.#isTaken(tuple, connection))
        ) {
          this.why = 'its port is in the range';
          return;
        }
      } else if (!this.#isTaken(tuple, connection)) {
        this.why = 'its port is free';
        return;
      }
    }
    this.#choosePart(tuple, range, connection, side);
  }

  /** The source that an earlier connection of the same source was given. (find_appropriate_src) */
  #mappingOf(tuple: Tuple, result: Tuple, zone: Zone, range: NatRange): boolean {
    const candidate = this.#candidate;
    return this.#bySource.find(tuple, zone, ({ reply }) => {
      this.#conntrack.invert(reply, candidate);
      candidate.copyDestination(tuple);
      if (!sourceIsIn(candidate, range)) return false;
      result.copyFrom(candidate);
      return true;
    });
  }

  /**
   * Spreads connections over the addresses of the range by a fixed hash of their ends, so that a client keeps its
   * address. (find_best_ips_proto; jhash2 of the words as a little-endian machine reads them)
   */
  #chooseAddress(tuple: Tuple, range: NatRange, connection: Connection, side: Side): void {
    if ((range.flags & RANGE.MAP_IPS) === 0) return;
    const { minAddress: min, maxAddress: max } = range;
    if (min[0] === max[0] && min[1] === max[1] && min[2] === max[2] && min[3] === max[3]) {
      for (let i = 0; i < 4; i++) setWord(tuple, side, i, min[i]!);
      return;
    }
    const last = tuple.family === 4 ? 0 : 3;
    const persistent = (range.flags & RANGE.PERSISTENT) !== 0;
    const seed = persistent ? 0 : swap(word(tuple, DESTINATION, last)) ^ connection.zone.id;
    let hash = hashList([swap(tuple.src0), swap(tuple.src1), swap(tuple.src2), swap(tuple.src3)], seed);
    let fullRange = false;
    for (let i = 0; i <= last; i++) {
      const from = fullRange ? 0 : min[i]! >>> 0;
      const distance = fullRange ? 0xffffffff : ((max[i]! >>> 0) - from + 1) >>> 0;
      const chosen = (from + scale(hash, distance)) | 0;
      setWord(tuple, side, i, chosen);
      if (chosen !== max[i]) fullRange = true;
      if (!persistent) hash = (hash ^ swap(word(tuple, DESTINATION, i))) >>> 0;
    }
  }

  /** Looks for a port, identifier or key with which the tuple is unique. (nf_nat_l4proto_unique_tuple) */
  #choosePart(tuple: Tuple, range: NatRange, connection: Connection, side: Side): void {
    const { flags } = range;
    const specified = (flags & RANGE.PROTO_SPECIFIED) !== 0;
    const kind = partOf(tuple.protocol);
    this.why = 'the address';
    if (kind === 'none' || (kind === 'key' && connection.master === undefined)) return;
    // An echo has one identifier both ways; it is kept as the source's part.
    const isSource = side === SOURCE || kind === 'id';
    const before = isSource ? tuple.sourcePart : tuple.destinationPart;
    let first: number;
    let last: number;
    if (specified) {
      first = Math.min(range.minPart, range.maxPart);
      last = Math.max(range.minPart, range.maxPart);
    } else if (kind === 'ports') {
      if (side === DESTINATION) return;
      [first, last] = portClass(before);
    } else {
      first = kind === 'id' ? 0 : 1;
      last = 65535;
    }
    const size = last - first + 1;
    let offset = 0;
    if ((flags & RANGE.PROTO_OFFSET) !== 0) offset = (before - range.basePart) & 0xffff;
    else if ((flags & RANGE.PROTO_RANDOM_ALL) !== 0 || side !== DESTINATION) offset = this.#random16();
    const random = (flags & RANGE.PROTO_RANDOM_ALL) !== 0;
    const from = first === last ? `${first}` : `a free one of ${first} to ${last}`;
    this.why = specified || random ? from : `${before} is taken, ${from}`;
    for (let attempts = Math.min(size, MOST_ATTEMPTS); ; attempts >>= 1) {
      for (let i = 0; i < attempts; i++, offset = (offset + 1) & 0xffff) {
        const part = first + (offset % size);
        if (isSource) tuple.sourcePart = part;
        else tuple.destinationPart = part;
        if (!this.#isTakenRuthlessly(tuple, connection, attempts - i)) return;
      }
      if (attempts >= size || attempts < FEWEST_ATTEMPTS) {
        this.why = 'no free one was found';
        return;
      }
      offset = this.#random16();
    }
  }

  #random16(): number {
    return this.#conntrack.services.random() & 0xffff;
  }

  /** Whether the answers to this tuple belong to another connection. (nf_nat_used_tuple) */
  #isTaken(tuple: Tuple, connection: Connection): boolean {
    this.#conntrack.invert(tuple, this.#reply);
    const handle = this.#conntrack.findHandle(this.#reply, connection.zone);
    if (handle === undefined || handle.connection === connection) return false;
    // The same flow twice: which of the two stays is decided when they are confirmed.
    const other = handle.connection.original;
    return !(sameTuple(other, connection.original) && other.zone === zoneId(connection.zone, ORIGINAL));
  }

  /** The same for a tuple that is not translated, where two ends that begin at once may meet. (nf_nat_used_tuple_new) */
  #isTakenNew(tuple: Tuple, connection: Connection): boolean {
    if (!this.#isTaken(tuple, connection)) return false;
    const usesNat = STATUS.NAT_MASK | STATUS.SEQ_ADJUST;
    const conntrack = this.#conntrack;
    if (!conntrack.trackerOf(tuple.protocol).allowsClash || (connection.status & usesNat) !== 0) return true;
    const handle =
      conntrack.findHandle(tuple, connection.zone) ?? conntrack.findHandle(this.#reply, connection.zone);
    if (handle === undefined) return false;
    const other = handle.connection;
    if (handle.direction !== ORIGINAL || (other.status & usesNat) !== 0) return true;
    return !(sameTuple(other.original, connection.reply) && sameTuple(other.reply, connection.original));
  }

  /** The last attempts end an old TCP connection that waits for its end, if need be. (nf_nat_used_tuple_harder) */
  #isTakenRuthlessly(tuple: Tuple, connection: Connection, left: number): boolean {
    if (!this.#isTaken(tuple, connection)) return false;
    if (left > RUTHLESS_AT || tuple.protocol !== TCP) return true;
    const handle = this.#conntrack.findHandle(this.#reply, connection.zone);
    if (handle === undefined) return false;
    if (handle.direction === ORIGINAL || !mayReplace(handle.connection, connection)) return true;
    this.#conntrack.remove(handle.connection);
    return false;
  }
}

/** Ports stay within their class: those of old remote shells, other privileged ones, the rest. */
function portClass(port: number): [first: number, last: number] {
  if (port < 512) return [1, 511];
  return port < 1024 ? [600, 1023] : [1024, 65535];
}

/** Source address and part lie in the range. (nf_in_range) */
function sourceIsIn(tuple: Tuple, range: NatRange): boolean {
  if ((range.flags & RANGE.MAP_IPS) !== 0 && !sourceAddressIsIn(tuple, range)) return false;
  return (range.flags & RANGE.PROTO_SPECIFIED) === 0 || partIsIn(tuple, SOURCE, range);
}

function sourceAddressIsIn(tuple: Tuple, { minAddress, maxAddress }: NatRange): boolean {
  return compareSource(tuple, minAddress) >= 0 && compareSource(tuple, maxAddress) <= 0;
}

function compareSource(tuple: Tuple, words: readonly number[]): number {
  for (let i = 0; i < 4; i++) {
    const difference = (word(tuple, SOURCE, i) >>> 0) - (words[i]! >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** (l4proto_in_range) */
function partIsIn(tuple: Tuple, side: Side, { minPart, maxPart }: NatRange): boolean {
  const kind = partOf(tuple.protocol);
  if (kind === 'none') return true;
  const part = side === SOURCE || kind === 'id' ? tuple.sourcePart : tuple.destinationPart;
  return part >= minPart && part <= maxPart;
}

function word(tuple: Tuple, side: Side, index: number): number {
  if (side === SOURCE) {
    if (index === 0) return tuple.src0;
    return index === 1 ? tuple.src1 : index === 2 ? tuple.src2 : tuple.src3;
  }
  if (index === 0) return tuple.dst0;
  return index === 1 ? tuple.dst1 : index === 2 ? tuple.dst2 : tuple.dst3;
}

function setWord(tuple: Tuple, side: Side, index: number, value: number): void {
  if (side === SOURCE) {
    if (index === 0) tuple.src0 = value;
    else if (index === 1) tuple.src1 = value;
    else if (index === 2) tuple.src2 = value;
    else tuple.src3 = value;
  } else if (index === 0) tuple.dst0 = value;
  else if (index === 1) tuple.dst1 = value;
  else if (index === 2) tuple.dst2 = value;
  else tuple.dst3 = value;
}

function swap(value: number): number {
  return ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** The upper half of a product of two unsigned 32-bit numbers. (reciprocal_scale) */
function scale(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 65536);
  const rest = aLow * bHigh + (middle % 65536);
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(rest / 65536);
}
