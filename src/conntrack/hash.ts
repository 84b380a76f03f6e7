import type { Tuple } from './tuple.ts';

/**
 * A keyed hash of tuples: HalfSipHash-1-3 (Aumasson, Bernstein), so that who does not know the key cannot aim at a
 * bucket. The same tuple in the other direction has another hash.
 */
export class TupleHash {
  readonly #k0: number;
  readonly #k1: number;
  readonly #words = new Int32Array(10);

  constructor(random: () => number) {
    this.#k0 = random() | 0;
    this.#k1 = random() | 0;
  }

  /** 32 bits, signed. */
  of(tuple: Tuple): number {
    const words = this.#words;
    words[0] = tuple.src0;
    words[1] = tuple.dst0;
    words[2] = (tuple.sourcePart << 16) | tuple.destinationPart;
    words[3] = (tuple.protocol << 8) | tuple.family;
    if (tuple.family === 4) return this.#run(4);
    words[4] = tuple.src1;
    words[5] = tuple.src2;
    words[6] = tuple.src3;
    words[7] = tuple.dst1;
    words[8] = tuple.dst2;
    words[9] = tuple.dst3;
    return this.#run(10);
  }

  /** Of a tuple without its protocol, and a number of up to 24 bits. */
  counted(tuple: Tuple, count: number): number {
    const { protocol } = tuple;
    tuple.protocol = count;
    const hash = this.of(tuple);
    tuple.protocol = protocol;
    return hash;
  }

  /** Of a source alone, for lists by source. */
  ofSource(tuple: Tuple): number {
    const words = this.#words;
    words[0] = tuple.src0;
    words[1] = tuple.sourcePart;
    words[2] = (tuple.protocol << 8) | tuple.family;
    words[3] = tuple.src1;
    words[4] = tuple.src2;
    words[5] = tuple.src3;
    return this.#run(6);
  }

  /** Of a destination alone, for lists by destination. */
  ofDestination(tuple: Tuple): number {
    const words = this.#words;
    words[0] = tuple.dst0;
    words[1] = tuple.destinationPart;
    words[2] = (tuple.protocol << 8) | tuple.family;
    words[3] = tuple.dst1;
    words[4] = tuple.dst2;
    words[5] = tuple.dst3;
    return this.#run(6);
  }

  #run(length: number): number {
    const words = this.#words;
    let v0 = this.#k0;
    let v1 = this.#k1;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ v1;
    // Three rounds behind the last word finish it.
    for (let i = 0; i < length + 3; i++) {
      const word = i < length ? words[i]! : 0;
      if (i === length) v2 ^= 0xff;
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    return v1 ^ v3;
  }
}
