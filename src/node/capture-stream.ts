import { createReadStream, type ReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CaptureReader } from '../formats/capture.ts';
import { CaptureError, type CaptureRecord } from '../formats/capture-record.ts';
import { UserProblem } from './problem.ts';

/** Bytes of a file that are read at once. */
const CHUNK = 256 * 1024;
/** Problems of a file that are kept; all are counted. */
const MOST_PROBLEMS = 100;

/** Something of a capture that could not be read. */
export interface CaptureProblem {
  /** Byte position; of a compressed capture in what it unpacks to. */
  readonly offset: number;
  readonly message: string;
  /** Nothing behind it could be read. */
  readonly isEnd: boolean;
}

/** A capture file, read piece by piece as far as it goes: pcap or pcapng, also gzip. */
export class CaptureStream {
  readonly file: string;
  /** Bytes of the file; 0 if it is none that has a length. */
  readonly size: number;
  records = 0;
  readonly problems: CaptureProblem[] = [];
  problemCount = 0;
  /** Blocks without packets that were passed over, by what they are. */
  passedOver: ReadonlyMap<string, number> = new Map();

  #source: ReadStream | undefined = undefined;

  /** @throws {UserProblem} if the file cannot be read. */
  constructor(file: string) {
    this.file = file;
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) throw new UserProblem(`${file}: cannot be read: no such file or folder`);
    if (found.isDirectory()) throw new UserProblem(`${file}: cannot be read: is a folder`);
    this.size = found.isFile() ? found.size : 0;
  }

  /** Bytes of the file that have been read. */
  get bytesRead(): number {
    return this.#source?.bytesRead ?? 0;
  }

  /**
   * The records, in pieces. May be read more than once, from the beginning each time. A damaged file ends early and says so
   * in {@link problems}.
   * @throws {UserProblem} if the file cannot be read, or is no capture.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly CaptureRecord[]> {
    this.records = 0;
    this.problems.length = 0;
    this.problemCount = 0;
    let batch: CaptureRecord[] = [];
    const reader = new CaptureReader(
      (record) => batch.push(record),
      (problem) => this.#note(problem, false),
    );
    const end = yield* this.#chunks(
      (chunk) => {
        try {
          reader.read(chunk);
          return undefined;
        } catch (error) {
          if (error instanceof CaptureError) return error;
          throw error;
        }
      },
      () => {
        const ready = batch;
        batch = [];
        this.records += ready.length;
        return ready;
      },
    );
    this.#finish(reader, end);
    this.passedOver = reader.passedOver();
  }

  /** Hands chunks to `read`, and out what has come of each; answers what ended it before the end of the file. */
  async *#chunks(
    read: (chunk: Uint8Array) => CaptureError | undefined,
    ready: () => readonly CaptureRecord[],
  ): AsyncGenerator<readonly CaptureRecord[], CaptureError | undefined> {
    const source = createReadStream(this.file, { highWaterMark: CHUNK });
    this.#source = source;
    let unpacked = 0;
    try {
      for await (const chunk of await unpackedStream(source)) {
        unpacked += chunk.length;
        const problem = read(chunk);
        const records = ready();
        if (records.length > 0) yield records;
        if (problem) return problem;
      }
      return undefined;
    } catch (error) {
      if (isSystemError(error)) {
        throw new UserProblem(`${this.file}: cannot be read: ${error.message}`);
      }
      // What is wrong with the packing is wrong behind the last bytes that came out of it.
      const reason = error instanceof Error ? error.message : String(error);
      return new CaptureError(unpacked, `cannot be unpacked (gzip): ${reason}`);
    } finally {
      source.destroy();
    }
  }

  #finish(reader: CaptureReader, end: CaptureError | undefined): void {
    let problem = end;
    try {
      if (!problem) reader.finish();
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      problem = error;
    }
    if (!problem) return;
    if (this.records === 0) throw new UserProblem(`${this.file}: ${problem.message}`);
    this.#note(problem, true);
  }

  #note({ offset, message }: CaptureError, isEnd: boolean): void {
    this.problemCount++;
    // The last place is kept for what ends the file.
    if (this.problems.length < MOST_PROBLEMS - (isEnd ? 0 : 1))
      this.problems.push({ offset, message, isEnd });
  }
}

/** The stream of a file, or of what it unpacks to if it is gzip (RFC 1952). */
async function unpackedStream(source: Readable): Promise<AsyncIterable<Uint8Array>> {
  const first: Uint8Array | null = await new Promise((resolve, reject) => {
    source.once('error', reject);
    source.once('end', () => resolve(null));
    source.once('readable', () => resolve(source.read() as Uint8Array | null));
  });
  if (!first) return source;
  source.unshift(first);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return source;
  const gunzip = createGunzip({ chunkSize: CHUNK });
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
