/**
 * Classic capture files (libpcap's format, draft-ietf-opsawg-pcap): microseconds or nanoseconds, either byte order.
 * A file is read in chunks of any size; never more than one record waits for its rest.
 */

import { ByteWindow } from './byte-window.ts';

/** One record of a capture. */
export interface CapturedFrame {
  /** Counts from 1. */
  readonly number: number;
  /** Where the record begins in the file, in bytes. */
  readonly offset: number;
  /** Seconds since 1970 (UTC), 0 to 2³² - 1. */
  readonly seconds: number;
  /** Nanoseconds within the second, 0 to 999,999,999. */
  readonly nanoseconds: number;
  /** What was captured; a copy. */
  readonly bytes: Uint8Array;
  /** Length on the wire; more than `bytes.length` if the capture cut it. */
  readonly length: number;
}

/** What the file says about all its records. */
export interface PcapHeader {
  /** LINKTYPE_* number: 1 Ethernet, 101 raw IP, … */
  readonly linkType: number;
  /** The most bytes of a frame that were kept; 0 if the writer did not say. */
  readonly snapLength: number;
  readonly nanoseconds: boolean;
  readonly littleEndian: boolean;
}

/** A capture that cannot be read; the message names the record and the byte position. */
export class PcapError extends Error {
  /** Byte position in the file. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(`byte ${offset}: ${message}`);
    this.name = 'PcapError';
    this.offset = offset;
  }
}

/** The longest record that libpcap itself reads (MAXIMUM_SNAPLEN); a longer one is a lie about lengths. */
export const MOST_CAPTURED = 262_144;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAGIC_MICRO = 0xa1b2c3d4;
const MAGIC_NANO = 0xa1b23c4d;
const MAGIC_MODIFIED = 0xa1b2cd34;

/** Reads a capture piece by piece: {@link push} each chunk, then {@link finish}. */
export class PcapReader {
  /** Known once the first 24 bytes have been pushed. */
  header: PcapHeader | undefined = undefined;
  readonly #window = new ByteWindow();
  #number = 0;

  /**
   * Takes the next piece of the file and answers the records that are complete.
   * @throws {PcapError} at the first thing that is wrong.
   */
  push(chunk: Uint8Array): CapturedFrame[] {
    const frames: CapturedFrame[] = [];
    this.read(chunk, (frame) => frames.push(frame));
    return frames;
  }

  /**
   * Takes the next piece of the file and hands out the records that are complete: also those before an error.
   * @throws {PcapError} at the first thing that is wrong.
   */
  read(chunk: Uint8Array, each: (frame: CapturedFrame) => void): void {
    const window = this.#window;
    window.append(chunk);
    if (!this.header) {
      this.#checkMagic();
      if (window.held < FILE_HEADER) return;
      this.header = readHeader(window);
      window.consume(FILE_HEADER);
    }
    for (;;) {
      const frame = this.#record(this.header);
      if (!frame) return;
      each(frame);
    }
  }

  /**
   * Says that there is no more.
   * @throws {PcapError} if the file ends in the middle of something.
   */
  finish(): void {
    const { held: left, offset } = this.#window;
    if (!this.header) {
      const what = left === 0 ? 'the file is empty' : `the file ends after ${left} bytes`;
      throw new PcapError(left, `${what}; a capture begins with a header of ${FILE_HEADER} bytes`);
    }
    if (left === 0) return;
    const name = `record ${this.#number + 1}`;
    if (left < RECORD_HEADER) {
      throw new PcapError(
        offset,
        `the file ends in the header of ${name} (${left} of ${RECORD_HEADER} bytes)`,
      );
    }
    const wanted = this.#window.get32(8, this.header.littleEndian);
    throw new PcapError(
      offset,
      `the file ends in ${name} (${left - RECORD_HEADER} of ${wanted} bytes of the frame)`,
    );
  }

  /** A file of another kind is named as soon as its first four bytes are there. */
  #checkMagic(): void {
    if (this.#window.held < 4) return;
    const magic = this.#window.get32(0, false);
    const swapped = this.#window.get32(0, true);
    for (const value of [magic, swapped]) {
      if (value === MAGIC_MICRO || value === MAGIC_NANO) return;
      if (value === MAGIC_MODIFIED) {
        throw new PcapError(
          0,
          "a capture in Kuznetzov's modified format; 'editcap -F pcap' makes it a classic one",
        );
      }
    }
    const begin = magic.toString(16).padStart(8, '0');
    throw new PcapError(
      0,
      `not a capture: it begins with ${begin} instead of a1b2c3d4, a1b23c4d or 0a0d0d0a`,
    );
  }

  #record(header: PcapHeader): CapturedFrame | undefined {
    const window = this.#window;
    const { held } = window;
    if (held < RECORD_HEADER) return undefined;
    const little = header.littleEndian;
    const captured = window.get32(8, little);
    const length = window.get32(12, little);
    const fraction = window.get32(4, little);
    const number = this.#number + 1;
    // Checked before the bytes are waited for, so that a lie never makes us hold more than one honest record.
    this.#check(number, header, captured, length, fraction);
    if (held < RECORD_HEADER + captured) return undefined;
    const frame: CapturedFrame = {
      number,
      offset: window.offset,
      seconds: window.get32(0, little),
      nanoseconds: header.nanoseconds ? fraction : fraction * 1000,
      bytes: window.slice(RECORD_HEADER, captured),
      length,
    };
    this.#number = number;
    window.consume(RECORD_HEADER + captured);
    return frame;
  }

  #check(number: number, header: PcapHeader, captured: number, length: number, fraction: number): void {
    const limit = header.snapLength === 0 ? MOST_CAPTURED : Math.min(header.snapLength, MOST_CAPTURED);
    const at = this.#window.offset;
    if (captured > limit) {
      const why = limit === header.snapLength ? `the file's snap length is ${limit}` : `the most is ${limit}`;
      throw new PcapError(at + 8, `record ${number} says it holds ${captured} bytes; ${why}`);
    }
    if (captured > length) {
      throw new PcapError(
        at + 8,
        `record ${number} says it holds ${captured} bytes of a frame that had ${length} on the wire`,
      );
    }
    const most = header.nanoseconds ? 999_999_999 : 999_999;
    if (fraction > most) {
      const unit = header.nanoseconds ? 'nanoseconds' : 'microseconds';
      throw new PcapError(
        at + 4,
        `record ${number} has ${fraction} ${unit} in a second; the most is ${most}`,
      );
    }
  }
}

/**
 * Reads a whole capture.
 * @throws {PcapError} at the first thing that is wrong.
 */
export function readPcap(file: Uint8Array): { header: PcapHeader; frames: CapturedFrame[] } {
  const reader = new PcapReader();
  const frames = reader.push(file);
  reader.finish();
  return { header: reader.header!, frames };
}

/** Does the file begin as a classic capture does? */
export function looksLikePcap(file: Uint8Array): boolean {
  if (file.length < 4) return false;
  const view = new DataView(file.buffer, file.byteOffset, 4);
  const magics = [MAGIC_MICRO, MAGIC_NANO, MAGIC_MODIFIED];
  return magics.includes(view.getUint32(0, false)) || magics.includes(view.getUint32(0, true));
}

/** The 24 bytes with which a capture begins; big or little endian as asked, little endian if left out. */
export function pcapHeader(header: Partial<PcapHeader> = {}): Uint8Array {
  const little = header.littleEndian ?? true;
  const bytes = new Uint8Array(FILE_HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, header.nanoseconds ? MAGIC_NANO : MAGIC_MICRO, little);
  view.setUint16(4, 2, little);
  view.setUint16(6, 4, little);
  view.setUint32(16, header.snapLength ?? MOST_CAPTURED, little);
  view.setUint32(20, header.linkType ?? 1, little);
  return bytes;
}

/**
 * One record. `time` is given in seconds and nanoseconds; a file of microseconds keeps three digits less.
 * @throws {RangeError} if the frame is longer than a record may be.
 */
export function pcapRecord(
  frame: Pick<CapturedFrame, 'seconds' | 'nanoseconds' | 'bytes'> & { readonly length?: number },
  header: Partial<PcapHeader> = {},
): Uint8Array {
  const little = header.littleEndian ?? true;
  const limit = header.snapLength || MOST_CAPTURED;
  if (frame.bytes.length > limit) {
    throw new RangeError(`a frame of ${frame.bytes.length} bytes; the snap length is ${limit}`);
  }
  const bytes = new Uint8Array(RECORD_HEADER + frame.bytes.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, frame.seconds, little);
  view.setUint32(4, header.nanoseconds ? frame.nanoseconds : Math.trunc(frame.nanoseconds / 1000), little);
  view.setUint32(8, frame.bytes.length, little);
  view.setUint32(12, Math.max(frame.length ?? 0, frame.bytes.length), little);
  bytes.set(frame.bytes, RECORD_HEADER);
  return bytes;
}

function readHeader(window: ByteWindow): PcapHeader {
  const big = window.get32(0, false);
  const littleEndian = big !== MAGIC_MICRO && big !== MAGIC_NANO;
  const magic = window.get32(0, littleEndian);
  const major = window.get16(4, littleEndian);
  const minor = window.get16(6, littleEndian);
  if (major !== 2 || minor !== 4) {
    throw new PcapError(4, `a capture of version ${major}.${minor}; version 2.4 is read`);
  }
  return {
    // The upper half tells of a frame check sequence behind each frame; the IP length leaves it out by itself.
    linkType: window.get32(20, littleEndian) & 0xffff,
    snapLength: window.get32(16, littleEndian),
    nanoseconds: magic === MAGIC_NANO,
    littleEndian,
  };
}
