import type { Family } from '../netfilter/constants.ts';
import { get32, set32 } from '../wire/bytes.ts';
import type { Connection } from './connection.ts';

/** Direction of a packet or a tuple within its connection. */
export const ORIGINAL = 0;
export const REPLY = 1;
export type Direction = typeof ORIGINAL | typeof REPLY;

/**
 * What tells one flow from another in one direction: addresses, protocol, and a 16-bit part of each side (a port; of
 * an echo its identifier, with type and code as the destination's part; of PPTP's GRE the call).
 * An IPv4 address is `src0` or `dst0`, signed; the other words are 0. (struct nf_conntrack_tuple)
 */
export class Tuple {
  family: Family = 4;
  protocol = 0;
  src0 = 0;
  src1 = 0;
  src2 = 0;
  src3 = 0;
  dst0 = 0;
  dst1 = 0;
  dst2 = 0;
  dst3 = 0;
  /** Source port, ICMP identifier or GRE key; 0–65535. */
  sourcePart = 0;
  /** Destination port, ICMP `type << 8 | code` or GRE key; 0–65535. */
  destinationPart = 0;

  /** ICMP type and code of an echo and its kin. */
  get icmpType(): number {
    return this.destinationPart >> 8;
  }

  get icmpCode(): number {
    return this.destinationPart & 0xff;
  }

  copyFrom(other: Tuple): void {
    this.family = other.family;
    this.protocol = other.protocol;
    this.copySource(other);
    this.copyDestination(other);
  }

  copySource(other: Tuple): void {
    this.src0 = other.src0;
    this.src1 = other.src1;
    this.src2 = other.src2;
    this.src3 = other.src3;
    this.sourcePart = other.sourcePart;
  }

  copyDestination(other: Tuple): void {
    this.dst0 = other.dst0;
    this.dst1 = other.dst1;
    this.dst2 = other.dst2;
    this.dst3 = other.dst3;
    this.destinationPart = other.destinationPart;
  }

  /** Takes source and destination address, without the parts, from where they lie one behind the other in an IP header. */
  readAddresses(bytes: Uint8Array, network: number, family: Family): void {
    this.family = family;
    if (family === 4) {
      this.src0 = get32(bytes, network + 12) | 0;
      this.dst0 = get32(bytes, network + 16) | 0;
      this.src1 = 0;
      this.src2 = 0;
      this.src3 = 0;
      this.dst1 = 0;
      this.dst2 = 0;
      this.dst3 = 0;
      return;
    }
    this.src0 = get32(bytes, network + 8) | 0;
    this.src1 = get32(bytes, network + 12) | 0;
    this.src2 = get32(bytes, network + 16) | 0;
    this.src3 = get32(bytes, network + 20) | 0;
    this.dst0 = get32(bytes, network + 24) | 0;
    this.dst1 = get32(bytes, network + 28) | 0;
    this.dst2 = get32(bytes, network + 32) | 0;
    this.dst3 = get32(bytes, network + 36) | 0;
  }

  /** Becomes what answers to `other`: addresses and parts of the two sides change places. */
  swapFrom(other: Tuple): void {
    this.family = other.family;
    this.protocol = other.protocol;
    this.src0 = other.dst0;
    this.src1 = other.dst1;
    this.src2 = other.dst2;
    this.src3 = other.dst3;
    this.dst0 = other.src0;
    this.dst1 = other.src1;
    this.dst2 = other.src2;
    this.dst3 = other.src3;
    this.sourcePart = other.destinationPart;
    this.destinationPart = other.sourcePart;
  }
}

/** A tuple of a connection: one of its two handles in the table. */
export class Handle extends Tuple {
  readonly connection: Connection;
  readonly direction: Direction;
  /** Zone that a packet must be in to be of this direction; 0 is the default. */
  zone = 0;
  /** The table's own: the hash, and the next handle in the same bucket. */
  hash = 0;
  next: Handle | undefined = undefined;

  constructor(connection: Connection, direction: Direction) {
    super();
    this.connection = connection;
    this.direction = direction;
  }
}

export function sameTuple(a: Tuple, b: Tuple): boolean {
  return a.protocol === b.protocol && sameSource(a, b) && sameDestination(a, b);
}

/** Family, source address and source part are the same. */
export function sameSource(a: Tuple, b: Tuple): boolean {
  return a.sourcePart === b.sourcePart && sameSourceAddress(a, b);
}

export function sameDestination(a: Tuple, b: Tuple): boolean {
  return a.destinationPart === b.destinationPart && sameDestinationAddress(a, b);
}

export function sameSourceAddress(a: Tuple, b: Tuple): boolean {
  return (
    a.src0 === b.src0 && a.src1 === b.src1 && a.src2 === b.src2 && a.src3 === b.src3 && a.family === b.family
  );
}

export function sameDestinationAddress(a: Tuple, b: Tuple): boolean {
  return (
    a.dst0 === b.dst0 && a.dst1 === b.dst1 && a.dst2 === b.dst2 && a.dst3 === b.dst3 && a.family === b.family
  );
}

/** The source address as it lies in a packet: 4 or 16 bytes. */
export function sourceBytes(tuple: Tuple): Uint8Array {
  return addressBytes(tuple.family, tuple.src0, tuple.src1, tuple.src2, tuple.src3);
}

export function destinationBytes(tuple: Tuple): Uint8Array {
  return addressBytes(tuple.family, tuple.dst0, tuple.dst1, tuple.dst2, tuple.dst3);
}

/** Sets the source address from 4 or 16 bytes in network order, as the tuple's family says. */
export function setSourceBytes(tuple: Tuple, bytes: Uint8Array, at = 0): void {
  const six = tuple.family === 6;
  tuple.src0 = get32(bytes, at) | 0;
  tuple.src1 = six ? get32(bytes, at + 4) | 0 : 0;
  tuple.src2 = six ? get32(bytes, at + 8) | 0 : 0;
  tuple.src3 = six ? get32(bytes, at + 12) | 0 : 0;
}

export function setDestinationBytes(tuple: Tuple, bytes: Uint8Array, at = 0): void {
  const six = tuple.family === 6;
  tuple.dst0 = get32(bytes, at) | 0;
  tuple.dst1 = six ? get32(bytes, at + 4) | 0 : 0;
  tuple.dst2 = six ? get32(bytes, at + 8) | 0 : 0;
  tuple.dst3 = six ? get32(bytes, at + 12) | 0 : 0;
}

function addressBytes(family: Family, a: number, b: number, c: number, d: number): Uint8Array {
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  set32(bytes, 0, a);
  if (family === 6) {
    set32(bytes, 4, b);
    set32(bytes, 8, c);
    set32(bytes, 12, d);
  }
  return bytes;
}
