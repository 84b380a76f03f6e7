import type { Fingerprint } from './fingerprint.ts';
import { readFingerprints } from './pf-os.ts';

/** The fingerprints of a host, which all its rules share (net/netfilter/nfnetlink_osf.c). */
export class Fingerprints {
  /** By whether a packet may be fragmented (0) or not (1), in the order in which they came. */
  readonly #lists: [Fingerprint[], Fingerprint[]] = [[], []];
  readonly #known = new Set<string>();

  static create(): Fingerprints {
    return new Fingerprints();
  }

  get count(): number {
    return this.#known.size;
  }

  /** Those of packets with, or without, the bit that forbids fragments. */
  list(dontFragment: boolean): readonly Fingerprint[] {
    return this.#lists[dontFragment ? 1 : 0];
  }

  /** Adds one; one that is there already stays where it is. */
  add(print: Fingerprint): void {
    const key = JSON.stringify(print);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#lists[print.dontFragment ? 1 : 0].push(print);
  }

  /** Removes one; false if it is not there. */
  remove(print: Fingerprint): boolean {
    const key = JSON.stringify(print);
    if (!this.#known.delete(key)) return false;
    const list = this.#lists[print.dontFragment ? 1 : 0];
    const at = list.findIndex((other) => JSON.stringify(other) === key);
    list.splice(at, 1);
    return true;
  }

  /**
   * Adds all of a text in the format of `pf.os`. Nothing is added if a line cannot be read.
   * @throws {FingerprintProblem}
   */
  load(text: string): void {
    for (const print of readFingerprints(text)) this.add(print);
  }
}
