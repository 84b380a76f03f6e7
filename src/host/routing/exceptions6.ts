import type { Timers } from '../../netfilter/timers.ts';

export interface Exception6 {
  readonly destination: Uint8Array;
  mtu: number;
  gateway: Uint8Array | undefined;
  expires: number;
}

/** Most destinations remembered. */
const MOST = 8192;

/** Path MTUs and redirects that the host has learned, by destination (net/ipv6/route.c rt6_insert_exception). */
export class Exceptions6 {
  readonly #timers: Timers;
  readonly #known = new Map<number, Exception6[]>();
  #count = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  find(bytes: Uint8Array, at: number): Exception6 | undefined {
    if (this.#count === 0) return undefined;
    for (const candidate of this.#known.get(hash(bytes, at)) ?? []) {
      if (!same(candidate.destination, bytes, at)) continue;
      if (candidate.mtu !== 0 && candidate.expires <= this.#timers.now) candidate.mtu = 0;
      return candidate.mtu !== 0 || candidate.gateway ? candidate : undefined;
    }
    return undefined;
  }

  /** `seconds`: how long it holds (net.ipv6.route.mtu_expires). */
  learnMtu(destination: Uint8Array, mtu: number, seconds: number): void {
    const entry = this.#entry(destination);
    entry.mtu = mtu;
    entry.expires = this.#timers.now + seconds * 1e6;
  }

  learnGateway(destination: Uint8Array, gateway: Uint8Array): void {
    this.#entry(destination).gateway = gateway;
  }

  flush(): void {
    this.#known.clear();
    this.#count = 0;
  }

  #entry(destination: Uint8Array): Exception6 {
    const key = hash(destination, 0);
    const there = this.#known.get(key) ?? [];
    const found = there.find((candidate) => same(candidate.destination, destination, 0));
    if (found) return found;
    if (this.#count >= MOST) this.flush();
    const made: Exception6 = { destination: destination.slice(), mtu: 0, gateway: undefined, expires: 0 };
    this.#known.set(key, [...there, made]);
    this.#count++;
    return made;
  }
}

function hash(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 16; i++) value = (Math.imul(value, 31) + bytes[at + i]!) | 0;
  return value;
}

function same(address: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 16; i++) if (address[i] !== bytes[at + i]) return false;
  return true;
}
