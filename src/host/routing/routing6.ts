import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { isLoopback6, isUnspecified6 } from '../../wire/address.ts';
import { sameBytes } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import type { Address6, Interface } from '../interface.ts';
import { Exceptions6 } from './exceptions6.ts';
import type { Fib6 } from './fib6.ts';
import { KernelRoutes6 } from './kernel-routes6.ts';
import { MadeRoute6 } from './made6.ts';
import { type FibEntry6, Flow6, type NextHop6, type Route6 } from './route6.ts';
import type { PolicyRules } from './rules.ts';
import { chooseSource6 } from './source6.ts';
import { Tables6 } from './tables6.ts';

export { Flow6, type Route6 } from './route6.ts';

const ENETUNREACH = -101;
const EADDRNOTAVAIL = -99;

/** IPv6 routing: tables, rules, and the questions that the path asks (net/ipv6/route.c, ip6_fib.c). */
export class Routing6 {
  readonly exceptions: Exceptions6;
  readonly #host: Host;
  readonly #tables: Tables6;
  readonly #kernel: KernelRoutes6;
  readonly #unreachable: Route6;
  readonly #links = new Map<number, Route6>();
  readonly #flow = new Flow6();

  constructor(host: Host) {
    this.#host = host;
    this.#tables = new Tables6(host);
    this.#kernel = new KernelRoutes6(this.#tables);
    this.exceptions = new Exceptions6(host.timers);
    this.#unreachable = new MadeRoute6(host, undefined, undefined, 'unreachable', ENETUNREACH, undefined);
  }

  get rules(): PolicyRules {
    return this.#tables.rules;
  }

  /** See {@link Tables6.generation}. */
  get generation(): number {
    return this.#tables.generation;
  }

  /** A table, made if it is not there yet. */
  table(id: number): Fib6 {
    return this.#tables.table(id);
  }

  /** Tables that exist, by number. */
  tables(): readonly Fib6[] {
    return this.#tables.tables();
  }

  insert(entry: FibEntry6): void {
    this.#tables.insert(entry);
  }

  remove(entry: FibEntry6): void {
    this.#tables.remove(entry);
  }

  /** The route of a packet that came in (ip6_route_input). Sets `packet.route`. */
  input(packet: Packet): Route6 {
    const { bytes, network } = packet;
    const flow = this.#flow.reset();
    flow.destination.set(bytes.subarray(network + 24, network + 40));
    flow.source.set(bytes.subarray(network + 8, network + 24));
    flow.mark = packet.mark;
    flow.inDevice = packet.inDevice;
    flow.flowLabel =
      ((bytes[network]! & 15) << 24) |
      (bytes[network + 1]! << 16) |
      (bytes[network + 2]! << 8) |
      bytes[network + 3]!;
    flow.protocol = bytes[network + 6]!;
    const strict = needsInterface(flow.destination);
    const route = this.#route(flow, packet.inDevice, strict);
    packet.route = route;
    this.#host.observer?.route?.(packet, route, route.why);
    return route;
  }

  /**
   * The route of a packet of the host's own, with its source address chosen if `flow.source` is `::`
   * (ip6_dst_lookup_tail), or a negative error number.
   */
  output(flow: Flow6): Route6 | number {
    const route = this.lookupOutput(flow);
    if (!isUnspecified6(flow.source)) return route.error !== 0 ? route.error : route;
    const device = this.#host.interfaces.byIndex(route.entry ? route.device : 0);
    const chosen = route.source ?? chooseSource6(this.#host.interfaces.list(), device, flow.destination);
    if (!chosen) return EADDRNOTAVAIL;
    flow.source.set(chosen);
    // With a source chosen, an interface that was asked for must be the way out.
    const again = this.#route(flow, flow.outDevice, flow.outDevice !== 0);
    return again.error !== 0 ? again.error : again;
  }

  /** The same without choosing a source; a route that leads nowhere has its `error` (ip6_route_output). */
  lookupOutput(flow: Flow6): Route6 {
    const strict = flow.outDevice !== 0 && (needsInterface(flow.destination) || isUnspecified6(flow.source));
    return this.#route(flow, flow.outDevice, strict);
  }

  /** A look-up that answers with the best route for a destination (rt6_lookup). */
  lookup(flow: Flow6): Route6 {
    return this.lookupOutput(flow);
  }

  /**
   * A route by `flow.outDevice`, whatever its metric; if there is none the first one, or none at all if `strict`
   * (net/ipv6/route.c ip6_route_lookup, rt6_device_match).
   */
  matchDevice(flow: Flow6, strict: boolean): Route6 {
    return this.#answer(flow, this.#tables.matchDevice(flow, strict));
  }

  #route(flow: Flow6, device: number, strict: boolean): Route6 {
    return this.#answer(flow, this.#tables.find(flow, device, strict));
  }

  /** The route that the tables have found, or the error that they answered. */
  #answer(flow: Flow6, error: number): Route6 {
    const entry = this.#tables.found;
    if (error !== 0 && !entry) return error === ENETUNREACH ? this.#unreachable : this.#refused(error);
    if (!entry) return this.#unreachable;
    const exception = this.exceptions.find(flow.destination, 0);
    return this.#made(entry, this.#tables.hop, exception?.mtu ?? 0, exception?.gateway);
  }

  #refused(error: number): Route6 {
    const kind = error === -13 ? 'prohibit' : error === -22 ? 'blackhole' : 'unreachable';
    return new MadeRoute6(this.#host, undefined, undefined, kind, error, undefined);
  }

  #made(
    entry: FibEntry6,
    hop: NextHop6 | undefined,
    learnedMtu: number,
    gateway: Uint8Array | undefined,
  ): Route6 {
    if (learnedMtu !== 0 || gateway) return MadeRoute6.of(this.#host, entry, hop, learnedMtu, gateway);
    const key = hop ? entry.nextHops.indexOf(hop) : -1;
    let route = entry.made.get(key);
    if (!route) {
      route = MadeRoute6.of(this.#host, entry, hop, 0, undefined);
      entry.made.set(key, route);
    }
    return route;
  }

  /** A way that is just the interface, for neighbour discovery (icmp6_dst_alloc). */
  onLink(device: number): Route6 {
    let route = this.#links.get(device);
    if (!route) {
      const hop: NextHop6 = { device, gateway: undefined, weight: 1, onlink: false, dead: false };
      route = new MadeRoute6(this.#host, undefined, hop, 'forward', 0, undefined);
      this.#links.set(device, route);
    }
    return route;
  }

  isAnycast(route: { readonly type: number } | undefined): boolean {
    return route?.type === ROUTE_TYPE.ANYCAST;
  }

  /** The packet came to an address of this host that is nobody else's. */
  isUnicast(route: { readonly type: number } | undefined): boolean {
    return route?.type === ROUTE_TYPE.LOCAL;
  }

  /** Source address for a destination from an interface; undefined if there is none. */
  sourceAddress(device: number, destination: Uint8Array): Uint8Array | undefined {
    return chooseSource6(this.#host.interfaces.list(), this.#host.interfaces.byIndex(device), destination);
  }

  /** Gives an error the source that a packet's interface would use, if it has one (icmp6_send). */
  sourceOfInput(flow: Flow6, device: number): void {
    const route = this.lookupOutput(flow);
    if (route.source) return;
    if (!this.#host.interfaces.byIndex(device)) return;
    const chosen = this.sourceAddress(device, flow.destination);
    if (chosen) flow.source.set(chosen);
  }

  /**
   * ROUTE_TYPE of an address as `addrtype` asks (net/netfilter/xt_addrtype.c match_lookup_rt6). LOCAL addresses are
   * unicast as well.
   */
  addressType(bytes: Uint8Array, offset: number, device: number): number {
    const address = bytes.subarray(offset, offset + 16);
    if (isUnspecified6(address)) return ROUTE_TYPE.UNSPEC;
    if (address[0] === 0xff) return ROUTE_TYPE.MULTICAST;
    if (device !== 0) {
      const own = this.#host.interfaces
        .byIndex(device)
        ?.addresses6.some((mine) => sameBytes(mine.bytes, 0, address, 0, 16));
      if (own) return ROUTE_TYPE.LOCAL;
    }
    const flow = new Flow6();
    flow.destination.set(address);
    flow.outDevice = device;
    const route = this.#route(flow, device, device !== 0);
    if (route.error !== 0) return ROUTE_TYPE.UNREACHABLE;
    if (route.type === ROUTE_TYPE.LOCAL && device !== 0) return ROUTE_TYPE.UNICAST;
    return route.type === ROUTE_TYPE.LOCAL || route.type === ROUTE_TYPE.ANYCAST
      ? route.type
      : ROUTE_TYPE.UNICAST;
  }

  /** A router says that packets to the destination of the IPv6 header at `inner` are too big (ip6_update_pmtu). */
  updateMtu(bytes: Uint8Array, inner: number, mtu: number, _device: number): void {
    const destination = bytes.slice(inner + 24, inner + 40);
    const flow = new Flow6();
    flow.destination.set(destination);
    const route = this.#route(flow, 0, false);
    // What is smaller than every link must carry is not believed (__ip6_rt_update_pmtu).
    if (route.error !== 0 || mtu < 1280 || mtu >= route.mtu) return;
    this.exceptions.learnMtu(destination, mtu, this.#host.sysctl.number('net/ipv6/route/mtu_expires') || 600);
  }

  /**
   * A router says that a better first hop leads to the destination: `target`, or the destination itself if it is
   * `onLink`. False if it is not the gateway that is in use (__ip6_route_redirect). The numbers are offsets in `bytes`.
   */
  redirect(
    device: number,
    bytes: Uint8Array,
    router: number,
    destination: number,
    target: number,
    onLink: boolean,
  ): boolean {
    const flow = new Flow6();
    flow.destination.set(bytes.subarray(destination, destination + 16));
    const route = this.#route(flow, device, false);
    const from = bytes.subarray(router, router + 16);
    if (
      route.error !== 0 ||
      route.outDevice !== device ||
      !route.gateway ||
      !sameBytes(route.gateway, 0, from, 0, 16)
    ) {
      return false;
    }
    this.exceptions.learnGateway(
      flow.destination,
      onLink ? flow.destination : bytes.slice(target, target + 16),
    );
    return true;
  }

  addressAdded(device: Interface, added: Address6): void {
    this.#kernel.addressAdded(device, added);
  }

  addressRemoved(device: Interface, removed: Address6): void {
    this.#kernel.addressRemoved(device, removed);
  }

  deviceUp(device: Interface): void {
    this.#kernel.deviceUp(device);
  }

  deviceDown(device: Interface): void {
    this.#kernel.deviceDown(device);
  }
}

/** Addresses that mean something only together with an interface (rt6_need_strict). */
export function needsInterface(address: Uint8Array): boolean {
  if (address[0] === 0xff) return true;
  if (address[0] === 0xfe && (address[1]! & 0xc0) === 0x80) return true;
  return isLoopback6(address);
}
