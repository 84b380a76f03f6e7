import { CaptureError, type CaptureInterface, type CaptureRecord } from './capture-record.ts';
import { looksLikePcap, PcapError, PcapReader } from './pcap.ts';
import { nameOf, type PcapngListener, PcapngReader } from './pcapng.ts';

/** Does the file begin as a capture does: a classic one (also the modified one, which is refused by name) or pcapng? */
export function looksLikeCapture(file: Uint8Array): boolean {
  return looksLikePcap(file) || looksLikePcapng(file);
}

/** A section header's type reads the same in either byte order. */
function looksLikePcapng(file: Uint8Array): boolean {
  return [0x0a, 0x0d, 0x0d, 0x0a].every((byte, index) => file[index] === byte);
}

/** Reads a capture of either format piece by piece: {@link read} each chunk, then {@link finish}. */
export class CaptureReader {
  readonly #listener: PcapngListener;
  #format: PcapReader | PcapngReader | undefined = undefined;
  /** The first bytes, until there are four. */
  #begin = new Uint8Array(0);
  #interface: CaptureInterface | undefined = undefined;

  /**
   * `skipped` gets records and blocks that are wrong in themselves, while what follows can be read; without it they end the
   * file with an error.
   */
  constructor(record: (record: CaptureRecord) => void, skipped?: (problem: CaptureError) => void) {
    this.#listener = {
      record,
      skipped:
        skipped ??
        ((problem) => {
          throw problem;
        }),
    };
  }

  /**
   * Takes the next piece of the file and tells of the records that are complete: also of those before an error.
   * @throws {CaptureError} at the first thing behind which nothing can be read.
   */
  read(chunk: Uint8Array): void {
    let rest = chunk;
    if (!this.#format) {
      if (this.#begin.length > 0) rest = joined(this.#begin, chunk);
      this.#begin = rest.slice(0, 4);
      if (rest.length < 4) return;
      this.#format = looksLikePcapng(rest) ? new PcapngReader(this.#listener) : new PcapReader();
    }
    const format = this.#format;
    if (format instanceof PcapngReader) {
      format.read(rest);
      return;
    }
    asCaptureError(() =>
      format.read(rest, (frame) => {
        this.#interface ??= {
          index: 0,
          name: undefined,
          linkType: format.header!.linkType,
          snapLength: format.header!.snapLength,
        };
        this.#listener.record({ ...frame, interface: this.#interface });
      }),
    );
  }

  /**
   * Says that there is no more.
   * @throws {CaptureError} if the file ends in the middle of something.
   */
  finish(): void {
    let format = this.#format;
    if (!format) {
      format = new PcapReader();
      format.push(this.#begin);
    }
    asCaptureError(() => format.finish());
  }

  /** Blocks that carry no packets and were passed over, by what they are; none in a classic capture. */
  passedOver(): ReadonlyMap<string, number> {
    const named = new Map<string, number>();
    if (this.#format instanceof PcapngReader) {
      for (const [type, count] of this.#format.passedOver) named.set(nameOf(type), count);
    }
    return named;
  }
}

function asCaptureError(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof PcapError)) throw error;
    throw new CaptureError(error.offset, error.message.replace(/^byte \d+: /, ''));
  }
}

function joined(one: Uint8Array, two: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + two.length);
  both.set(one);
  both.set(two, one.length);
  return both;
}
