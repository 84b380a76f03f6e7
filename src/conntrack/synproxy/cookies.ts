import type { Packet } from '../../netfilter/packet.ts';
import type { Services } from '../../netfilter/services.ts';
import { tcpAcknowledgment, tcpDestinationPort, tcpSequence, tcpSourcePort } from '../../wire/tcp.ts';
import { TupleHash } from '../hash.ts';
import { Tuple } from '../tuple.ts';

/** Segment sizes that a cookie can hold, by family (msstab of net/ipv4/syncookies.c and net/ipv6/syncookies.c). */
const SEGMENT_SIZES = { 4: [536, 1300, 1440, 1460], 6: [1220, 1420, 1440, 8940] } as const;
/** Microseconds for which a count stands, and how many counts a cookie is good for. */
const PERIOD = 60e6;
const OLDEST = 2;
const COUNT_SHIFT = 24;
const LOWER_BITS = 0xffffff;

/**
 * SYN cookies: the sequence number of a SYN and ACK that says again, to who knows the secret, that the SYN was there, when, and what
 * segments it can take (net/ipv4/syncookies.c secure_tcp_syn_cookie; RFC 4987 section 3.6). The secret is drawn at the
 * first use.
 */
export class SynCookies {
  readonly #services: Services;
  readonly #tuple = new Tuple();
  #hashes: readonly [TupleHash, TupleHash] | undefined;

  constructor(services: Services) {
    this.#services = services;
  }

  /** The sequence number that answers the SYN whose header is at `at`, signed; `segmentSize` is what it offered, or 0. */
  answer(packet: Packet, at: number, segmentSize: number): number {
    const sizes = SEGMENT_SIZES[packet.family];
    let index = sizes.length - 1;
    while (index > 0 && segmentSize < sizes[index]!) index--;
    const [first, second] = this.#secrets();
    const tuple = this.#read(packet, at);
    const count = this.#count();
    const lower = (second.counted(tuple, count) + index) & LOWER_BITS;
    return (first.counted(tuple, 0) + tcpSequence(packet.bytes, at) + (count << COUNT_SHIFT) + lower) | 0;
  }

  /** The segment size behind the cookie that the segment at `at` acknowledges; 0 if it is none of ours, or old. */
  check(packet: Packet, at: number): number {
    const { bytes, family } = packet;
    const [first, second] = this.#secrets();
    const tuple = this.#read(packet, at);
    const acknowledged = tcpAcknowledgment(bytes, at) - 1;
    const rest = (acknowledged - first.counted(tuple, 0) - (tcpSequence(bytes, at) - 1)) >>> 0;
    const count = this.#count();
    const age = (count - (rest >>> COUNT_SHIFT)) & 0xff;
    if (age >= OLDEST) return 0;
    const index = (rest - second.counted(tuple, count - age)) & LOWER_BITS;
    return SEGMENT_SIZES[family][index] ?? 0;
  }

  #secrets(): readonly [TupleHash, TupleHash] {
    if (this.#hashes === undefined) {
      const { random } = this.#services;
      this.#hashes = [new TupleHash(random), new TupleHash(random)];
    }
    return this.#hashes;
  }

  #count(): number {
    return Math.floor(this.#services.now() / PERIOD);
  }

  #read({ bytes, network, family }: Packet, at: number): Tuple {
    const tuple = this.#tuple;
    tuple.readAddresses(bytes, network, family);
    tuple.sourcePart = tcpSourcePort(bytes, at);
    tuple.destinationPart = tcpDestinationPort(bytes, at);
    return tuple;
  }
}
