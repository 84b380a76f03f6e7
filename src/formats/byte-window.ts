/** The part of a file that has come and is not yet used up: pushed in pieces of any size, taken from the front. */
export class ByteWindow {
  bytes = new Uint8Array(4096);
  /** Where the first byte lies in {@link bytes}. */
  begin = 0;
  #end = 0;
  /** Position of the first byte in the file. */
  offset = 0;
  #view = new DataView(this.bytes.buffer);

  /** Bytes that are there. */
  get held(): number {
    return this.#end - this.begin;
  }

  append(chunk: Uint8Array): void {
    const { held } = this;
    if (this.#end + chunk.length > this.bytes.length) {
      let target = this.bytes;
      if (held + chunk.length > target.length) {
        target = new Uint8Array(Math.max(held + chunk.length, target.length * 2));
      }
      target.set(this.bytes.subarray(this.begin, this.#end));
      if (target !== this.bytes) this.#view = new DataView(target.buffer);
      this.bytes = target;
      this.begin = 0;
      this.#end = held;
    }
    this.bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  consume(length: number): void {
    this.begin += length;
    this.offset += length;
  }

  /** The number at a distance from the first byte; the bytes must be there. */
  get32(at: number, littleEndian: boolean): number {
    return this.#view.getUint32(this.begin + at, littleEndian);
  }

  get16(at: number, littleEndian: boolean): number {
    return this.#view.getUint16(this.begin + at, littleEndian);
  }

  /** A copy. */
  slice(at: number, length: number): Uint8Array {
    return this.bytes.slice(this.begin + at, this.begin + at + length);
  }
}
