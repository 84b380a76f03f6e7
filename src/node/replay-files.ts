import { closeSync, openSync, writeSync } from 'node:fs';
import { pcapngHeader, pcapngRecord } from '../formats/pcapng-write.ts';
import type { ReplayOutput } from '../replay/replay.ts';
import { UserProblem } from './problem.ts';

/** Bytes that are gathered before they are written. */
const GATHERED = 256 * 1024;

/** A capture that is written while a replay runs: pcapng, an interface for each device. */
export class CaptureFile {
  count = 0;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #gathered = Buffer.alloc(GATHERED);
  #length = 0;

  /** @throws {UserProblem} if it cannot be written. */
  constructor(path: string, devices: readonly string[]) {
    this.#path = path;
    this.#numbers = new Map(devices.map((name, index) => [name, index]));
    this.#descriptor = this.#try(() => openSync(path, 'w'));
    this.#append(pcapngHeader(devices.map((name) => ({ name }))));
  }

  /** `time`: microseconds since 1970. */
  add(device: string, frame: Uint8Array, time: number, comment: string, direction: 'in' | 'out'): void {
    const number = this.#numbers.get(device);
    if (number === undefined) return;
    this.count++;
    const seconds = Math.floor(time / 1e6);
    const nanoseconds = Math.round((time - seconds * 1e6) * 1e3);
    const record = { interface: number, seconds, nanoseconds, bytes: frame, direction };
    this.#append(pcapngRecord(comment === '' ? record : { ...record, comment }));
  }

  /** @throws {UserProblem} if the rest cannot be written. */
  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > GATHERED) this.#flush();
    if (bytes.length > GATHERED) {
      this.#write(bytes);
      return;
    }
    this.#gathered.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #flush(): void {
    this.#write(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      at += this.#try(() => writeSync(this.#descriptor, bytes, at));
    }
  }

  #try<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UserProblem(`${this.#path}: cannot be written: ${reason}`);
    }
  }
}

/** The captures that a replay is to write: of what left, and of what was dropped. */
export class CaptureFiles implements ReplayOutput {
  readonly #left: CaptureFile | undefined;
  readonly #dropped: CaptureFile | undefined;

  /** @throws {UserProblem} if one cannot be written. */
  constructor(left: string | undefined, dropped: string | undefined, devices: readonly string[]) {
    this.#left = left === undefined ? undefined : new CaptureFile(left, devices);
    this.#dropped = dropped === undefined ? undefined : new CaptureFile(dropped, devices);
  }

  left(device: string, frame: Uint8Array, time: number, comment: string): void {
    this.#left?.add(device, frame, time, comment, 'out');
  }

  dropped(device: string, frame: Uint8Array, time: number, comment: string): void {
    this.#dropped?.add(device, frame, time, comment, 'in');
  }

  close(): void {
    this.#left?.close();
    this.#dropped?.close();
  }
}
