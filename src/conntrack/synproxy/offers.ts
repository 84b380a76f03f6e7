import { get16, get32, set32 } from '../../wire/bytes.ts';
import {
  TCP_LENGTH,
  TCP_MAX_WINDOW_SCALE,
  TCP_OPTION_END,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
  tcpHeaderLength,
} from '../../wire/tcp.ts';

/** Bits of {@link Offers.known} (NF_SYNPROXY_OPT_*). */
export const OFFER = { MSS: 1, SCALE: 2, SACK: 4, TIMESTAMP: 8, ECN: 16 } as const;

/** Low bits of a timestamp in which the proxy keeps what a SYN offered, until the timestamp comes back. */
const COOKIE_SCALE = 0xf;
const COOKIE_SACK = 1 << 4;
const COOKIE_ECN = 1 << 5;
const COOKIE_BITS = 0x3f;

/** The TCP options that the proxy understands (struct synproxy_options). One object, reused. */
export class Offers {
  /** Which are there: bits of {@link OFFER}. */
  known = 0;
  segmentSize = 0;
  /** Shift of the window, 0 to 15. */
  scale = 0;
  /** Timestamp and timestamp echo, unsigned or not. */
  stamp = 0;
  echo = 0;

  /** Reads a segment's options; what is malformed ends the reading. False if they are cut off. (synproxy_parse_options) */
  read(bytes: Uint8Array, header: number, end: number): boolean {
    this.known = 0;
    this.segmentSize = 0;
    this.scale = 0;
    this.stamp = 0;
    this.echo = 0;
    const length = tcpHeaderLength(bytes, header);
    const to = header + length;
    if (length < TCP_LENGTH || to > end) return false;
    for (let at = header + TCP_LENGTH; at < to; ) {
      const kind = bytes[at]!;
      if (kind === TCP_OPTION_END) return true;
      if (kind === TCP_OPTION_NOP) {
        at++;
        continue;
      }
      if (to - at < 2) return true;
      const size = bytes[at + 1]!;
      if (size < 2 || size > to - at) return true;
      this.#take(bytes, kind, at, size);
      at += size;
    }
    return true;
  }

  #take(bytes: Uint8Array, kind: number, at: number, size: number): void {
    if (kind === TCP_OPTION_MSS && size === 4) {
      this.segmentSize = get16(bytes, at + 2);
      this.known |= OFFER.MSS;
    } else if (kind === TCP_OPTION_WINDOW_SCALE && size === 3) {
      this.scale = Math.min(bytes[at + 2]!, TCP_MAX_WINDOW_SCALE);
      this.known |= OFFER.SCALE;
    } else if (kind === TCP_OPTION_TIMESTAMPS && size === 10) {
      this.stamp = get32(bytes, at + 2);
      this.echo = get32(bytes, at + 6);
      this.known |= OFFER.TIMESTAMP;
    } else if (kind === TCP_OPTION_SACK_PERMITTED && size === 2) {
      this.known |= OFFER.SACK;
    }
  }

  /** Bytes that {@link write} needs, with padding. */
  get length(): number {
    const { known } = this;
    return (
      (known & OFFER.MSS ? 4 : 0) +
      (known & OFFER.TIMESTAMP ? 12 : known & OFFER.SACK ? 4 : 0) +
      (known & OFFER.SCALE ? 4 : 0)
    );
  }

  /** Writes them in Linux's order and padding. (synproxy_build_options) */
  write(bytes: Uint8Array, from: number): void {
    const { known } = this;
    let at = from;
    if (known & OFFER.MSS) {
      set32(bytes, at, (TCP_OPTION_MSS << 24) | (4 << 16) | this.segmentSize);
      at += 4;
    }
    if (known & OFFER.TIMESTAMP) {
      const front =
        known & OFFER.SACK ? (TCP_OPTION_SACK_PERMITTED << 8) | 2 : (TCP_OPTION_NOP << 8) | TCP_OPTION_NOP;
      set32(bytes, at, (front << 16) | (TCP_OPTION_TIMESTAMPS << 8) | 10);
      set32(bytes, at + 4, this.stamp);
      set32(bytes, at + 8, this.echo);
      at += 12;
    } else if (known & OFFER.SACK) {
      set32(bytes, at, 0x01010000 | (TCP_OPTION_SACK_PERMITTED << 8) | 2);
      at += 4;
    }
    if (known & OFFER.SCALE) {
      set32(bytes, at, 0x01000000 | (TCP_OPTION_WINDOW_SCALE << 16) | (3 << 8) | this.scale);
    }
  }

  /**
   * Becomes what answers a SYN: its timestamp is echoed, and the own one, `milliseconds`, keeps what the SYN offered.
   * (synproxy_init_timestamp_cookie)
   */
  hideInTimestamp(milliseconds: number, ownScale: number): void {
    this.echo = this.stamp;
    let stamp = milliseconds & ~COOKIE_BITS;
    if (this.known & OFFER.SCALE) {
      stamp |= this.scale;
      this.scale = ownScale;
    } else {
      stamp |= COOKIE_SCALE;
    }
    if (this.known & OFFER.SACK) stamp |= COOKIE_SACK;
    if (this.known & OFFER.ECN) stamp |= COOKIE_ECN;
    this.stamp = stamp;
  }

  /** What the SYN offered, from the timestamp that has come back. (synproxy_check_timestamp_cookie) */
  recallFromTimestamp(): void {
    const { echo } = this;
    this.scale = echo & COOKIE_SCALE;
    if (this.scale !== COOKIE_SCALE) this.known |= OFFER.SCALE;
    if (echo & COOKIE_SACK) this.known |= OFFER.SACK;
    if (echo & COOKIE_ECN) this.known |= OFFER.ECN;
  }
}
