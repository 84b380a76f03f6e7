/**
 * A search for bytes in bytes by jumps (R. S. Boyer, J. S. Moore, A fast string searching algorithm, 1977).
 *
 * The kernel's form of it misses places where letter case is ignored: its table of jumps has the small letter to each capital
 * of the pattern, but its capitals of ß and ÿ are bytes whose small letters are others, so that these two may be jumped over
 * (lib/ts_bm.c compute_prefix_tbl, which asks tolower of what toupper made).
 */
export class Search {
  readonly #pattern: Uint8Array;
  /** How far the pattern may move on for the byte that did not fit, from the place of that byte. */
  readonly #byByte: Uint16Array;
  /** How far it may move on if so many bytes at its end have fitted. */
  readonly #bySuffix: Uint16Array;
  /** The byte that stands for each byte: itself, or its capital letter. */
  readonly #fold: Uint8Array;

  /**
   * @param pattern 1 to 255 bytes.
   * @param jumpOver to miss what the kernel's Boyer-Moore search misses; `kmp` misses nothing.
   */
  constructor(pattern: Uint8Array, ignoreCase: boolean, jumpOver = false) {
    this.#fold = ignoreCase ? CAPITALS : THEMSELVES;
    this.#pattern = pattern.map((byte) => this.#fold[byte]!);
    this.#byByte = jumpsByByte(this.#pattern, ignoreCase, jumpOver);
    this.#bySuffix = jumpsBySuffix(this.#pattern);
  }

  /**
   * Offset in the packet (`start` to `end` of `bytes`) of the first occurrence that begins at `from` or behind and ends
   * before `to`; -1 if there is none.
   */
  find(bytes: Uint8Array, start: number, end: number, from: number, to: number): number {
    const pattern = this.#pattern;
    const fold = this.#fold;
    const { length } = pattern;
    const before = Math.min(end, start + to);
    for (let at = start + from + length - 1; at < before; ) {
      let fitted = 0;
      while (fitted < length && fold[bytes[at - fitted]!]! === pattern[length - 1 - fitted]) fitted++;
      if (fitted === length) return at - length + 1 - start;
      at = Math.max(at - fitted + this.#byByte[bytes[at - fitted]!]!, at + this.#bySuffix[fitted]!);
    }
    return -1;
  }
}

function jumpsByByte(pattern: Uint8Array, ignoreCase: boolean, jumpOver: boolean): Uint16Array {
  const last = pattern.length - 1;
  const jumps = new Uint16Array(256).fill(pattern.length);
  for (let at = 0; at < last; at++) {
    const byte = pattern[at]!;
    jumps[byte] = last - at;
    if (!ignoreCase) continue;
    for (let other = 0; other < 256; other++) {
      if (jumpOver ? other === smallOf(byte) : CAPITALS[other] === byte) jumps[other] = last - at;
    }
  }
  return jumps;
}

/**
 * For each number of bytes at the pattern's end: the least move by which the same bytes, with another one before them or cut
 * off by the pattern's start, come to lie where they were found.
 */
function jumpsBySuffix(pattern: Uint8Array): Uint16Array {
  const { length } = pattern;
  const jumps = new Uint16Array(length);
  for (let fitted = 0; fitted < length; fitted++) {
    let move = 1;
    while (!reoccurs(pattern, fitted, move)) move++;
    jumps[fitted] = move;
  }
  return jumps;
}

function reoccurs(pattern: Uint8Array, fitted: number, move: number): boolean {
  const { length } = pattern;
  if (fitted === 0 || move >= length) return true;
  for (let at = length - fitted; at < length; at++) {
    if (at - move >= 0 && pattern[at - move] !== pattern[at]) return false;
  }
  const before = length - fitted - 1;
  return before - move < 0 || pattern[before - move] !== pattern[before];
}

const THEMSELVES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const isSmall = (byte: number): boolean => (byte >= 0x61 && byte <= 0x7a) || (byte >= 0xdf && byte !== 0xf7);
const isCapital = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7);

/** Capital letters as the kernel's toupper has them: Latin-1, with ß and ÿ moved as if they had some (lib/ctype.c). */
const CAPITALS = THEMSELVES.map((byte) => (isSmall(byte) ? byte - 0x20 : byte));

function smallOf(byte: number): number {
  return isCapital(byte) ? byte + 0x20 : byte;
}
