import { bytesText } from '../replay/summary.ts';
import type { CaptureStream } from './capture-stream.ts';

/** Milliseconds between two lines. */
const EVERY = 200;

/** How far a replay has come, in one line on a terminal's standard error; nothing elsewhere. */
export class Progress {
  readonly #streams: readonly CaptureStream[];
  readonly #what: string;
  readonly #isOn: boolean;
  #shown = 0;

  constructor(isWanted: boolean, streams: readonly CaptureStream[], what: string) {
    this.#isOn = isWanted && process.stderr.isTTY === true;
    this.#streams = streams;
    this.#what = what === '' ? '' : `${what}: `;
    this.#shown = Date.now();
  }

  show(): void {
    if (!this.#isOn || Date.now() - this.#shown < EVERY) return;
    this.#shown = Date.now();
    const sum = (of: (stream: CaptureStream) => number) =>
      this.#streams.reduce((all, one) => all + of(one), 0);
    const read = sum(({ bytesRead }) => bytesRead);
    const size = sum((stream) => stream.size);
    const records = sum((stream) => stream.records).toLocaleString('en');
    const share = size > 0 ? ` of ${bytesText(size)} (${Math.floor((100 * read) / size)} %)` : '';
    process.stderr.write(`\r${this.#what}${bytesText(read)}${share}, ${records} frames\u001b[K`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isOn) process.stderr.write('\r\u001b[K');
  }
}
