import type { Tuple } from '../../conntrack/tuple.ts';
import { hashList } from '../../netfilter/jhash.ts';
import type { Backend, Service } from '../service.ts';
import { type Scheduler, type SchedulerKind, weightStep } from './scheduler.ts';

/** Size of the small table that the paper uses throughout (section 5.3). */
export const MAGLEV_SIZE = 65537;
/** Turns a round have at most this many bits: greater weights are halved until they do (ip_vs_mh_shift_weight). */
const TURN_BITS = 8;
/** The two hash functions. Fixed, so that several balancers with the same backends make the same table. */
const OFFSET_SEED = 0x9e3779b1;
const SKIP_SEED = 0x85ebca77;
const CLIENT_SEED = 0xc2b2ae3d;

/**
 * The lookup table of Maglev: for each entry the index of who has it, -1 throughout if nobody has turns.
 * Every backend has a permutation of the table by an offset and a skip, and takes in its turns the first entry of it
 * that is still free. (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4)
 *
 * @param size a prime, so that every skip goes through the whole table
 * @param names for each backend, 32-bit words that name it
 * @param turns for each backend, entries that it takes a round; 0: it takes part in nothing
 */
export function maglevTable(
  size: number,
  names: readonly (readonly number[])[],
  turns: readonly number[],
): Int32Array {
  const table = new Int32Array(size).fill(-1);
  if (!turns.some((turn) => turn > 0)) return table;
  const next = names.map((name) => hashList(name, OFFSET_SEED) % size);
  const skip = names.map((name) => (hashList(name, SKIP_SEED) % (size - 1)) + 1);
  for (let filled = 0; ; ) {
    for (let i = 0; i < names.length; i++) {
      for (let turn = 0; turn < turns[i]!; turn++) {
        let entry = next[i]!;
        while (table[entry] !== -1) entry = (entry + skip[i]!) % size;
        table[entry] = i;
        next[i] = (entry + skip[i]!) % size;
        if (++filled === size) return table;
      }
    }
  }
}

/** Turns a round of these weights: in lowest terms, and short (ip_vs_mh_permutate). */
export function maglevTurns(weights: readonly number[]): number[] {
  const step = weightStep(weights);
  if (step === 0) return weights.map(() => 0);
  const bits = 32 - Math.clz32(Math.max(...weights) / step);
  const shift = Math.max(0, bits - TURN_BITS);
  return weights.map((weight) => (weight === 0 ? 0 : (weight / step) >>> shift || 1));
}

export function isPrime(n: number): boolean {
  if (!Number.isInteger(n) || n < 2) return false;
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
  return true;
}

/**
 * Maglev hashing: consistent; the client's address (with `mh-port` its port, too) says which entry. A backend that is
 * drained keeps its entries, as in ip_vs_mh.c, so that draining it moves nobody else's connections: its clients get
 * nobody, or with `mh-fallback` another.
 */
class Maglev implements Scheduler {
  readonly name = 'mh';
  readonly #size: number;
  #table = new Int32Array(0);
  #entry = 0;
  readonly #words = [0, 0, 0, 0, 0, 0];

  constructor(size: number) {
    if (!isPrime(size)) throw new RangeError(`a Maglev table needs a prime size; ${size} is none`);
    this.#size = size;
  }

  choose({ backends, flags }: Service, tuple: Tuple): Backend | undefined {
    if (this.#table.length === 0) return undefined;
    const withPort = flags.has('mh-port');
    const first = this.#hash(tuple, withPort, 0);
    this.#entry = first;
    const backend = backends[this.#table[first]!];
    if (backend === undefined || backend.takesNew) return backend;
    if (!flags.has('mh-fallback') || !backends.some(({ takesNew }) => takesNew)) return undefined;
    for (let i = 0; i < this.#size; i++) {
      this.#entry = this.#hash(tuple, withPort, (i + first) % this.#size);
      const other = backends[this.#table[this.#entry]!];
      if (other?.takesNew) return other;
    }
    return undefined;
  }

  #hash(tuple: Tuple, withPort: boolean, offset: number): number {
    const words = this.#words;
    words[0] = tuple.src0;
    words[1] = tuple.src1;
    words[2] = tuple.src2;
    words[3] = tuple.src3;
    words[4] = withPort ? tuple.sourcePart : 0;
    words[5] = offset;
    return hashList(words, CLIENT_SEED) % this.#size;
  }

  changed({ backends }: Service): void {
    // The order of the backends decides who takes an entry that two want: one that does not depend on who came when.
    const order = backends.map((_, i) => i).sort((i, j) => compareNames(backends[i]!, backends[j]!));
    const sorted = order.map((i) => backends[i]!);
    const table = maglevTable(
      this.#size,
      sorted.map(({ address: { a, b, c, d }, port }) => [a, b, c, d, port]),
      maglevTurns(sorted.map(({ lastWeight }) => lastWeight)),
    );
    this.#table = table.map((place) => (place < 0 ? -1 : order[place]!));
  }

  why(): string {
    return `entry ${this.#entry} of ${this.#size} of the source's hash`;
  }
}

function compareNames(one: Backend, other: Backend): number {
  const x = one.address;
  const y = other.address;
  return x.a - y.a || x.b - y.b || x.c - y.c || x.d - y.d || one.port - other.port;
}

/** Maglev with a table of this size, which must be prime. */
export function maglev(size: number): SchedulerKind {
  return { name: 'mh', flags: ['mh-fallback', 'mh-port'], create: () => new Maglev(size) };
}
