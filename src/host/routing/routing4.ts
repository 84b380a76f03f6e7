import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import type { Address4, Interface } from '../interfaces.ts';
import { Exceptions4 } from './exceptions4.ts';
import { Fib4, FibResult4, network } from './fib4.ts';
import { RouteMaker4 } from './made4.ts';
import { MultipathHash } from './multipath.ts';
import { type FibEntry4, Flow4, type NextHop4, PROTOCOL, type Route4, SCOPE, TABLE } from './route4.ts';
import { PolicyRules } from './rules.ts';
import { dotted, isLimitedBroadcast, isLoopback4, isMulticast4, isZeronet } from './special4.ts';

const EINVAL = -22;
const ENODEV = -19;
const ENETUNREACH = -101;
const EHOSTUNREACH = -113;
const EXDEV = -18;
const LOOPBACK_INDEX = 1;
const LOOPBACK_ADDRESS = (127 << 24) | 1 | 0;

/** What validating a source says: a negative error, or whether its sender is on the link (1) or not (0). */
type Validity = number;

/** IPv4 routing: tables, rules, and the two questions that the path asks (net/ipv4/route.c, fib_frontend.c). */
export class Routing4 {
  readonly rules: PolicyRules;
  readonly exceptions: Exceptions4;
  readonly #host: Host;
  readonly #tables = new Map<number, Fib4>();
  readonly #make: RouteMaker4;
  readonly #hash: MultipathHash;
  readonly #result = new FibResult4();
  readonly #flow = new Flow4();
  readonly #source = new Int32Array(1);
  readonly #destination = new Int32Array(1);
  /** A local route that no address made was added (fib_has_custom_local_routes). */
  #customLocal = false;
  #probing = false;

  constructor(host: Host) {
    this.#host = host;
    this.rules = new PolicyRules(1, (index) => host.interfaces.nameOf(index));
    this.exceptions = new Exceptions4(host.timers);
    this.#make = new RouteMaker4(host);
    this.#hash = new MultipathHash(host);
  }

  /** A table, made if it is not there yet. */
  table(id: number): Fib4 {
    let table = this.#tables.get(id);
    if (!table) {
      table = new Fib4(id);
      this.#tables.set(id, table);
    }
    return table;
  }

  /** Tables that exist, by number. */
  tables(): readonly Fib4[] {
    return [...this.#tables.values()].sort((a, b) => a.id - b.id);
  }

  /** Adds a route that was checked; `append` puts it behind those of the same metric. */
  insert(entry: FibEntry4, append = false): void {
    if (entry.table === TABLE.LOCAL && entry.protocol !== PROTOCOL.KERNEL) this.#customLocal = true;
    this.table(entry.table).insert(entry, append);
  }

  remove(entry: FibEntry4): void {
    this.#tables.get(entry.table)?.remove(entry);
  }

  /** The look-up through the rules: 0 and `result`, or a negative error number (fib_lookup). */
  lookup(flow: Flow4, result: FibResult4): number {
    if (!this.rules.custom) {
      // Without rules of the administrator: local, main, default, as __fib_lookup's short way.
      for (let i = 0; i < 3; i++) {
        const table = this.#tables.get(i === 0 ? TABLE.LOCAL : i === 1 ? TABLE.MAIN : TABLE.DEFAULT);
        const answer = table ? table.lookup(flow, result) : -11;
        if (answer !== -11) return answer;
      }
      return ENETUNREACH;
    }
    this.#source[0] = flow.source;
    this.#destination[0] = flow.destination;
    const answer = this.rules.lookup(flow, this.#source, this.#destination, (rule) => {
      const found = this.#tables.get(rule.table)?.lookup(flow, result) ?? -11;
      if (
        found === 0 &&
        rule.suppressPrefixLength >= 0 &&
        result.entry!.prefixLength <= rule.suppressPrefixLength
      ) {
        return -11;
      }
      return found;
    });
    return answer === -3 ? ENETUNREACH : answer;
  }

  /**
   * The route of a packet that came in (ip_route_input_slow). Sets `packet.route`. A source or destination that may
   * not be ends the packet here; then the answer is undefined.
   */
  input(packet: Packet): Route4 | undefined {
    const { bytes, network: at } = packet;
    const source = read32(bytes, at + 12);
    const destination = read32(bytes, at + 16);
    const device = this.#host.interfaces.byIndex(packet.inDevice);
    if (!device) return this.#refuse(packet, 'the interface is gone');
    const route = isMulticast4(destination)
      ? this.#multicastInput(packet, device, source, destination)
      : this.#unicastInput(packet, device, source, destination, bytes[at + 1]!);
    if (route) {
      packet.route = route;
      this.#host.observer?.route?.(packet, route, route.why);
    }
    return route;
  }

  #unicastInput(
    packet: Packet,
    device: Interface,
    source: number,
    destination: number,
    tos: number,
  ): Route4 | undefined {
    if (isMulticast4(source) || isLimitedBroadcast(source)) return this.#martianSource(packet, device);
    if (isLimitedBroadcast(destination) || (source === 0 && destination === 0)) {
      return this.#broadcastInput(packet, device, source, tos);
    }
    if (isZeronet(source)) return this.#martianSource(packet, device);
    if (isZeronet(destination)) return this.#martianDestination(packet, device);
    if (isLoopback4(destination)) {
      if (!device.routeLocalnet) return this.#martianDestination(packet, device);
    } else if (isLoopback4(source) && !device.routeLocalnet) {
      return this.#martianSource(packet, device);
    }
    const flow = this.#flow.reset();
    flow.destination = destination;
    flow.source = source;
    flow.tos = tos & 0xfc;
    flow.mark = packet.mark;
    flow.inDevice = device.index;
    this.#ports(flow, packet);
    const result = this.#result;
    const error = this.lookup(flow, result);
    if (error !== 0) return this.#make.failed(device.forwarding4 ? error : EHOSTUNREACH, result.entry);
    const { entry, hop, hopIndex } = result;
    if (entry!.type === ROUTE_TYPE.BROADCAST && !device.bcForwarding) {
      return this.#broadcastInput(packet, device, source, tos);
    }
    if (entry!.type === ROUTE_TYPE.LOCAL) {
      if (this.validateSource(packet.mark, source, destination, tos, 0, device) < 0) {
        return this.#martianSource(packet, device);
      }
      return this.#make.local(entry!);
    }
    if (!device.forwarding4) return this.#make.failed(EHOSTUNREACH, undefined);
    if (entry!.type !== ROUTE_TYPE.UNICAST && entry!.type !== ROUTE_TYPE.BROADCAST) {
      return this.#martianDestination(packet, device);
    }
    let chosen = hop!;
    let index = hopIndex;
    if (entry!.nextHops.length > 1) {
      index = this.#hash.choose(entry!.nextHops, packet, flow);
      chosen = entry!.nextHops[index]!;
    }
    return this.#forward(packet, device, source, destination, tos, entry!, chosen, index);
  }

  /** __mkroute_input */
  #forward(
    packet: Packet,
    device: Interface,
    source: number,
    destination: number,
    tos: number,
    entry: FibEntry4,
    hop: NextHop4,
    index: number,
  ): Route4 | undefined {
    const validity = this.validateSource(packet.mark, source, destination, tos, hop.device, device);
    if (validity < 0) return this.#martianSource(packet, device);
    if (hop.device === device.index && validity === 1 && device.sendRedirects) {
      if (device.sharedMedia || onLink(device, source, hop.gateway)) packet.flags |= REDIRECT_FLAG;
    }
    const exception = this.exceptions.find(destination);
    return this.#make.onward('forward', entry, hop, index, exception);
  }

  #multicastInput(
    packet: Packet,
    device: Interface,
    source: number,
    destination: number,
  ): Route4 | undefined {
    const tos = packet.bytes[packet.network + 1]!;
    if (!device.groups4.has(destination))
      return this.#refuse(packet, 'a multicast group that nobody here listens to');
    // ip_mc_validate_source
    if (isMulticast4(source) || isLimitedBroadcast(source))
      return this.#refuse(packet, 'a source that may not be');
    if (isLoopback4(source) && !device.routeLocalnet)
      return this.#refuse(packet, 'a loopback source from outside');
    if (isZeronet(source)) {
      const local = (destination & 0xffffff00) === 224 << 24;
      if (!local && packet.bytes[packet.network + 9] !== 2) {
        return this.#refuse(packet, 'source 0.0.0.0 to a multicast group that is not local');
      }
    } else if (this.validateSource(packet.mark, source, 0, tos, 0, device) < 0) {
      return this.#refuse(packet, 'reverse path filter: the source is not to be reached by this interface');
    }
    return this.#make.multicast(device.index, true, 0);
  }

  #broadcastInput(packet: Packet, device: Interface, source: number, tos: number): Route4 | undefined {
    if (!isZeronet(source) && this.validateSource(packet.mark, source, 0, tos, 0, device) < 0) {
      return this.#martianSource(packet, device);
    }
    return this.#make.broadcast(device.index, 0);
  }

  #ports(flow: Flow4, packet: Packet): void {
    const { bytes, network: at, end } = packet;
    flow.protocol = bytes[at + 9]!;
    const transport = at + (bytes[at]! & 15) * 4;
    const portless = ((bytes[at + 6]! & 0x1f) | bytes[at + 7]!) !== 0 || transport + 4 > end;
    if (portless || !hasPorts(flow.protocol)) return;
    flow.sourcePort = (bytes[transport]! << 8) | bytes[transport + 1]!;
    flow.destinationPort = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
  }

  /**
   * Where a packet from `source` to `destination` that came in by `device` would go; undefined if it may not be. Ends
   * nobody's way: it is ARP that asks (ip_route_input_noref without a packet of its own).
   */
  probe(source: number, destination: number, device: Interface): Route4 | undefined {
    const packet = this.#host.pool.acquire();
    packet.inDevice = device.index;
    packet.resize(20);
    const { bytes, network: at } = packet;
    bytes.fill(0, at, at + 20);
    bytes[at] = 0x45;
    write32(bytes, at + 12, source);
    write32(bytes, at + 16, destination);
    this.#probing = true;
    try {
      return isMulticast4(destination)
        ? undefined
        : this.#unicastInput(packet, device, source, destination, 0);
    } finally {
      this.#probing = false;
      this.#host.pool.release(packet);
    }
  }

  #refuse(packet: Packet, reason: string): undefined {
    if (!this.#probing) this.#host.drop(packet, 'routing', reason);
    return undefined;
  }

  #martianSource(packet: Packet, device: Interface): undefined {
    const source = read32(packet.bytes, packet.network + 12);
    const destination = read32(packet.bytes, packet.network + 16);
    if (device.logMartians) {
      const text = `martian source ${dotted(destination)} from ${dotted(source)}, on dev ${device.name}`;
      this.#host.services.log(4, `IPv4: ${text}`);
    }
    const reason =
      device.rpFilter > 0 && !isMulticast4(source) && !isLimitedBroadcast(source) && !isZeronet(source)
        ? `martian source ${dotted(source)}: reverse path filter, or one of the host's own addresses`
        : `martian source ${dotted(source)}`;
    return this.#refuse(packet, reason);
  }

  #martianDestination(packet: Packet, device: Interface): undefined {
    const source = read32(packet.bytes, packet.network + 12);
    const destination = read32(packet.bytes, packet.network + 16);
    if (device.logMartians) {
      const text = `martian destination ${dotted(destination)} from ${dotted(source)}, dev ${device.name}`;
      this.#host.services.log(4, `IPv4: ${text}`);
    }
    return this.#refuse(packet, `martian destination ${dotted(destination)}`);
  }

  /**
   * May a packet from `source` come in by `device`? (fib_validate_source). A negative error number if not; 1 if the
   * sender is on the link, else 0.
   */
  validateSource(
    mark: number,
    source: number,
    destination: number,
    tos: number,
    outDevice: number,
    device: Interface,
  ): Validity {
    const filter = device.rpFilter;
    if (filter === 0 && (device.index !== outDevice || !device.sendRedirects)) {
      if (device.acceptLocal) return 0;
      if (!this.#customLocal && !this.rules.custom) return this.isOwnAddress(source) ? EINVAL : 0;
    }
    const flow = CHECK.reset();
    flow.inDevice = outDevice === 0 ? LOOPBACK_INDEX : outDevice;
    flow.destination = source;
    flow.source = destination;
    flow.tos = tos & 0xfc;
    flow.mark = device.srcValidMark ? mark : 0;
    const result = CHECK_RESULT;
    if (this.lookup(flow, result) !== 0) return filter ? EXDEV : 0;
    const entry = result.entry!;
    if (entry.type !== ROUTE_TYPE.UNICAST && (entry.type !== ROUTE_TYPE.LOCAL || !device.acceptLocal))
      return EINVAL;
    const uses = entry.nextHops.some((hop) => hop.device === device.index);
    if (uses || (entry.type === ROUTE_TYPE.LOCAL && device.loopback)) {
      return result.hop!.scope >= SCOPE.HOST ? 1 : 0;
    }
    if (device.addresses4.length === 0) return filter ? EXDEV : 0;
    if (filter === 1) return EXDEV;
    flow.outDevice = device.index;
    if (this.lookup(flow, result) === 0 && result.entry!.type === ROUTE_TYPE.UNICAST) {
      return result.hop!.scope >= SCOPE.HOST ? 1 : 0;
    }
    return 0;
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
        device = this.deviceOf(flow.source);
        if (!device) return EINVAL;
        flow.outDevice = device.index;
        return this.#make4(flow, undefined, device);
      }
      if (!flow.anySource && !this.isOwnAddress(flow.source)) return EINVAL;
    }
    if (flow.outDevice !== 0) {
      device = interfaces.byIndex(flow.outDevice);
      if (!device) return ENODEV;
      if (!device.up) return ENETUNREACH;
      const localMulticast = (flow.destination & 0xffffff00) === 224 << 24;
      if (localMulticast || isLimitedBroadcast(flow.destination) || flow.protocol === 2) {
        if (flow.source === 0) flow.source = this.sourceAddress(device.index, 0, SCOPE.LINK);
        return this.#make4(flow, undefined, device);
      }
      if (flow.source === 0) {
        if (isMulticast4(flow.destination)) flow.source = this.sourceAddress(device.index, 0, flow.scope);
        else if (flow.destination === 0) flow.source = this.sourceAddress(device.index, 0, SCOPE.HOST);
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
    const error = this.lookup(flow, result);
    if (error !== 0) {
      if (!device) return error;
      // A device was asked for: the destination is taken to be on its link.
      if (flow.source === 0) flow.source = this.sourceAddress(device.index, 0, SCOPE.LINK);
      return this.#make4(flow, undefined, device);
    }
    const entry = result.entry!;
    if (entry.type === ROUTE_TYPE.LOCAL) {
      if (flow.source === 0) flow.source = entry.source !== 0 ? entry.source : flow.destination;
      flow.outDevice = LOOPBACK_INDEX;
      return this.#checkLoopback(flow, interfaces.byIndex(LOOPBACK_INDEX)!) || this.#make.localOutput(entry);
    }
    let index = result.hopIndex;
    if (entry.nextHops.length > 1 && flow.outDevice === 0)
      index = this.#hash.choose(entry.nextHops, undefined, flow);
    const hop = entry.nextHops[index]!;
    if (flow.source === 0) flow.source = this.preferredSource(entry, hop);
    flow.outDevice = hop.device;
    const out = interfaces.byIndex(hop.device);
    return out ? this.#make4(flow, entry, out, hop, index) : ENODEV;
  }

  #checkLoopback(flow: Flow4, device: Interface): number {
    return isLoopback4(flow.source) && !device.loopback && !device.routeLocalnet ? EINVAL : 0;
  }

  /** __mkroute_output */
  #make4(
    flow: Flow4,
    entry: FibEntry4 | undefined,
    device: Interface,
    hop?: NextHop4,
    index = 0,
  ): Route4 | number {
    const error = this.#checkLoopback(flow, device);
    if (error) return error;
    const { destination } = flow;
    if (isLimitedBroadcast(destination) || entry?.type === ROUTE_TYPE.BROADCAST) {
      return this.#make.broadcast(0, device.index);
    }
    if (isMulticast4(destination))
      return this.#make.multicast(device.index, device.groups4.has(destination), 1, entry, hop);
    if (isZeronet(destination)) return EINVAL;
    if (!entry || !hop) return this.#make.onLink(device.index);
    return this.#make.onward('output', entry, hop, index, this.exceptions.find(destination));
  }

  /** The source that a route gives to packets of the host's own (fib_result_prefsrc). */
  preferredSource(entry: FibEntry4, hop: NextHop4): number {
    return entry.source !== 0 ? entry.source : this.sourceAddress(hop.device, hop.gateway, entry.scope);
  }

  /** An address of the interface for talking to `destination` (0: anyone) in a scope (inet_select_addr); 0 if there is none. */
  sourceAddress(device: number, destination: number, scope: number): number {
    const { interfaces } = this.#host;
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
    for (const device of this.#host.interfaces.list()) {
      for (const own of device.addresses4) if (own.address === address) return device;
    }
    // A local route that covers it, such as 127.0.0.0/8.
    const flow = CHECK.reset();
    flow.destination = address;
    const found = this.#tables.get(TABLE.LOCAL)?.lookup(flow, CHECK_RESULT);
    if (found === 0 && CHECK_RESULT.entry!.type === ROUTE_TYPE.LOCAL) {
      return this.#host.interfaces.byIndex(CHECK_RESULT.hop!.device);
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
    const flow = CHECK.reset();
    flow.destination = address;
    const result = CHECK_RESULT;
    const found = this.#tables.get(TABLE.LOCAL)?.lookup(flow, result);
    if (found === 0 && (device === 0 || result.hop!.device === device)) return result.entry!.type;
    return ROUTE_TYPE.UNICAST;
  }

  // -- what addresses and interfaces do to the tables ------------------------------------------------------

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
    for (const table of this.tables()) {
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
          table.remove(entry);
        }
      }
    }
    // With its last address an interface loses IPv4, and all routes that lead there (fib_disable_ip).
    if (device.addresses4.length === 0) this.deviceDown(device);
    // What the other addresses of the interface still ask for is put back where it went with this one.
    for (const left of device.addresses4) this.addressAdded(device, left);
  }

  #hasAddress(address: number): boolean {
    return this.#host.interfaces
      .list()
      .some((device) => device.addresses4.some((own) => own.address === address));
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
      if (entry.nextHops.every((hop) => hop.dead)) this.remove(entry);
    }
  }

  #all(): FibEntry4[] {
    return this.tables().flatMap((table) => table.list());
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
    const exists = this.table(table)
      .at(destination, prefixLength)
      .some(
        (entry) => entry.type === type && entry.source === source && entry.nextHops[0]?.device === device,
      );
    if (exists) return;
    this.table(table).insert(
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

/** IPSKB_DOREDIRECT, as the IPv4 path reads it in `packet.flags`. */
const REDIRECT_FLAG = 1 << 5;

// Look-ups that are not the packet's own use these; a look-up never runs inside another.
const CHECK = new Flow4();
const CHECK_RESULT = new FibResult4();

function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function hasPorts(protocol: number): boolean {
  return protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33 || protocol === 136;
}

/** Are both addresses in a network of the interface? (inet_addr_onlink) */
function onLink(device: Interface, a: number, b: number): boolean {
  return device.addresses4.some(
    ({ peer, prefixLength, secondary }) =>
      !secondary &&
      network(peer ^ a, prefixLength) === 0 &&
      (b === 0 || network(peer ^ b, prefixLength) === 0),
  );
}
