/**
 * A search for bytes in bytes that looks at the last byte of the pattern first and jumps by what it finds there (Horspool's
 * form of Boyer and Moore's algorithm: R. N. Horspool, Practical fast searching in strings, 1980).
 */
export class Search {
  readonly #pattern: Uint8Array;
  /** How far to go on for the byte under the pattern's last one. */
  readonly #jumps = new Uint8Array(256);
  /** The byte that stands for each byte: itself, or its capital letter. */
  readonly #fold: Uint8Array;

  /** @param pattern 1 to 255 bytes. */
  constructor(pattern: Uint8Array, ignoreCase: boolean) {
    this.#fold = ignoreCase ? CAPITALS : THEMSELVES;
    this.#pattern = pattern.map((byte) => this.#fold[byte]!);
    const last = pattern.length - 1;
    this.#jumps.fill(pattern.length);
    for (let at = 0; at < last; at++) this.#jumps[this.#pattern[at]!] = last - at;
  }

  /** Offset of the first occurrence that begins at `from` or behind and ends before `end` and `limit`; -1 if there is none. */
  find(bytes: Uint8Array, from: number, end: number, limit: number): number {
    const pattern = this.#pattern;
    const fold = this.#fold;
    const last = pattern.length - 1;
    const before = Math.min(end, limit);
    for (let at = from; at + last < before; ) {
      const byte = fold[bytes[at + last]!]!;
      let left = last;
      while (left >= 0 && fold[bytes[at + left]!]! === pattern[left]) left--;
      if (left < 0) return at;
      at += this.#jumps[byte]!;
    }
    return -1;
  }
}

const THEMSELVES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** Capital letters as the kernel's toupper has them: Latin-1, with ß and ÿ moved as if they had some (lib/ctype.c). */
const CAPITALS = THEMSELVES.map((byte) =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0xdf && byte !== 0xf7) ? byte - 0x20 : byte,
);
