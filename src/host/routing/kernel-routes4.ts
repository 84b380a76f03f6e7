import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Address4, Interface } from '../interface.ts';
import type { InterfaceTable } from '../interfaces.ts';
import { network } from './fib4.ts';
import { type FibEntry4, PROTOCOL, SCOPE, TABLE } from './route4.ts';
import { isZeronet } from './special4.ts';
import type { Tables4 } from './tables4.ts';

/** The routes that the kernel makes and takes away as addresses and interfaces come and go (net/ipv4/fib_frontend.c). */
export class KernelRoutes4 {
  readonly #interfaces: InterfaceTable;
  readonly #tables: Tables4;

  constructor(interfaces: InterfaceTable, tables: Tables4) {
    this.#interfaces = interfaces;
    this.#tables = tables;
  }

  /** fib_add_ifaddr */
  addressAdded(device: Interface, added: Address4): void {
    const { address, prefixLength, peer, broadcast } = added;
    const prefix = network(peer, prefixLength);
    const { index } = device;
    const primary = this.#primary(device, added);
    this.#kernelRoute(TABLE.LOCAL, ROUTE_TYPE.LOCAL, address, 32, index, primary);
    if (!device.up) return;
    if (broadcast !== 0 && broadcast !== -1) {
      this.#kernelRoute(
        TABLE.LOCAL,
        ROUTE_TYPE.BROADCAST,
        broadcast,
        32,
        index,
        this.#primary(device, added),
      );
    }
    if (isZeronet(prefix) || added.secondary || (prefix === address && prefixLength === 32)) return;
    if (device.loopback)
      this.#kernelRoute(TABLE.LOCAL, ROUTE_TYPE.LOCAL, prefix, prefixLength, index, address);
    else this.#kernelRoute(TABLE.MAIN, ROUTE_TYPE.UNICAST, prefix, prefixLength, index, address);
    if (prefixLength < 31) {
      const last = prefix | ~(prefixLength === 0 ? 0 : -1 << (32 - prefixLength));
      this.#kernelRoute(TABLE.LOCAL, ROUTE_TYPE.BROADCAST, last, 32, index, address);
    }
  }

  #primary(device: Interface, added: Address4): number {
    if (!added.secondary) return added.address;
    const first = device.addresses4.find(
      (other) =>
        !other.secondary &&
        other.prefixLength === added.prefixLength &&
        network(other.peer ^ added.peer, added.prefixLength) === 0,
    );
    return first?.address ?? added.address;
  }

  /** Takes out what the address had put in, and routes that prefer it as source (fib_del_ifaddr, fib_sync_down_addr). */
  addressRemoved(device: Interface, removed: Address4): void {
    for (const table of this.#tables.tables()) {
      for (const entry of table.list()) {
        const made = entry.protocol === PROTOCOL.KERNEL && entry.nextHops[0]?.device === device.index;
        const sourced = entry.source === removed.address && !this.#hasAddress(removed.address);
        if (
          sourced ||
          (made &&
            entry.destination === removed.address &&
            entry.type === ROUTE_TYPE.LOCAL &&
            !this.#hasAddress(removed.address))
        ) {
          this.#tables.remove(entry);
        }
      }
    }
    // With its last address an interface loses IPv4, and all routes that lead there (fib_disable_ip).
    if (device.addresses4.length === 0) this.deviceDown(device);
    // What the other addresses of the interface still ask for is put back where it went with this one.
    for (const left of device.addresses4) this.addressAdded(device, left);
  }

  #hasAddress(address: number): boolean {
    return this.#interfaces.list().some((device) => device.addresses4.some((own) => own.address === address));
  }

  deviceUp(device: Interface): void {
    for (const address of device.addresses4) this.addressAdded(device, address);
    for (const entry of this.#all()) {
      for (const hop of entry.nextHops) if (hop.device === device.index) hop.dead = false;
    }
  }

  /** Routes that lead only to an interface that went down are gone (fib_sync_down_dev). */
  deviceDown(device: Interface): void {
    for (const entry of this.#all()) {
      if (!entry.nextHops.some((hop) => hop.device === device.index)) continue;
      if (entry.type === ROUTE_TYPE.LOCAL && entry.protocol === PROTOCOL.KERNEL && entry.prefixLength === 32)
        continue;
      for (const hop of entry.nextHops) if (hop.device === device.index) hop.dead = true;
      if (entry.nextHops.every((hop) => hop.dead)) this.#tables.remove(entry);
    }
  }

  #all(): FibEntry4[] {
    return this.#tables.tables().flatMap((table) => table.list());
  }

  /** fib_magic */
  #kernelRoute(
    table: number,
    type: number,
    destination: number,
    prefixLength: number,
    device: number,
    source: number,
  ): void {
    const exists = this.#tables
      .table(table)
      .at(destination, prefixLength)
      .some(
        (entry) => entry.type === type && entry.source === source && entry.nextHops[0]?.device === device,
      );
    if (exists) return;
    this.#tables.table(table).insert(
      {
        table,
        destination,
        prefixLength,
        tos: 0,
        priority: 0,
        type,
        scope: type === ROUTE_TYPE.LOCAL ? SCOPE.HOST : SCOPE.LINK,
        protocol: PROTOCOL.KERNEL,
        source,
        realm: 0,
        metrics: {},
        mtuLocked: false,
        nextHops: [
          {
            device,
            gateway: 0,
            weight: 1,
            onlink: false,
            realm: 0,
            scope: type === ROUTE_TYPE.LOCAL ? SCOPE.NOWHERE : SCOPE.HOST,
            dead: false,
          },
        ],
        made: new Map(),
      },
      true,
    );
  }
}
