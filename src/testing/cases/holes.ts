import { EndProblem, printAddress, readAddresses, readPorts } from './ends.ts';

/**
 * Holes in the texts of a case: `tcp {10.0.0.0/8}:{1024-65535} > 203.0.113.1:{80,443} syn`. Of each range and prefix the two
 * ends and a sample are tried, of each list every entry, and all combinations of the holes. `{port=80,443}` has a name,
 * by which `{port}` elsewhere in the case stands for the same value; so do holes that are written alike. `{set:NAME}` stands
 * for the elements of an ipset.
 */
const HOLE =
  /\{(?:([a-z_]\w*)=)?((?:set:[^\s{},]+|[0-9a-fA-F.:/-]+)(?:,(?:set:[^\s{},]+|[0-9a-fA-F.:/-]+))*)\}|\{([a-z_]\w*)\}/g;

/** Most combinations of a case. */
export const MOST_COMBINATIONS = 4096;

/** A hole that is not right. */
export class HoleProblem extends Error {}

/** Values for the holes of a case, by what stands between the braces. */
export type Filling = ReadonlyMap<string, string>;

/** What an ipset holds: `10.0.0.0/8`, `80`, `10.0.0.1-10.0.0.9`; undefined if there is no such set. */
export type ElementsOf = (set: string) => readonly string[] | undefined;

/** All fillings of the holes of some texts. `seed` chooses the samples. @throws {HoleProblem} */
export function fillings(texts: readonly string[], seed: number, elementsOf: ElementsOf): Filling[] {
  const holes = new Map<string, string>();
  const used = new Set<string>();
  for (const text of texts) {
    for (const [whole, name, values, reference] of text.matchAll(HOLE)) {
      if (reference !== undefined) used.add(reference);
      else holes.set(name ?? whole.slice(1, -1), values!);
    }
  }
  for (const name of used) {
    if (!holes.has(name))
      throw new HoleProblem(`{${name}}: no hole of this case has the name; write {${name}=80,443} first`);
  }
  let all: Map<string, string>[] = [new Map()];
  let number = 0;
  for (const [key, values] of holes) {
    const tried = valuesOf(key, values, mix(seed, ++number), elementsOf);
    if (all.length * tried.length > MOST_COMBINATIONS) {
      throw new HoleProblem(`the holes of this case have more than ${MOST_COMBINATIONS} combinations`);
    }
    all = all.flatMap((one) => tried.map((value) => new Map(one).set(key, value)));
  }
  return all;
}

/** A text with its holes filled. */
export function fill(text: string, filling: Filling): string {
  return text.replace(HOLE, (whole, name?: string, _values?: string, reference?: string) => {
    return filling.get(reference ?? name ?? whole.slice(1, -1)) ?? whole;
  });
}

function valuesOf(key: string, values: string, seed: number, elementsOf: ElementsOf): string[] {
  const tried = new Set<string>();
  const items = values.split(',').flatMap((item) => {
    if (!item.startsWith('set:')) return [item];
    const elements = elementsOf(item.slice(4));
    if (!elements) throw new HoleProblem(`{${key}}: the host has no set '${item.slice(4)}'`);
    if (elements.length === 0) throw new HoleProblem(`{${key}}: the set '${item.slice(4)}' is empty`);
    return elements;
  });
  items.forEach((item, index) => {
    try {
      for (const value of boundaries(item, mix(seed, index))) tried.add(value);
    } catch (error) {
      if (error instanceof EndProblem) throw new HoleProblem(`{${key}}: ${error.message}`);
      throw error;
    }
  });
  return [...tried];
}

/** The two ends of a range and a sample from between. */
function boundaries(item: string, seed: number): string[] {
  if (/^\d+(-\d+)?$/.test(item)) {
    const { first, last } = readPorts(item);
    return [first, last, sample(BigInt(first), BigInt(last), seed)].map(String);
  }
  const { family, first, last } = readAddresses(item);
  return [first, last, sample(first, last, seed)].map((value) => printAddress({ family, value }));
}

function sample(first: bigint, last: bigint, seed: number): bigint {
  if (last - first < 2n) return first;
  const random =
    (BigInt(mix(seed, 1)) << 96n) |
    (BigInt(mix(seed, 2)) << 64n) |
    (BigInt(mix(seed, 3)) << 32n) |
    BigInt(mix(seed, 4));
  return first + 1n + (random % (last - first - 1n));
}

/** An unsigned 32-bit number that looks random (the finalizer of MurmurHash3, public domain). */
export function mix(seed: number, number: number): number {
  let value = (seed ^ Math.imul(number + 1, 0x9e3779b1)) >>> 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
