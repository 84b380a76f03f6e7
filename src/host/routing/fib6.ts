import type { FibEntry6 } from './route6.ts';

/** Is every bit of the prefix the same? */
export function prefixFits6(prefix: Uint8Array, length: number, bytes: Uint8Array, at: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (prefix[i] !== bytes[at + i]) return false;
  const rest = length & 7;
  return rest === 0 || ((prefix[whole]! ^ bytes[at + whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

/** The first `length` bits of an address, the rest 0. */
export function network6(address: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(16);
  const whole = length >> 3;
  out.set(address.subarray(0, whole));
  if (length & 7) out[whole] = address[whole]! & (0xff00 >> (length & 7));
  return out;
}

function hash(bytes: Uint8Array, at: number, length: number): number {
  let value = length;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) value = (Math.imul(value, 31) + bytes[at + i]!) | 0;
  const rest = length & 7;
  if (rest) value = (Math.imul(value, 31) + (bytes[at + whole]! & (0xff00 >> rest))) | 0;
  return value;
}

/** One IPv6 routing table: for each prefix length that occurs a map of networks. */
export class Fib6 {
  readonly id: number;
  readonly #byLength: (Map<number, FibEntry6[]> | undefined)[] = new Array(129).fill(undefined);
  /** The lengths that occur, the longest first. */
  #lengths: number[] = [];

  constructor(id: number) {
    this.id = id;
  }

  /**
   * Goes through the routes that cover an address, the longest prefix first and the lowest metric first, until `take`
   * answers true.
   */
  walk(bytes: Uint8Array, at: number, take: (entry: FibEntry6) => boolean): boolean {
    for (const length of this.#lengths) {
      const entries = this.#byLength[length]!.get(hash(bytes, at, length));
      if (entries === undefined) continue;
      for (const entry of entries) {
        if (prefixFits6(entry.destination, length, bytes, at) && take(entry)) return true;
      }
    }
    return false;
  }

  /** Routes to one network, by metric. */
  at(destination: Uint8Array, prefixLength: number): readonly FibEntry6[] {
    const found = this.#byLength[prefixLength]?.get(hash(destination, 0, prefixLength)) ?? [];
    return found.filter((entry) => prefixFits6(entry.destination, 128, destination, 0));
  }

  insert(entry: FibEntry6): void {
    let networks = this.#byLength[entry.prefixLength];
    if (!networks) {
      networks = new Map();
      this.#byLength[entry.prefixLength] = networks;
      this.#lengths = [...this.#lengths, entry.prefixLength].sort((a, b) => b - a);
    }
    const key = hash(entry.destination, 0, entry.prefixLength);
    const entries = networks.get(key) ?? [];
    const at = entries.findIndex((other) => other.metric > entry.metric);
    networks.set(key, at < 0 ? [...entries, entry] : [...entries.slice(0, at), entry, ...entries.slice(at)]);
  }

  remove(entry: FibEntry6): void {
    const networks = this.#byLength[entry.prefixLength];
    const key = hash(entry.destination, 0, entry.prefixLength);
    const left = networks?.get(key)?.filter((other) => other !== entry);
    if (!networks || !left) return;
    if (left.length > 0) networks.set(key, left);
    else networks.delete(key);
    if (networks.size === 0) {
      this.#byLength[entry.prefixLength] = undefined;
      this.#lengths = this.#lengths.filter((length) => length !== entry.prefixLength);
    }
  }

  /** All routes as the kernel lists them: by address, those within a network before it, then by metric. */
  list(): FibEntry6[] {
    const all: FibEntry6[] = [];
    for (const networks of this.#byLength)
      if (networks) for (const entries of networks.values()) all.push(...entries);
    return all.sort(
      (a, b) =>
        compare(a.destination, b.destination, Math.min(a.prefixLength, b.prefixLength)) ||
        b.prefixLength - a.prefixLength ||
        a.metric - b.metric,
    );
  }
}

/** Compares the first bits of two addresses. */
function compare(a: Uint8Array, b: Uint8Array, bits: number): number {
  for (let i = 0; i * 8 < bits; i++) {
    const mask = bits >= (i + 1) * 8 ? 0xff : (0xff00 >> (bits % 8)) & 0xff;
    const difference = (a[i]! & mask) - (b[i]! & mask);
    if (difference !== 0) return difference;
  }
  return 0;
}
