/**
 * A walk over the options of an IPv4, TCP or DCCP header: one byte of kind, for all but some kinds followed by one of the
 * length of the whole option. One object, reused:
 * `for (walk.start(b, from, to); walk.next(); ) … walk.kind, walk.at, walk.length`.
 */
export class OptionWalk {
  /** Kind of the option in hand. */
  kind = 0;
  /** Its offset. */
  at = 0;
  /** Its length with kind and length byte, at least 1; it lies wholly within the options. */
  length = 0;
  /** After the walk: an option's length was below 2 or led beyond the end. `at` is then that option's. */
  broken = false;

  #bytes: Uint8Array = NO_BYTES;
  #next = 0;
  #end = 0;
  #singles = 1;
  #endKind = 0;

  /** Options of IPv4 and TCP: kind 0 ends them, kind 1 is one byte. */
  start(b: Uint8Array, from: number, to: number): this {
    return this.#begin(b, from, to, 1, 0);
  }

  /** Options of DCCP (RFC 4340 section 5.8): kinds below 32 are one byte, none ends them. */
  startDccp(b: Uint8Array, from: number, to: number): this {
    return this.#begin(b, from, to, 31, -1);
  }

  #begin(b: Uint8Array, from: number, to: number, singles: number, endKind: number): this {
    this.#bytes = b;
    this.#next = from;
    this.#end = to;
    this.#singles = singles;
    this.#endKind = endKind;
    this.broken = false;
    this.length = 0;
    this.kind = 0;
    this.at = from;
    return this;
  }

  /** Goes to the next option; false after the last, at an end-of-options option, or at a broken one. */
  next(): boolean {
    const o = this.#next;
    if (this.broken || o >= this.#end) return false;
    const kind = this.#bytes[o]!;
    this.at = o;
    this.kind = kind;
    if (kind === this.#endKind) {
      this.#next = this.#end;
      return false;
    }
    let length = 1;
    if (kind > this.#singles) {
      length = o + 1 < this.#end ? this.#bytes[o + 1]! : 0;
      if (length < 2 || o + length > this.#end) {
        this.broken = true;
        return false;
      }
    }
    this.length = length;
    this.#next = o + length;
    return true;
  }
}

const NO_BYTES = new Uint8Array(0);
