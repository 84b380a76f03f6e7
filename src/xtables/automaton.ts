/**
 * The kernel's text search `fsm`: a pattern is a row of tokens of four bytes (type of byte, 16 bits in the machine's order;
 * how often; the byte itself), of at most 32 in a string match (lib/ts_fsm.c, include/linux/textsearch_fsm.h).
 */
export class Automaton {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  /** @param pattern one that {@link isAutomaton} accepts. */
  constructor(pattern: Uint8Array) {
    const tokens: Token[] = [];
    for (let at = 0; at < pattern.length; at += 4) {
      const type = pattern[at]! | (pattern[at + 1]! << 8);
      tokens.push({ accepts: accepted(type, pattern[at + 3]!), recurrence: pattern[at + 2]! });
    }
    this.#tokens = tokens;
    this.#length = pattern.length;
  }

  /**
   * Offset in the packet (`start` to `end` of `bytes`) at which what fits begins, from `from` on; -1 if nothing does. All
   * tokens must be met and the data be at its end then, unless the last token is one that repeats: that one fits whatever
   * follows. Of `to` it is only asked that as many bytes as the pattern has could stand before it
   * (net/core/skbuff.c skb_find_text).
   */
  find(bytes: Uint8Array, start: number, end: number, from: number, to: number): number {
    const found = this.#find(new Data(bytes, start, end, from, to));
    return found >= 0 && found + this.#length <= to ? found : -1;
  }

  #find(data: Data): number {
    const tokens = this.#tokens;
    const strict = tokens[0]!.recurrence !== HEAD;
    if (data.atEnd()) return -1;
    let start = data.at;
    for (let index = 0; index < tokens.length; index++) {
      const { recurrence, accepts } = tokens[index]!;
      const next = tokens[index + 1]?.accepts;
      let fits = true;
      if (recurrence === PERHAPS) {
        if (!data.atEnd() && data.fits(accepts)) data.at++;
      } else {
        if (recurrence === SINGLE || recurrence === MULTI) {
          if (data.atEnd()) return -1;
          fits = data.fits(accepts);
          if (fits) data.at++;
        }
        // One that repeats goes on as far as the byte that fits the next token.
        if (fits && recurrence !== SINGLE) {
          if (!next) return start;
          if (!data.atEnd()) {
            while (!data.fits(next)) {
              fits = data.fits(accepts);
              if (!fits) break;
              data.at++;
              if (data.atEnd()) return -1;
            }
            if (recurrence === HEAD) {
              if (!fits) return -1;
              start = data.at;
            }
          }
        }
      }
      if (!fits) {
        if (strict) return -1;
        // The search begins again one byte on.
        data.at++;
        start = data.at;
        index = -1;
      }
    }
    return data.atEnd() ? start : -1;
  }
}

/** The bytes of a packet as the search reads them (net/core/skbuff.c skb_seq_read). */
class Data {
  /** Offset of the next byte. */
  at: number;
  readonly #bytes: Uint8Array;
  readonly #length: number;
  readonly #to: number;
  /** Where in `bytes` the offset 0 lies. */
  #origin: number;
  /** Up to here it may be read without asking again. */
  #known: number;
  #beyond = 0;

  constructor(bytes: Uint8Array, start: number, end: number, from: number, to: number) {
    this.#bytes = bytes;
    this.#origin = start;
    this.#length = end - start;
    this.#to = to;
    this.at = from;
    this.#known = from;
  }

  /**
   * Whether there is no next byte. Asked again behind the end, Linux reads the packet from its first byte on once more, as if
   * it followed itself, as long as `--to` allows; an automaton may ask again.
   */
  atEnd(): boolean {
    if (this.at < this.#known) return false;
    if (this.at >= this.#to) return true;
    const limit = this.#length + this.#beyond;
    if (this.at < limit) {
      this.#known = limit;
      return false;
    }
    this.#beyond += this.#length;
    this.#origin -= this.#length;
    return true;
  }

  /** Whether the next byte, which must be there, is one of these. */
  fits(accepts: Uint8Array): boolean {
    return accepts[this.#bytes[this.#origin + this.at]!] === 1;
  }
}

/** Whether bytes are an automaton's (fsm_init). */
export function isAutomaton(pattern: Uint8Array): boolean {
  if (pattern.length === 0 || pattern.length % 4 !== 0) return false;
  for (let at = 0; at < pattern.length; at += 4) {
    if ((pattern[at]! | (pattern[at + 1]! << 8)) >= CLASSES.length || pattern[at + 2]! > HEAD) return false;
    // What may be ignored stands at the head, and something behind it.
    if (pattern[at + 2] === HEAD && (at !== 0 || pattern.length === 4)) return false;
  }
  return true;
}

/** How often a token is met: once, at most once, any number of times, at least once, ignored at the head. */
const SINGLE = 0;
const PERHAPS = 1;
const MULTI = 3;
const HEAD = 4;

interface Token {
  /** 1 for each byte that fits. */
  readonly accepts: Uint8Array;
  readonly recurrence: number;
}

type Test = (byte: number) => boolean;

// Kinds of bytes, as those of the kernel's ctype: Latin-1, where × and ÷ are signs (lib/ctype.c).
const within =
  (low: number, high: number): Test =>
  (byte) =>
    byte >= low && byte <= high;
const control: Test = (byte) => byte < 32 || byte === 127;
const digit = within(48, 57);
const upper: Test = (byte) => within(65, 90)(byte) || (within(192, 222)(byte) && byte !== 215);
const lower: Test = (byte) => within(97, 122)(byte) || (within(223, 255)(byte) && byte !== 247);
const letter: Test = (byte) => upper(byte) || lower(byte);
const blank: Test = (byte) => byte === 32 || byte === 160;
const sign: Test = (byte) =>
  !(control(byte) || digit(byte) || letter(byte) || blank(byte) || within(128, 159)(byte));
const graph: Test = (byte) => sign(byte) || letter(byte) || digit(byte);

/** What a token's type accepts, by number; 0 is the byte itself. */
const CLASSES: readonly (Test | undefined)[] = [
  undefined,
  () => true,
  digit,
  (byte) => digit(byte) || within(65, 70)(byte) || within(97, 102)(byte),
  (byte) => graph(byte) || blank(byte),
  letter,
  (byte) => letter(byte) || digit(byte),
  (byte) => byte < 128,
  control,
  graph,
  lower,
  upper,
  sign,
  (byte) => within(9, 13)(byte) || blank(byte),
];

function accepted(type: number, value: number): Uint8Array {
  const test = CLASSES[type] ?? ((byte: number) => byte === value);
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));
}
