import type { Family } from '../../../netfilter/constants.ts';
import { printIpv4, printIpv6 } from '../../../wire/address.ts';
import { set32 } from '../../../wire/bytes.ts';
import { setDestinationBytes, Tuple } from '../../tuple.ts';

const bytes = new Uint8Array(16);

/** An address of a connection's family, as SIP and SDP name it. */
export class SipAddress {
  readonly family: Family;
  a = 0;
  b = 0;
  c = 0;
  d = 0;

  constructor(family: Family) {
    this.family = family;
  }

  copyFrom(other: SipAddress): void {
    this.#set(other.a, other.b, other.c, other.d);
  }

  readBytes(from: Uint8Array): void {
    scratch.family = this.family;
    setDestinationBytes(scratch, from);
    this.destinationOf(scratch);
  }

  sourceOf(tuple: Tuple): this {
    return this.#set(tuple.src0, tuple.src1, tuple.src2, tuple.src3);
  }

  destinationOf(tuple: Tuple): this {
    return this.#set(tuple.dst0, tuple.dst1, tuple.dst2, tuple.dst3);
  }

  equals(other: SipAddress): boolean {
    return this.a === other.a && this.b === other.b && this.c === other.c && this.d === other.d;
  }

  isSourceOf(tuple: Tuple): boolean {
    return this.a === tuple.src0 && this.b === tuple.src1 && this.c === tuple.src2 && this.d === tuple.src3;
  }

  isDestinationOf(tuple: Tuple): boolean {
    return this.a === tuple.dst0 && this.b === tuple.dst1 && this.c === tuple.dst2 && this.d === tuple.dst3;
  }

  /** Makes it a tuple's destination address. */
  toDestinationOf(tuple: Tuple): void {
    tuple.dst0 = this.a;
    tuple.dst1 = this.b;
    tuple.dst2 = this.c;
    tuple.dst3 = this.d;
  }

  /** `192.0.2.10`, `2001:db8::1`. */
  toString(): string {
    if (this.family === 4) return printIpv4(this.a);
    set32(bytes, 0, this.a);
    set32(bytes, 4, this.b);
    set32(bytes, 8, this.c);
    set32(bytes, 12, this.d);
    return printIpv6(bytes);
  }

  #set(a: number, b: number, c: number, d: number): this {
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
    return this;
  }
}

const scratch = new Tuple();
