import { Neighbour } from './states.ts';

/** Most neighbours of one family; learned ones are not added beyond it (gc_thresh3). */
const MOST = 1024;
const NO_ADDRESS = new Uint8Array(0);

/** The neighbours of both families, found by interface and address without making anything. */
export class NeighbourTable {
  readonly #four = new Map<number, Neighbour>();
  readonly #six = new Map<number, Neighbour[]>();
  #sixCount = 0;

  find4(device: number, address: number): Neighbour | undefined {
    return this.#four.get(key4(device, address));
  }

  find6(device: number, bytes: Uint8Array, at: number): Neighbour | undefined {
    for (const candidate of this.#six.get(key6(device, bytes, at)) ?? []) {
      if (candidate.device === device && same(candidate.address6, bytes, at)) return candidate;
    }
    return undefined;
  }

  /** Undefined if there are too many. */
  make4(device: number, address: number): Neighbour | undefined {
    if (this.#four.size >= MOST && !this.#makeRoom(this.#four.values())) return undefined;
    const made = new Neighbour(device, 4, address, NO_ADDRESS);
    this.#four.set(key4(device, address), made);
    return made;
  }

  make6(device: number, bytes: Uint8Array, at: number): Neighbour | undefined {
    if (this.#sixCount >= MOST && !this.#makeRoom([...this.#six.values()].flat())) return undefined;
    const made = new Neighbour(device, 6, 0, bytes.slice(at, at + 16));
    const key = key6(device, bytes, at);
    this.#six.set(key, [...(this.#six.get(key) ?? []), made]);
    this.#sixCount++;
    return made;
  }

  remove(neighbour: Neighbour): void {
    if (neighbour.family === 4) {
      this.#four.delete(key4(neighbour.device, neighbour.address4));
      return;
    }
    const key = key6(neighbour.device, neighbour.address6, 0);
    const left = (this.#six.get(key) ?? []).filter((other) => other !== neighbour);
    this.#sixCount--;
    if (left.length > 0) this.#six.set(key, left);
    else this.#six.delete(key);
  }

  /** In the order in which they were made. */
  list(family: 4 | 6): readonly Neighbour[] {
    return family === 4 ? [...this.#four.values()] : [...this.#six.values()].flat();
  }

  /** Forgets one that nobody needs: not permanent, nothing waiting (neigh_forced_gc). */
  #makeRoom(candidates: Iterable<Neighbour>): boolean {
    for (const candidate of candidates) {
      if ((candidate.state & 0xc0) !== 0 || candidate.waiting.length > 0) continue;
      this.remove(candidate);
      return true;
    }
    return false;
  }
}

function key4(device: number, address: number): number {
  return device * 0x100000000 + (address >>> 0);
}

function key6(device: number, bytes: Uint8Array, at: number): number {
  let hash = device;
  for (let i = 0; i < 16; i++) hash = (Math.imul(hash, 31) + bytes[at + i]!) | 0;
  return hash;
}

function same(address: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 16; i++) if (address[i] !== bytes[at + i]) return false;
  return true;
}
