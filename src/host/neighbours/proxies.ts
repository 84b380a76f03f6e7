import { sameBytes } from '../../wire/bytes.ts';

/** An address that the host answers for on an interface; one of interface 0 holds for all. */
export interface Proxy {
  readonly device: number;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly router: boolean;
}

/** What `ip neigh add proxy` adds (net/core/neighbour.c pneigh_lookup). */
export class Proxies {
  #list: readonly Proxy[] = [];

  list(): readonly Proxy[] {
    return this.#list;
  }

  /** The entry of an address of 4 or 16 bytes at `at`. */
  find(device: number, bytes: Uint8Array, at: number, length: 4 | 16): Proxy | undefined {
    return this.#list.find(
      (proxy) =>
        (proxy.device === device || proxy.device === 0) &&
        proxy.address.length === length &&
        sameBytes(proxy.address, 0, bytes, at, length),
    );
  }

  add(device: number, address: Uint8Array, router: boolean): void {
    this.remove(device, address);
    this.#list = [...this.#list, { device, address: address.slice(), router }];
  }

  /** False if there was none. */
  remove(device: number, address: Uint8Array): boolean {
    const left = this.#list.filter(
      (proxy) =>
        proxy.device !== device ||
        proxy.address.length !== address.length ||
        !sameBytes(proxy.address, 0, address, 0, address.length),
    );
    const removed = left.length < this.#list.length;
    this.#list = left;
    return removed;
  }
}
