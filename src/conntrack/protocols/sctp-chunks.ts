import { get16, get32 } from '../../wire/bytes.ts';
import { SCTP_CHUNKS_AT } from '../../wire/sctp.ts';

/** Type, flags and length of a chunk, then what an INIT and an INIT ACK have: tag, credit, streams, first TSN. */
const CHUNK_HEADER = 4;
const INIT_LENGTH = 16;

/**
 * Walks over chunks as Linux's tracker does: as long as four bytes are there, and by the length that each says, however
 * small. One object, reused.
 */
export class TrackedChunks {
  type = 0;
  flags = 0;
  length = 0;
  /** How many came before this one. */
  count = -1;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #next = 0;
  #end = 0;

  /** `offset` is that of the common header. */
  start(bytes: Uint8Array, offset: number, end: number): this {
    this.#bytes = bytes;
    this.#next = offset + SCTP_CHUNKS_AT;
    this.#end = end;
    this.count = -1;
    return this;
  }

  next(): boolean {
    const at = this.#next;
    this.count++;
    if (at + CHUNK_HEADER > this.#end) return false;
    const bytes = this.#bytes;
    this.#at = at;
    this.type = bytes[at]!;
    this.flags = bytes[at + 1]!;
    this.length = get16(bytes, at + 2);
    this.#next = at + ((this.length + 3) & ~3);
    return true;
  }

  /** Whether the fixed part of an INIT or INIT ACK is all there. */
  get hasInit(): boolean {
    return this.#at + CHUNK_HEADER + INIT_LENGTH <= this.#end;
  }

  /** The tag that an INIT or INIT ACK asks for, signed 32-bit. */
  get initTag(): number {
    return get32(this.#bytes, this.#at + CHUNK_HEADER);
  }
}
