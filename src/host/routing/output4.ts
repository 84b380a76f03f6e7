import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import type { Addresses4 } from './addresses4.ts';
import type { Exceptions4 } from './exceptions4.ts';
import { FibResult4 } from './fib4.ts';
import type { RouteMaker4 } from './made4.ts';
import type { MultipathHash } from './multipath.ts';
import { type FibEntry4, type Flow4, type NextHop4, type Route4, SCOPE } from './route4.ts';
import { isLimitedBroadcast, isLoopback4, isMulticast4, isZeronet } from './special4.ts';
import type { Tables4 } from './tables4.ts';

const EINVAL = -22;
const ENODEV = -19;
const ENETUNREACH = -101;
const LOOPBACK_INDEX = 1;
const LOOPBACK_ADDRESS = (127 << 24) | 1;

/** Where the host's own packets go, and from which address (net/ipv4/route.c ip_route_output_key_hash_rcu). */
export class OutputRouting4 {
  readonly #host: Host;
  readonly #tables: Tables4;
  readonly #addresses: Addresses4;
  readonly #exceptions: Exceptions4;
  readonly #make: RouteMaker4;
  readonly #hash: MultipathHash;
  readonly #result = new FibResult4();

  constructor(
    host: Host,
    tables: Tables4,
    addresses: Addresses4,
    exceptions: Exceptions4,
    make: RouteMaker4,
    hash: MultipathHash,
  ) {
    this.#host = host;
    this.#tables = tables;
    this.#addresses = addresses;
    this.#exceptions = exceptions;
    this.#make = make;
    this.#hash = hash;
  }

  /**
   * The route of a packet of the host's own (ip_route_output_key_hash_rcu), or a negative error number. Fills in
   * `flow.source` and `flow.destination` where they are 0.
   */
  output(flow: Flow4): Route4 | number {
    const { interfaces } = this.#host;
    let device: Interface | undefined;
    if (flow.source !== 0) {
      if (isMulticast4(flow.source) || isLimitedBroadcast(flow.source) || isZeronet(flow.source))
        return EINVAL;
      if (flow.outDevice === 0 && (isMulticast4(flow.destination) || isLimitedBroadcast(flow.destination))) {
        device = this.#addresses.deviceOf(flow.source);
        if (!device) return EINVAL;
        flow.outDevice = device.index;
        return this.#make4(flow, undefined, device, 0);
      }
      if (!flow.anySource && !this.#addresses.isOwnAddress(flow.source)) return EINVAL;
    }
    if (flow.outDevice !== 0) {
      device = interfaces.byIndex(flow.outDevice);
      if (!device) return ENODEV;
      if (!device.up) return ENETUNREACH;
      const localMulticast = (flow.destination & 0xffffff00) === 224 << 24;
      if (localMulticast || isLimitedBroadcast(flow.destination) || flow.protocol === 2) {
        if (flow.source === 0) flow.source = this.#addresses.sourceAddress(device.index, 0, SCOPE.LINK);
        return this.#make4(flow, undefined, device, 0);
      }
      if (flow.source === 0) {
        if (isMulticast4(flow.destination))
          flow.source = this.#addresses.sourceAddress(device.index, 0, flow.scope);
        else if (flow.destination === 0)
          flow.source = this.#addresses.sourceAddress(device.index, 0, SCOPE.HOST);
      }
    }
    if (flow.destination === 0) {
      flow.destination = flow.source;
      if (flow.destination === 0) {
        flow.destination = LOOPBACK_ADDRESS;
        flow.source = LOOPBACK_ADDRESS;
      }
      flow.outDevice = LOOPBACK_INDEX;
      return this.#make.ownLoopback();
    }
    const result = this.#result;
    const error = this.#tables.lookup(flow, result);
    if (error !== 0) {
      if (!device) return error;
      // A device was asked for: the destination is taken to be on its link.
      if (flow.source === 0) flow.source = this.#addresses.sourceAddress(device.index, 0, SCOPE.LINK);
      return this.#make4(flow, undefined, device, result.ruleRealm);
    }
    const entry = result.entry!;
    if (entry.type === ROUTE_TYPE.LOCAL) {
      if (flow.source === 0) flow.source = entry.source !== 0 ? entry.source : flow.destination;
      flow.outDevice = LOOPBACK_INDEX;
      return (
        this.#checkLoopback(flow, interfaces.byIndex(LOOPBACK_INDEX)!) ||
        this.#make.localOutput(entry, result.ruleRealm)
      );
    }
    let index = result.hopIndex;
    if (entry.nextHops.length > 1 && flow.outDevice === 0)
      index = this.#hash.choose(entry.nextHops, undefined, flow);
    const hop = entry.nextHops[index]!;
    if (flow.source === 0) flow.source = this.#addresses.preferredSource(entry, hop);
    flow.outDevice = hop.device;
    const out = interfaces.byIndex(hop.device);
    return out ? this.#make4(flow, entry, out, result.ruleRealm, hop, index) : ENODEV;
  }

  #checkLoopback(flow: Flow4, device: Interface): number {
    return isLoopback4(flow.source) && !device.loopback && !device.routeLocalnet ? EINVAL : 0;
  }

  /** __mkroute_output */
  #make4(
    flow: Flow4,
    entry: FibEntry4 | undefined,
    device: Interface,
    ruleRealm: number,
    hop?: NextHop4,
    index = 0,
  ): Route4 | number {
    const error = this.#checkLoopback(flow, device);
    if (error) return error;
    const { destination } = flow;
    if (isLimitedBroadcast(destination) || entry?.type === ROUTE_TYPE.BROADCAST) {
      return this.#make.broadcast(0, device.index, ruleRealm);
    }
    if (isMulticast4(destination))
      return this.#make.multicast(device.index, device.groups4.has(destination), 1, ruleRealm, entry, hop);
    if (isZeronet(destination)) return EINVAL;
    if (!entry || !hop) return this.#make.onLink(device.index, ruleRealm);
    return this.#make.onward('output', entry, hop, index, this.#exceptions.find(destination), ruleRealm, 0);
  }
}
