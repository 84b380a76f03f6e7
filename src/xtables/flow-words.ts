import type { Connection } from '../conntrack/connection.ts';
import type { Tuple } from '../conntrack/tuple.ts';
import type { Packet } from '../netfilter/packet.ts';
import { get16, get32 } from '../wire/bytes.ts';
import { FIND_STOP_AT_AH, Ipv6Walk } from '../wire/ipv6-extensions.ts';
import type { Address } from './address.ts';

const ICMP = 1;
const ICMPV6 = 58;
const AH = 51;
/** TCP, UDP, DCCP, ESP, SCTP, UDP-Lite: what stands in their first four bytes counts (proto_ports_offset). */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 50, 132, 136]);
/** Unreachable, source quench, redirect, time exceeded, parameter problem. */
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
const ICMP_HEADER = 8;
const FIRST_ICMPV6_INFORMATION = 128;
const HEADER4 = 20;
const HEADER6 = 40;
/** More fragments, or an offset. */
const FRAGMENT = 0x3fff;

const WALK = new Ipv6Walk();

/** Bits of a flow that count. */
export interface FlowMasks {
  readonly source: Address;
  readonly destination: Address;
  /** Bits of both ports, source in front, or of an SPI; and bits to set. */
  readonly portMask: number;
  readonly portSet: number;
}

/**
 * A flow in three words, the same for both of its directions, as HMARK hashes it (net/netfilter/xt_HMARK.c). One object a
 * rule, reused: every reading sets all of it.
 */
export class FlowReader {
  /** The larger and the smaller of the two addresses, masked, unsigned; an IPv6 address's words are XORed. */
  larger = 0;
  smaller = 0;
  /** The larger port in front; 0 where there are none. */
  ports = 0;
  protocol = 0;

  readonly #masks: FlowMasks;

  constructor(masks: FlowMasks) {
    this.#masks = masks;
  }

  /** Reads a packet; false if what an ICMP error quotes is cut off. */
  readPacket(packet: Packet): boolean {
    this.#clear();
    return packet.family === 4 ? this.#read4(packet) : this.#read6(packet);
  }

  /** Reads who began a connection and who answers; false if there is none. */
  readConnection(connection: Connection | undefined): boolean {
    if (!connection) return false;
    this.#clear();
    const { source, destination } = this.#masks;
    this.#order(sourceOf(connection.original, source), sourceOf(connection.reply, destination));
    this.protocol = connection.original.protocol;
    if (this.protocol !== ICMP) {
      this.#orderPorts((connection.original.sourcePart << 16) | connection.reply.sourcePart);
    }
    return true;
  }

  #read4({ bytes, network, end }: Packet): boolean {
    let ip = network;
    let at = ip + (bytes[ip]! & 15) * 4;
    if (bytes[ip + 9] === ICMP && at + ICMP_HEADER <= end && ICMP_ERRORS.has(bytes[at]!)) {
      ip = at + ICMP_HEADER;
      if (ip + HEADER4 > end) return false;
      at = ip + (bytes[ip]! & 15) * 4;
    }
    const { source, destination } = this.#masks;
    this.#order(get32(bytes, ip + 12) & source[0]!, get32(bytes, ip + 16) & destination[0]!);
    this.protocol = bytes[ip + 9]!;
    if (this.protocol === ICMP || (get16(bytes, ip + 6) & FRAGMENT) !== 0) return true;
    this.#readPorts(bytes, at, end);
    return true;
  }

  #read6({ bytes, network, end }: Packet): boolean {
    let ip = network;
    // A broken chain of headers is hashed as nothing at all.
    if (!WALK.find(bytes, ip, end, -1, FIND_STOP_AT_AH)) return true;
    const at = WALK.offset;
    if (!WALK.fragment && WALK.protocol === ICMPV6 && at + ICMP_HEADER <= end) {
      const type = bytes[at]!;
      if (type !== 0 && type < FIRST_ICMPV6_INFORMATION) {
        ip = at + ICMP_HEADER;
        if (ip + HEADER6 > end || bytes[ip]! >> 4 !== 6) return false;
        if (!WALK.find(bytes, ip, end, -1, FIND_STOP_AT_AH)) return false;
      }
    }
    const { source, destination } = this.#masks;
    this.#order(folded(bytes, ip + 8, source), folded(bytes, ip + 24, destination));
    this.protocol = WALK.protocol;
    if (this.protocol === ICMPV6 || WALK.fragment) return true;
    this.#readPorts(bytes, WALK.offset, end);
    return true;
  }

  #clear(): void {
    this.larger = 0;
    this.smaller = 0;
    this.ports = 0;
    this.protocol = 0;
  }

  #order(a: number, b: number): void {
    const first = a >>> 0;
    const second = b >>> 0;
    this.larger = Math.max(first, second);
    this.smaller = Math.min(first, second);
  }

  #readPorts(bytes: Uint8Array, transport: number, end: number): void {
    const { protocol } = this;
    // The SPI of an authentication header stands behind its first word.
    const at = protocol === AH ? transport + 4 : transport;
    if ((protocol === AH || WITH_PORTS.has(protocol)) && at + 4 <= end) this.#orderPorts(get32(bytes, at));
  }

  #orderPorts(both: number): void {
    const word = (both & this.#masks.portMask) | this.#masks.portSet;
    const source = word >>> 16;
    const destination = word & 0xffff;
    this.ports = destination > source ? (destination << 16) | source : word;
  }
}

function folded(bytes: Uint8Array, at: number, mask: Address): number {
  return (
    (get32(bytes, at) & mask[0]!) ^
    (get32(bytes, at + 4) & mask[1]!) ^
    (get32(bytes, at + 8) & mask[2]!) ^
    (get32(bytes, at + 12) & mask[3]!)
  );
}

function sourceOf({ family, src0, src1, src2, src3 }: Tuple, mask: Address): number {
  if (family === 4) return src0 & mask[0]!;
  return (src0 & mask[0]!) ^ (src1 & mask[1]!) ^ (src2 & mask[2]!) ^ (src3 & mask[3]!);
}
