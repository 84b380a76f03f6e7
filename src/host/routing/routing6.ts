import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import type { Address6, Interface } from '../interface.ts';
import { Exceptions6 } from './exceptions6.ts';
import { Fib6, network6 } from './fib6.ts';
import { MadeRoute6 } from './made6.ts';
import { choose6 } from './multipath6.ts';
import { PROTOCOL, TABLE } from './route4.ts';
import { type FibEntry6, Flow6, type NextHop6, type Route6 } from './route6.ts';
import { type PolicyRule, PolicyRules } from './rules.ts';
import { chooseSource6 } from './source6.ts';

export { Flow6, type Route6 } from './route6.ts';

const ENETUNREACH = -101;
const EAGAIN = -11;
const EADDRNOTAVAIL = -99;
/** Metric of the routes that addresses make (IP6_RT_PRIO_ADDRCONF). */
const ADDRESS_METRIC = 256;
const ANY = new Uint8Array(16);

/** IPv6 routing: tables, rules, and the questions that the path asks (net/ipv6/route.c, ip6_fib.c). */
export class Routing6 {
  readonly rules: PolicyRules;
  readonly exceptions: Exceptions6;
  readonly #host: Host;
  readonly #tables = new Map<number, Fib6>();
  readonly #unreachable: Route6;
  readonly #links = new Map<number, Route6>();
  readonly #source = new Int32Array(4);
  readonly #destination = new Int32Array(4);
  readonly #flow = new Flow6();
  #found: FibEntry6 | undefined = undefined;
  #hop: NextHop6 | undefined = undefined;

  constructor(host: Host) {
    this.#host = host;
    this.rules = new PolicyRules(4, (index) => host.interfaces.nameOf(index));
    this.exceptions = new Exceptions6(host.timers);
    this.#unreachable = new MadeRoute6(host, undefined, undefined, 'unreachable', ENETUNREACH, undefined);
  }

  table(id: number): Fib6 {
    let table = this.#tables.get(id);
    if (!table) {
      table = new Fib6(id);
      this.#tables.set(id, table);
    }
    return table;
  }

  tables(): readonly Fib6[] {
    return [...this.#tables.values()].sort((a, b) => a.id - b.id);
  }

  insert(entry: FibEntry6): void {
    this.table(entry.table).insert(entry);
  }

  remove(entry: FibEntry6): void {
    this.#tables.get(entry.table)?.remove(entry);
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
    if (!isAny(flow.source)) return route.error !== 0 ? route.error : route;
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
    const strict = flow.outDevice !== 0 && (needsInterface(flow.destination) || isAny(flow.source));
    return this.#route(flow, flow.outDevice, strict);
  }

  /** A look-up that answers with the best route for a destination (rt6_lookup). */
  lookup(flow: Flow6): Route6 {
    return this.lookupOutput(flow);
  }

  #route(flow: Flow6, device: number, strict: boolean): Route6 {
    const error = this.#find(flow, device, strict);
    const entry = this.#found;
    if (error !== 0 && !entry) return error === ENETUNREACH ? this.#unreachable : this.#refused(error);
    if (!entry) return this.#unreachable;
    const exception = this.exceptions.find(flow.destination, 0);
    return this.#made(entry, this.#hop, exception?.mtu ?? 0, exception?.gateway);
  }

  #refused(error: number): Route6 {
    const kind = error === -13 ? 'prohibit' : error === -22 ? 'blackhole' : 'unreachable';
    return new MadeRoute6(this.#host, undefined, undefined, kind, error, undefined);
  }

  /** fib6_rule_lookup: leaves what it found in #found and #hop. */
  #find(flow: Flow6, device: number, strict: boolean): number {
    this.#found = undefined;
    this.#hop = undefined;
    if (!this.rules.custom) {
      if (this.#ask(TABLE.LOCAL, flow, device, strict) || this.#ask(TABLE.MAIN, flow, device, strict))
        return 0;
      return ENETUNREACH;
    }
    words(flow.source, this.#source);
    words(flow.destination, this.#destination);
    const answer = this.rules.lookup(flow, this.#source, this.#destination, (rule: PolicyRule) => {
      if (!this.#ask(rule.table, flow, device, strict)) return EAGAIN;
      if (rule.suppressPrefixLength >= 0 && this.#found!.prefixLength <= rule.suppressPrefixLength) {
        this.#found = undefined;
        return EAGAIN;
      }
      return 0;
    });
    return answer === -3 ? ENETUNREACH : answer;
  }

  /** fib6_table_lookup: the best of the routes of the longest prefix that has one that can be used. */
  #ask(table: number, flow: Flow6, device: number, strict: boolean): boolean {
    const fib = this.#tables.get(table);
    if (!fib) return false;
    let best: FibEntry6 | undefined;
    let bestHop: NextHop6 | undefined;
    let bestScore = -1;
    let ended = false;
    fib.walk(flow.destination, 0, (entry) => {
      if (best && (entry.prefixLength !== best.prefixLength || entry.metric !== best.metric)) return true;
      if (entry.type === ROUTE_TYPE.THROW) {
        ended = best === undefined;
        return true;
      }
      if (entry.fromLength > 0 && !sameBits(entry.from, flow.source, entry.fromLength)) return false;
      if (entry.nextHops.length === 0) {
        if (!best) best = entry;
        return false;
      }
      if (
        entry.type === ROUTE_TYPE.ANYCAST &&
        !this.#host.interfaces.byIndex(entry.nextHops[0]!.device)?.forwarding6
      ) {
        return false;
      }
      for (const hop of entry.nextHops) {
        if (hop.dead) continue;
        const fits = device !== 0 && hop.device === device;
        if (!fits && strict && device !== 0) continue;
        const score = fits ? 2 : 0;
        if (score > bestScore) {
          best = entry;
          bestHop = hop;
          bestScore = score;
        }
      }
      return false;
    });
    if (ended || !best) return false;
    if (best.nextHops.length > 1 && !(strict && device !== 0)) {
      bestHop = choose6(this.#host, best.nextHops, flow);
    }
    this.#found = best;
    this.#hop = bestHop;
    return true;
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
    if (isAny(address)) return ROUTE_TYPE.UNSPEC;
    if (address[0] === 0xff) return ROUTE_TYPE.MULTICAST;
    if (device !== 0) {
      const own = this.#host.interfaces
        .byIndex(device)
        ?.addresses6.some((mine) => sameBits(mine.bytes, address, 128));
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
      !sameBits(route.gateway, from, 128)
    ) {
      return false;
    }
    this.exceptions.learnGateway(
      flow.destination,
      onLink ? flow.destination : bytes.slice(target, target + 16),
    );
    return true;
  }

  // -- what addresses and interfaces do to the tables ------------------------------------------------------

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
    for (const table of this.tables()) {
      for (const entry of table.list()) {
        if (entry.protocol !== PROTOCOL.KERNEL || entry.nextHops[0]?.device !== device.index) continue;
        const itself = entry.prefixLength === 128 && sameBits(entry.destination, removed.bytes, 128);
        const prefix = network6(removed.bytes, removed.prefixLength);
        const its =
          sameBits(entry.destination, prefix, 128) &&
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
    for (const table of this.tables()) {
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
    const exists = this.table(table)
      .at(destination, prefixLength)
      .some((entry) => entry.type === type && entry.nextHops[0]?.device === device);
    if (exists) return;
    this.insert({
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

/** Addresses that mean something only together with an interface (rt6_need_strict). */
export function needsInterface(address: Uint8Array): boolean {
  if (address[0] === 0xff) return true;
  if (address[0] === 0xfe && (address[1]! & 0xc0) === 0x80) return true;
  return address[15] === 1 && isZero(address, 15);
}

function isZero(address: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (address[i] !== 0) return false;
  return true;
}

function isAny(address: Uint8Array): boolean {
  return isZero(address, 16);
}

function sameBits(a: Uint8Array, b: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = length & 7;
  return rest === 0 || ((a[whole]! ^ b[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

function words(address: Uint8Array, out: Int32Array): void {
  for (let i = 0; i < 4; i++) {
    const at = i * 4;
    out[i] = (address[at]! << 24) | (address[at + 1]! << 16) | (address[at + 2]! << 8) | address[at + 3]!;
  }
}
