import { narrow } from './entry.ts';

/** Which prefix lengths the networks of a set have, for one part of the elements. */
export class Prefixes {
  /** Lengths that are there, the longest first. */
  lengths: readonly number[] = [];
  /** Where in the words the length stands, behind the address. */
  readonly #at: number;
  /** Words of an address. */
  readonly #wide: number;
  readonly #count: Int32Array;

  constructor(at: number, wide: number) {
    this.#at = at;
    this.#wide = wide;
    this.#count = new Int32Array(32 * wide + 1);
  }

  /** Makes the address in the words a network of this length. */
  narrow(words: number[], length: number): void {
    narrow(words, this.#at - this.#wide, this.#wide, length);
    words[this.#at] = length;
  }

  /** The network is a single address. */
  isHost(words: readonly number[]): boolean {
    return words[this.#at] === 32 * this.#wide;
  }

  copy(to: number[], from: readonly number[]): void {
    for (let i = this.#at - this.#wide; i < this.#at; i++) to[i] = from[i]!;
  }

  /** An element came (1) or went (-1). */
  note(words: readonly number[], by: 1 | -1): void {
    const length = words[this.#at]!;
    const before = this.#count[length]!;
    this.#count[length] = before + by;
    if (before === 0 || before + by === 0)
      this.lengths = [...this.#count.keys()].filter((one) => this.#count[one] !== 0).reverse();
  }

  clear(): void {
    this.#count.fill(0);
    this.lengths = [];
  }
}
