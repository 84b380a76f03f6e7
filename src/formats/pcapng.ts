/**
 * Capture files in pcapng (draft-ietf-opsawg-pcapng): several sections, either byte order, several interfaces, times of any
 * unit. A file is read in chunks of any size; blocks that carry no packets are passed over without being held.
 */

import { ByteWindow } from './byte-window.ts';
import { CaptureError, type CaptureInterface, type CaptureRecord } from './capture-record.ts';
import { MOST_CAPTURED } from './pcap.ts';
import { eachOption, OPTION, padded } from './pcapng-options.ts';
import { TimeScale } from './pcapng-time.ts';

export const BLOCK = {
  SECTION: 0x0a0d0d0a,
  INTERFACE: 1,
  PACKET: 2,
  SIMPLE: 3,
  NAMES: 4,
  STATISTICS: 5,
  ENHANCED: 6,
  SECRETS: 10,
} as const;
export const BYTE_ORDER = 0x1a2b3c4d;
const BYTE_ORDER_SWAPPED = 0x4d3c2b1a;

/** Fixed parts of the blocks that are read, with type and both lengths. */
const LEAST: Readonly<Record<number, number>> = {
  [BLOCK.SECTION]: 28,
  [BLOCK.INTERFACE]: 20,
  [BLOCK.PACKET]: 32,
  [BLOCK.SIMPLE]: 16,
  [BLOCK.ENHANCED]: 32,
};
/** The longest block that is read: the longest frame, and as much again for its options. */
const MOST_HELD = 2 * MOST_CAPTURED;
/** Interfaces of a section; what a hostile file may make us remember. */
const MOST_INTERFACES = 4096;
/** Types of blocks that are counted apart; further ones count as type 0. */
const MOST_TYPES = 64;
/** Bytes of a comment or a name that are kept. */
const MOST_TEXT = 4096;

const NAMES: Readonly<Record<number, string>> = {
  [BLOCK.SECTION]: 'section header',
  [BLOCK.INTERFACE]: 'interface description',
  [BLOCK.PACKET]: 'packet block',
  [BLOCK.SIMPLE]: 'simple packet block',
  [BLOCK.NAMES]: 'name resolution block',
  [BLOCK.STATISTICS]: 'interface statistics block',
  [BLOCK.ENHANCED]: 'enhanced packet block',
  [BLOCK.SECRETS]: 'decryption secrets block',
};

interface Source {
  readonly is: CaptureInterface;
  readonly time: TimeScale;
}

/** What is told about a file besides its records. */
export interface PcapngListener {
  record(record: CaptureRecord): void;
  /** A block that is well framed and has something wrong inside; it was passed over. */
  skipped(problem: CaptureError): void;
}

/** Reads a capture piece by piece: {@link read} each chunk, then {@link finish}. */
export class PcapngReader {
  /** Interfaces of all sections. */
  readonly interfaces: CaptureInterface[] = [];
  /** Blocks that carry no packets, by their type. */
  readonly passedOver = new Map<number, number>();
  readonly #window = new ByteWindow();
  readonly #listener: PcapngListener;
  #section: Source[] = [];
  #little = true;
  #begun = false;
  #records = 0;
  /** Bytes of the block in hand that are still to be passed over, up to its second length; -1: none is in hand. */
  #skip = -1;
  #skipped = { offset: 0, type: 0, length: 0 };
  #seconds = 0;
  #nanoseconds = 0;
  #interfaceCount = 0;

  constructor(listener: PcapngListener) {
    this.#listener = listener;
  }

  /**
   * Takes the next piece of the file and tells of the records that are complete: also of those before an error.
   * @throws {CaptureError} at the first thing behind which nothing can be read.
   */
  read(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#skip > 0 && this.#window.held === 0) {
      // A long block goes by without being copied.
      const length = Math.min(this.#skip, rest.length);
      this.#window.offset += length;
      this.#skip -= length;
      rest = rest.subarray(length);
    }
    this.#window.append(rest);
    while (this.#block());
  }

  /**
   * Says that there is no more.
   * @throws {CaptureError} if the file ends in the middle of something.
   */
  finish(): void {
    const window = this.#window;
    const { held, offset } = window;
    if (this.#skip >= 0) {
      const { type, length, offset: from } = this.#skipped;
      throw new CaptureError(
        from,
        `the file ends in ${article(type)} (${offset + held - from} of ${length} bytes)`,
      );
    }
    if (held === 0 && this.#begun) return;
    if (held < 8)
      throw new CaptureError(offset, `the file ends in the header of a block (${held} of 8 bytes)`);
    const type = window.get32(0, this.#little);
    const length = window.get32(4, this.#little);
    const name = `${article(type)}${this.#nextName(type)}`;
    const of = type === BLOCK.SECTION && held < 12 ? '' : ` of ${length}`;
    throw new CaptureError(offset, `the file ends in ${name} (${held}${of} bytes)`);
  }

  /** `, record 5` for a block that would be one. */
  #nextName(type: number): string {
    return type === BLOCK.ENHANCED || type === BLOCK.SIMPLE || type === BLOCK.PACKET
      ? `, record ${this.#records + 1}`
      : '';
  }

  /** One block, or a part of one that is passed over; false if more bytes are needed. */
  #block(): boolean {
    const window = this.#window;
    if (this.#skip >= 0) return this.#passOver();
    if (window.held < 12) return false;
    const isSection = window.get32(0, true) === BLOCK.SECTION;
    if (isSection) this.#readOrder();
    else if (!this.#begun)
      throw new CaptureError(0, 'not a capture: it does not begin with a section header');
    const type = window.get32(0, this.#little);
    const length = window.get32(4, this.#little);
    this.#checkLength(type, length);
    if (LEAST[type] === undefined) {
      const key = this.passedOver.size < MOST_TYPES || this.passedOver.has(type) ? type : 0;
      this.passedOver.set(key, (this.passedOver.get(key) ?? 0) + 1);
      this.#skipped = { offset: window.offset, type, length };
      window.consume(8);
      this.#skip = length - 12;
      return true;
    }
    if (window.held < length) return false;
    this.#checkEnd(window.get32(length - 4, this.#little), window.offset, type, length);
    const problem = this.#read(type, length);
    if (problem !== undefined) this.#listener.skipped(problem);
    window.consume(length);
    return true;
  }

  #passOver(): boolean {
    const window = this.#window;
    const length = Math.min(this.#skip, window.held);
    window.consume(length);
    this.#skip -= length;
    if (this.#skip > 0 || window.held < 4) return false;
    const { offset, type, length: total } = this.#skipped;
    this.#checkEnd(window.get32(0, this.#little), offset, type, total);
    window.consume(4);
    this.#skip = -1;
    return true;
  }

  /** The byte order of a section, which its header's own length is written in. */
  #readOrder(): void {
    const magic = this.#window.get32(8, true);
    if (magic !== BYTE_ORDER && magic !== BYTE_ORDER_SWAPPED) {
      const text = magic.toString(16).padStart(8, '0');
      throw new CaptureError(
        this.#window.offset + 8,
        `a section header with the byte-order mark ${text} instead of 1a2b3c4d`,
      );
    }
    this.#little = magic === BYTE_ORDER;
  }

  #checkLength(type: number, length: number): void {
    const { offset } = this.#window;
    const least = LEAST[type] ?? 12;
    if (length < least || length % 4 !== 0) {
      throw new CaptureError(
        offset + 4,
        `${article(type)} says it has ${length} bytes; it must be ${least} or more, a multiple of 4`,
      );
    }
    if (LEAST[type] !== undefined && length > MOST_HELD) {
      throw new CaptureError(
        offset + 4,
        `${article(type)}${this.#nextName(type)} says it has ${length} bytes; the most is ${MOST_HELD}`,
      );
    }
  }

  #checkEnd(second: number, offset: number, type: number, length: number): void {
    if (second === length) return;
    throw new CaptureError(
      offset + length - 4,
      `the ${nameOf(type)} of byte ${offset} has the length ${length} at its front and ${second} at its end`,
    );
  }

  /** A whole block; answers what is wrong inside. */
  #read(type: number, length: number): CaptureError | undefined {
    switch (type) {
      case BLOCK.SECTION:
        this.#readSection();
        return undefined;
      case BLOCK.INTERFACE:
        return this.#readInterface(length);
      case BLOCK.SIMPLE:
        return this.#readSimple(length);
      default:
        return this.#readPacket(type, length);
    }
  }

  #readSection(): void {
    const window = this.#window;
    const major = window.get16(12, this.#little);
    if (major !== 1) {
      const minor = window.get16(14, this.#little);
      throw new CaptureError(window.offset + 12, `a section of version ${major}.${minor}; version 1 is read`);
    }
    this.#begun = true;
    this.#section = [];
  }

  #readInterface(length: number): CaptureError | undefined {
    const window = this.#window;
    const little = this.#little;
    if (this.#section.length >= MOST_INTERFACES) {
      throw new CaptureError(window.offset, `a section with more than ${MOST_INTERFACES} interfaces`);
    }
    let name: string | undefined;
    let resolution = 6;
    let offset = 0n;
    const wrong = eachOption(window, 16, length - 4, little, (code, at, size) => {
      if (code === OPTION.NAME) name = textOf(window.slice(at, Math.min(size, MOST_TEXT)));
      if (code === OPTION.RESOLUTION && size === 1) resolution = window.bytes[window.begin + at]!;
      if (code === OPTION.TIME_OFFSET && size === 8) offset = signed64(window, at, little);
    });
    const is: CaptureInterface = {
      index: this.#interfaceCount++,
      name,
      linkType: window.get16(8, little),
      snapLength: window.get32(12, little),
    };
    this.#section.push({ is, time: new TimeScale(resolution, offset) });
    if (this.interfaces.length < MOST_INTERFACES) this.interfaces.push(is);
    return wrong === undefined ? undefined : this.#optionProblem('an interface description', wrong);
  }

  #optionProblem(what: string, at: number): CaptureError {
    return new CaptureError(this.#window.offset + at, `${what} has an option that is longer than the block`);
  }

  #readSimple(length: number): CaptureError | undefined {
    const window = this.#window;
    const source = this.#section[0];
    const number = ++this.#records;
    if (!source) {
      return new CaptureError(window.offset, `record ${number} comes before an interface is described`);
    }
    const original = window.get32(8, this.#little);
    const limit = source.is.snapLength === 0 ? MOST_CAPTURED : source.is.snapLength;
    const captured = Math.min(original, limit);
    if (captured > length - 16) {
      return new CaptureError(
        window.offset + 8,
        `record ${number} says it holds ${captured} bytes; the block has room for ${length - 16}`,
      );
    }
    this.#emit(number, source, 12, captured, original);
    return undefined;
  }

  #readPacket(type: number, length: number): CaptureError | undefined {
    const window = this.#window;
    const little = this.#little;
    const number = ++this.#records;
    const index = type === BLOCK.ENHANCED ? window.get32(8, little) : window.get16(8, little);
    const source = this.#section[index];
    if (!source) {
      const count = this.#section.length;
      return new CaptureError(
        window.offset + 8,
        `record ${number} is of interface ${index}; the section has ${count}, numbered from 0`,
      );
    }
    const captured = window.get32(20, little);
    const original = window.get32(24, little);
    const room = Math.min(length - 32, MOST_CAPTURED);
    if (captured > room) {
      return new CaptureError(
        window.offset + 20,
        `record ${number} says it holds ${captured} bytes; the block has room for ${room}`,
      );
    }
    if (captured > original) {
      return new CaptureError(
        window.offset + 20,
        `record ${number} says it holds ${captured} bytes of a frame that had ${original} on the wire`,
      );
    }
    const { time } = source;
    if (!time.read(window.get32(12, little), window.get32(16, little))) {
      return new CaptureError(window.offset + 12, `record ${number} has a time that is none of a capture`);
    }
    this.#seconds = time.seconds;
    this.#nanoseconds = time.nanoseconds;
    const options = 28 + padded(captured);
    if (options + 4 > length - 4) {
      this.#emit(number, source, 28, captured, original);
      return undefined;
    }
    let direction: 'in' | 'out' | undefined;
    let comment: string | undefined;
    const wrong = eachOption(window, options, length - 4, little, (code, at, size) => {
      if (code === OPTION.COMMENT) comment ??= textOf(window.slice(at, Math.min(size, MOST_TEXT)));
      if (code === OPTION.FLAGS && size === 4) {
        const way = window.get32(at, little) & 3;
        direction = way === 1 ? 'in' : way === 2 ? 'out' : undefined;
      }
    });
    this.#emit(number, source, 28, captured, original, direction, comment);
    return wrong === undefined ? undefined : this.#optionProblem(`record ${number}`, wrong);
  }

  /** A record whose time is the last that was read. */
  #emit(
    number: number,
    source: Source,
    at: number,
    captured: number,
    length: number,
    direction?: 'in' | 'out',
    comment?: string,
  ): void {
    const window = this.#window;
    this.#listener.record({
      number,
      offset: window.offset,
      seconds: this.#seconds,
      nanoseconds: this.#nanoseconds,
      bytes: window.slice(at, captured),
      length,
      interface: source.is,
      ...(direction === undefined ? {} : { direction }),
      ...(comment === undefined ? {} : { comment }),
    });
  }
}

/** `enhanced packet block`, or `block of type 0x80000001`. */
export function nameOf(type: number): string {
  return NAMES[type] ?? `block of type 0x${type.toString(16)}`;
}

/** `an enhanced packet block`. */
function article(type: number): string {
  const name = nameOf(type);
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** Text of an option: UTF-8; some writers end it with zeros. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0+$/, '');
}

function signed64(window: ByteWindow, at: number, littleEndian: boolean): bigint {
  const first = window.get32(at, littleEndian);
  const second = window.get32(at + 4, littleEndian);
  const [high, low] = littleEndian ? [second, first] : [first, second];
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}
