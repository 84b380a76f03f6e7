/** Packets and bytes in 64 bits each, many of them side by side: four 32-bit halves a counter. */
export class Counters {
  readonly #halves: Uint32Array;

  constructor(count: number) {
    this.#halves = new Uint32Array(count * 4);
  }

  /** One packet of `bytes` bytes. */
  count(index: number, bytes: number): void {
    const halves = this.#halves;
    const at = index * 4;
    if (++halves[at]! > 0xffffffff) halves[at + 1]!++;
    const low = halves[at + 2]! + bytes;
    halves[at + 2] = low;
    if (low > 0xffffffff) halves[at + 3]!++;
  }

  packets(index: number): bigint {
    return (BigInt(this.#halves[index * 4 + 1]!) << 32n) | BigInt(this.#halves[index * 4]!);
  }

  bytes(index: number): bigint {
    return (BigInt(this.#halves[index * 4 + 3]!) << 32n) | BigInt(this.#halves[index * 4 + 2]!);
  }

  set(index: number, packets: bigint, bytes: bigint): void {
    const halves = this.#halves;
    halves[index * 4] = Number(packets & 0xffffffffn);
    halves[index * 4 + 1] = Number((packets >> 32n) & 0xffffffffn);
    halves[index * 4 + 2] = Number(bytes & 0xffffffffn);
    halves[index * 4 + 3] = Number((bytes >> 32n) & 0xffffffffn);
  }

  /** Takes over all counters of another array of the same length. */
  copyAll(from: Counters): void {
    this.#halves.set(from.#halves);
  }

  /** Takes over a counter of another array. */
  copy(index: number, from: Counters, fromIndex: number): void {
    this.#halves.set(from.#halves.subarray(fromIndex * 4, fromIndex * 4 + 4), index * 4);
  }
}
