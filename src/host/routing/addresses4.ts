import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Interface } from '../interface.ts';
import type { InterfaceTable } from '../interfaces.ts';
import { FibResult4, network } from './fib4.ts';
import { type FibEntry4, Flow4, type NextHop4, SCOPE, TABLE } from './route4.ts';
import { isLimitedBroadcast, isMulticast4, isZeronet } from './special4.ts';
import type { Tables4 } from './tables4.ts';

/** Questions about addresses: whose they are, of what kind, and which to send from (net/ipv4/devinet.c, fib_frontend.c). */
export class Addresses4 {
  readonly #interfaces: InterfaceTable;
  readonly #tables: Tables4;
  readonly #flow = new Flow4();
  readonly #result = new FibResult4();

  constructor(interfaces: InterfaceTable, tables: Tables4) {
    this.#interfaces = interfaces;
    this.#tables = tables;
  }

  /** The source that a route gives to packets of the host's own (fib_result_prefsrc). */
  preferredSource(entry: FibEntry4, hop: NextHop4): number {
    return entry.source !== 0 ? entry.source : this.sourceAddress(hop.device, hop.gateway, entry.scope);
  }

  /** An address of the interface for talking to `destination` (0: anyone) in a scope (inet_select_addr); 0 if there is none. */
  sourceAddress(device: number, destination: number, scope: number): number {
    const interfaces = this.#interfaces;
    const own = interfaces.byIndex(device);
    let first = 0;
    if (own) {
      const localnet: number = own.routeLocalnet ? SCOPE.LINK : SCOPE.HOST;
      for (const { address, peer, prefixLength, scope: wide, secondary } of own.addresses4) {
        if (secondary || Math.min(wide, localnet) > scope) continue;
        if (destination === 0 || network(peer ^ destination, prefixLength) === 0) return address;
        if (first === 0) first = address;
      }
      if (first !== 0) return first;
    }
    for (const other of interfaces.list()) {
      for (const { address, scope: wide, secondary } of other.addresses4) {
        if (!secondary && wide !== SCOPE.LINK && wide <= scope) return address;
      }
    }
    return 0;
  }

  /** The interface that has this address; undefined if none has (__ip_dev_find). */
  deviceOf(address: number): Interface | undefined {
    for (const device of this.#interfaces.list()) {
      for (const own of device.addresses4) if (own.address === address) return device;
    }
    // A local route that covers it, such as 127.0.0.0/8.
    const flow = this.#flow.reset();
    flow.destination = address;
    const found = this.#tables.table(TABLE.LOCAL).lookup(flow, this.#result);
    if (found === 0 && this.#result.entry!.type === ROUTE_TYPE.LOCAL) {
      return this.#interfaces.byIndex(this.#result.hop!.device);
    }
    return undefined;
  }

  isOwnAddress(address: number): boolean {
    return this.deviceOf(address) !== undefined;
  }

  /**
   * ROUTE_TYPE of an address as the table `local` sees it, of one interface if `device` is not 0
   * (__inet_dev_addr_type).
   */
  addressType(address: number, device = 0): number {
    if (isZeronet(address) || isLimitedBroadcast(address)) return ROUTE_TYPE.BROADCAST;
    if (isMulticast4(address)) return ROUTE_TYPE.MULTICAST;
    const flow = this.#flow.reset();
    flow.destination = address;
    const result = this.#result;
    const found = this.#tables.table(TABLE.LOCAL).lookup(flow, result);
    if (found === 0 && (device === 0 || result.hop!.device === device)) return result.entry!.type;
    return ROUTE_TYPE.UNICAST;
  }
}
