const TWO_32 = 4294967296n;
/** Seconds beyond which a time is no time of a capture: a file's 64 bits may say anything. Year 10889. */
const MOST_SECONDS = 2 ** 48 / 1000;

/** Times of an interface: 64-bit counts of its unit, from its own beginning. */
export class TimeScale {
  readonly #perSecond: bigint;
  readonly #offset: bigint;
  /** The upper half seldom changes: what it stands for is kept. */
  #high = -1;
  #seconds = 0;
  #rest = 0n;
  #restNumber = 0;
  /** Units are whole nanoseconds: numbers do; 0 if not. */
  readonly #unit: number;
  readonly #unitsPerSecond: number;
  seconds = 0;
  nanoseconds = 0;

  /**
   * `resolution`: the octet of if_tsresol, a negative power of 10, or of 2 with its highest bit; 6 if the file does not say.
   * `offset`: seconds that are added (if_tsoffset).
   */
  constructor(resolution = 6, offset = 0n) {
    this.#perSecond = (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
    this.#offset = offset;
    const isWhole = 1_000_000_000n % this.#perSecond === 0n;
    this.#unitsPerSecond = isWhole ? Number(this.#perSecond) : 0;
    this.#unit = isWhole ? Number(1_000_000_000n / this.#perSecond) : 0;
  }

  /** Sets {@link seconds} and {@link nanoseconds}; false for a time before 1970 or too far away. */
  read(high: number, low: number): boolean {
    if (high !== this.#high) this.#keep(high);
    if (this.#unit !== 0) {
      const units = this.#restNumber + low;
      const whole = Math.floor(units / this.#unitsPerSecond);
      this.seconds = this.#seconds + whole;
      this.nanoseconds = (units - whole * this.#unitsPerSecond) * this.#unit;
    } else {
      const units = this.#rest + BigInt(low);
      this.seconds = this.#seconds + Number(units / this.#perSecond);
      this.nanoseconds = Number(((units % this.#perSecond) * 1_000_000_000n) / this.#perSecond);
    }
    return this.seconds >= 0 && this.seconds <= MOST_SECONDS;
  }

  #keep(high: number): void {
    const units = BigInt(high) * TWO_32;
    this.#high = high;
    this.#seconds = Number(units / this.#perSecond + this.#offset);
    this.#rest = units % this.#perSecond;
    this.#restNumber = this.#unit === 0 ? 0 : Number(this.#rest);
  }
}
