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
   * Offset at which what fits begins; -1 if nothing does. All tokens must be met and the data be at its end then, unless the
   * last token is one that repeats: that one fits whatever follows. The data go on to `end`; of `limit` it is only asked that
   * as many bytes as the pattern has could stand before it (net/core/skbuff.c skb_find_text).
   */
  find(bytes: Uint8Array, from: number, end: number, limit: number): number {
    const start = this.#start(bytes, from, end);
    return start >= 0 && start + this.#length <= limit ? start : -1;
  }

  #start(bytes: Uint8Array, from: number, end: number): number {
    const tokens = this.#tokens;
    const strict = tokens[0]!.recurrence !== HEAD;
    if (from >= end) return -1;
    let at = from;
    let start = from;
    for (let index = 0; index < tokens.length; index++) {
      const { recurrence, accepts } = tokens[index]!;
      const next = tokens[index + 1];
      // A token that must be met once: where it is not, the search begins again one byte on, or is over if the pattern is
      // bound to the first byte.
      if (recurrence === SINGLE || recurrence === MULTI) {
        if (at >= end) return -1;
        if (accepts[bytes[at]!] === 0) {
          if (strict) return -1;
          at++;
          start = at;
          index = -1;
          continue;
        }
        at++;
        if (recurrence === SINGLE) continue;
      } else if (recurrence === PERHAPS) {
        if (at < end && accepts[bytes[at]!] !== 0) at++;
        continue;
      }
      // One that repeats goes on as far as the byte that fits the next token.
      if (!next) return start;
      let broken = false;
      while (at < end && next.accepts[bytes[at]!] === 0) {
        if (accepts[bytes[at]!] === 0) {
          if (recurrence === HEAD || strict) return -1;
          broken = true;
          break;
        }
        at++;
        if (at >= end) return -1;
      }
      if (broken) {
        at++;
        start = at;
        index = -1;
      } else if (recurrence === HEAD) start = at;
    }
    return at >= end ? start : -1;
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
