import type { Timers } from '../../netfilter/timers.ts';

/** What the host has learned about the way to one destination (struct fib_nh_exception). */
export interface Exception4 {
  /** Path MTU, 0 if none was learned. */
  mtu: number;
  /** The path MTU was below what a path is taken to carry: it also holds for what is forwarded. */
  locked: boolean;
  /** Gateway from a redirect, 0 if none. */
  gateway: number;
  /** Microseconds of the host's clock at which the path MTU is forgotten. */
  expires: number;
}

/** Most destinations remembered; beyond it the oldest goes (the kernel bounds its hash of exceptions in the same way). */
const MOST = 2048 * 5;

/** Path MTUs and redirects, by destination (net/ipv4/route.c update_or_create_fnhe). */
export class Exceptions4 {
  readonly #timers: Timers;
  readonly #known = new Map<number, Exception4>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  find(destination: number): Exception4 | undefined {
    if (this.#known.size === 0) return undefined;
    const found = this.#known.get(destination);
    if (!found) return undefined;
    if (found.mtu !== 0 && found.expires <= this.#timers.now) {
      found.mtu = 0;
      found.locked = false;
      if (found.gateway === 0) this.#known.delete(destination);
    }
    return found.mtu !== 0 || found.gateway !== 0 ? found : undefined;
  }

  /** `seconds`: how long it holds (net.ipv4.route.mtu_expires). */
  learnMtu(destination: number, mtu: number, seconds: number, locked = false): void {
    const entry = this.#entry(destination);
    entry.mtu = mtu;
    entry.locked = locked;
    entry.expires = this.#timers.now + seconds * 1e6;
  }

  learnGateway(destination: number, gateway: number): void {
    this.#entry(destination).gateway = gateway;
  }

  flush(): void {
    this.#known.clear();
  }

  #entry(destination: number): Exception4 {
    let entry = this.#known.get(destination);
    if (!entry) {
      if (this.#known.size >= MOST) this.#known.delete(this.#known.keys().next().value!);
      entry = { mtu: 0, locked: false, gateway: 0, expires: 0 };
      this.#known.set(destination, entry);
    }
    return entry;
  }
}
