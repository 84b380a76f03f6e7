import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { samePrefix6 } from '../../wire/address.ts';
import type { Address6, Interface } from '../interface.ts';
import { network6 } from './fib6.ts';
import { PROTOCOL, TABLE } from './route4.ts';
import type { Tables6 } from './tables6.ts';

/** Metric of the routes that addresses make (IP6_RT_PRIO_ADDRCONF). */
const ADDRESS_METRIC = 256;
const ANY = new Uint8Array(16);

/** The routes that the kernel makes and takes away as addresses and interfaces come and go (net/ipv6/addrconf.c). */
export class KernelRoutes6 {
  readonly #tables: Tables6;

  constructor(tables: Tables6) {
    this.#tables = tables;
  }

  /** inet6_addr_add: the address itself, the route to its network, and the anycast address of routers. */
  addressAdded(device: Interface, { bytes, prefixLength }: Address6): void {
    if (!device.up) return;
    this.#kernelRoute(TABLE.LOCAL, ROUTE_TYPE.LOCAL, bytes, 128, device.index, 0);
    if (device.loopback || prefixLength === 128) {
      if (!device.loopback)
        this.#kernelRoute(TABLE.MAIN, ROUTE_TYPE.UNICAST, bytes, 128, device.index, ADDRESS_METRIC);
      return;
    }
    const prefix = network6(bytes, prefixLength);
    this.#kernelRoute(TABLE.MAIN, ROUTE_TYPE.UNICAST, prefix, prefixLength, device.index, ADDRESS_METRIC);
    if (prefixLength < 127) this.#kernelRoute(TABLE.LOCAL, ROUTE_TYPE.ANYCAST, prefix, 128, device.index, 0);
  }

  addressRemoved(device: Interface, removed: Address6): void {
    for (const table of this.#tables.tables()) {
      for (const entry of table.list()) {
        if (entry.protocol !== PROTOCOL.KERNEL || entry.nextHops[0]?.device !== device.index) continue;
        const itself = entry.prefixLength === 128 && samePrefix6(entry.destination, 0, removed.bytes, 0, 128);
        const prefix = network6(removed.bytes, removed.prefixLength);
        const its =
          samePrefix6(entry.destination, 0, prefix, 0, 128) &&
          (entry.prefixLength === removed.prefixLength || entry.type === ROUTE_TYPE.ANYCAST);
        if ((itself || its) && entry.type !== ROUTE_TYPE.MULTICAST) table.remove(entry);
      }
    }
    for (const left of device.addresses6) this.addressAdded(device, left);
  }

  deviceUp(device: Interface): void {
    // Every interface has the route to all multicast addresses (addrconf_add_mroute), lo has not.
    if (!device.loopback) {
      const multicast = new Uint8Array(16);
      multicast[0] = 0xff;
      this.#kernelRoute(TABLE.LOCAL, ROUTE_TYPE.MULTICAST, multicast, 8, device.index, ADDRESS_METRIC);
    }
    for (const address of device.addresses6) this.addressAdded(device, address);
  }

  deviceDown(device: Interface): void {
    for (const table of this.#tables.tables()) {
      for (const entry of table.list()) {
        if (!entry.nextHops.some((hop) => hop.device === device.index)) continue;
        const left = entry.nextHops.filter((hop) => hop.device !== device.index);
        if (left.length === 0) table.remove(entry);
        else {
          entry.nextHops = left;
          entry.made = new Map();
        }
      }
    }
  }

  #kernelRoute(
    table: number,
    type: number,
    destination: Uint8Array,
    prefixLength: number,
    device: number,
    metric: number,
  ): void {
    const exists = this.#tables
      .table(table)
      .at(destination, prefixLength)
      .some((entry) => entry.type === type && entry.nextHops[0]?.device === device);
    if (exists) return;
    this.#tables.insert({
      table,
      destination: network6(destination, prefixLength),
      prefixLength,
      from: ANY,
      fromLength: 0,
      metric,
      type,
      protocol: PROTOCOL.KERNEL,
      source: undefined,
      metrics: {},
      mtuLocked: false,
      preference: 0,
      nextHops: [{ device, gateway: undefined, weight: 1, onlink: false, dead: false }],
      made: new Map(),
    });
  }
}
