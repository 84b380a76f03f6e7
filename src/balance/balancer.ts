import type { Tuple } from '../conntrack/tuple.ts';
import type { Family } from '../netfilter/constants.ts';
import type { Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import type { BackendName, BackendOptions, NewConnection, ServiceName, ServiceOptions } from './api.ts';
import { Balanced } from './connection.ts';
import { Counters } from './counters.ts';
import { ServiceDirectory } from './directory.ts';
import { PacketPath } from './path.ts';
import { templateOf } from './persistence.ts';
import { MAGLEV_SIZE } from './schedulers/mh.ts';
import { schedulers } from './schedulers/registry.ts';
import { type Backend, IPPROTO_TCP, type Service } from './service.ts';
import { BalanceTable } from './table.ts';
import { isActive, nextTcpState, STATE, TIMEOUTS } from './tcp-states.ts';

const SECOND = 1e6;
const MAX_TIMEOUT = 0x7fffffff;

/** What a balancer may be told at its making. */
export interface BalancerOptions {
  /** Most connections and templates at once; 262144 if left out. */
  readonly limit?: number;
  /** Size of Maglev's tables, a prime; 65537 if left out. */
  readonly maglevSize?: number;
  /** Switches defragmentation on for a family, so that every packet has its ports; the answer takes that back. */
  readonly defragment?: (family: Family) => () => void;
}

/**
 * A load balancer for TCP and UDP: what Linux has as IPVS, with address translation. It stands on its own, beside
 * connection tracking and NAT: it keeps its own table of connections and registers functions at the hooks where IPVS
 * has them, from the first service of a family to the last.
 *
 * | hook | priority | what |
 * | --- | --- | --- |
 * | INPUT | 98 | answers that come to this host itself: the source becomes the virtual address |
 * | INPUT | 99 | packets for a virtual address, which is one of this host's: a backend is chosen, the destination becomes the backend, and the packet is routed anew and sent through OUTPUT and POSTROUTING |
 * | OUTPUT | -99 | answers of a backend on this host |
 * | OUTPUT | -98 | this host's own packets for a virtual address |
 * | FORWARD | 99 | ICMP errors on their way to a client's side of a connection |
 * | FORWARD | 100 | answers of backends, and ICMP errors about what was sent to them |
 *
 * Behind `filter` and before source NAT, so that rules see what arrived: on the way in the virtual address, on the way
 * out the backend. What it has taken is untracked to connection tracking, as with net.ipv4.vs.conntrack = 0.
 * (net/netfilter/ipvs/ip_vs_core.c ip_vs_ops4)
 */
export class Balancer {
  /** Called with each connection that is given a backend; a library user's. */
  onConnection: ((event: NewConnection) => void) | undefined = undefined;
  /** Counts of everything. */
  readonly counters: Counters;
  /** Seconds without a packet until a connection ends, by state. */
  readonly timeouts: number[] = [...TIMEOUTS];
  /** Packets of connections whose backend was removed end these, rather than only being dropped (expire_nodest_conn). */
  expireNoDestination = false;
  /** Persistence does not lead to drained backends (expire_quiescent_template). */
  expireQuiescentTemplate = false;
  /** Most connections and templates at once. */
  readonly limit: number;
  readonly #services: Services;
  readonly #hooks: Hooks;
  readonly #directory: ServiceDirectory;
  readonly #table: BalanceTable;
  readonly #path: PacketPath;
  readonly #defragment: ((family: Family) => () => void) | undefined;
  readonly #registered = new Map<Family, readonly (() => void)[]>();

  constructor(hooks: Hooks, services: Services, options: BalancerOptions = {}) {
    this.limit = options.limit ?? 262144;
    if (!Number.isInteger(this.limit) || this.limit < 1) {
      throw new RangeError(`limit ${this.limit} is not a whole number of connections above 0`);
    }
    this.#hooks = hooks;
    this.#services = services;
    this.#defragment = options.defragment;
    this.counters = new Counters(services.now());
    this.#directory = new ServiceDirectory(schedulers(options.maglevSize ?? MAGLEV_SIZE), () =>
      services.now(),
    );
    this.#table = new BalanceTable(services, (connection) => this.#ended(connection));
    this.#path = new PacketPath(hooks, services, this, this.#table);
  }

  /** In the order in which they were added. */
  get services(): readonly Service[] {
    return this.#directory.all;
  }

  /** Connections and templates. */
  get size(): number {
    return this.#table.size;
  }

  /** Every connection and template; not to be changed. */
  connections(): Iterable<Balanced> {
    return this.#table;
  }

  findService(name: ServiceName): Service | undefined {
    return this.#directory.find(name);
  }

  /** @throws {BalanceProblem} if it exists, or a scheduler, a flag or a number is none. */
  addService(name: ServiceName, options: ServiceOptions = {}): Service {
    const service = this.#directory.add(name, options);
    const { family } = service;
    if (!this.#registered.has(family)) {
      const release = this.#defragment?.(family) ?? (() => {});
      this.#registered.set(family, [release, ...this.#path.register(family)]);
    }
    return service;
  }

  /** Connections stay where they are. @throws {BalanceProblem} if there is none, or as {@link addService}. */
  editService(name: ServiceName, options: ServiceOptions): Service {
    const service = this.#directory.require(name);
    this.#directory.edit(service, options);
    return service;
  }

  /** Removes it with its backends. @throws {BalanceProblem} if there is none. */
  removeService(name: ServiceName): void {
    this.#remove(this.#directory.require(name));
  }

  #remove(service: Service): void {
    this.#directory.remove(service);
    if (this.services.some(({ family }) => family === service.family)) return;
    for (const release of this.#registered.get(service.family) ?? []) release();
    this.#registered.delete(service.family);
  }

  /** Removes all services. */
  clear(): void {
    for (const service of [...this.services]) this.#remove(service);
  }

  /** @throws {BalanceProblem} if the service is none, the backend is there already, or a number is wrong. */
  addBackend(service: ServiceName, backend: BackendName, options: BackendOptions = {}): Backend {
    return this.#directory.addBackend(this.#directory.require(service), backend, options);
  }

  /** @throws {BalanceProblem} if there is no such service or backend, or a number is wrong. */
  editBackend(service: ServiceName, backend: BackendName, options: BackendOptions): Backend {
    const found = this.#directory.requireBackend(this.#directory.require(service), backend);
    this.#directory.editBackend(found, options);
    return found;
  }

  /** Weight 0: its connections stay, new ones go elsewhere. @throws {BalanceProblem} as {@link editBackend}. */
  drainBackend(service: ServiceName, backend: BackendName): Backend {
    return this.editBackend(service, backend, { weight: 0 });
  }

  /**
   * Its connections are not moved: their packets are dropped until it comes back or they end.
   * @throws {BalanceProblem} if there is no such service or backend.
   */
  removeBackend(service: ServiceName, backend: BackendName): void {
    this.#directory.removeBackend(this.#directory.requireBackend(this.#directory.require(service), backend));
  }

  /** Zeroes the counters of a service and its backends, or all. @throws {BalanceProblem} if there is no such service. */
  zero(name?: ServiceName): void {
    if (name === undefined) this.counters.zero();
    for (const service of name ? [this.#directory.require(name)] : this.services) {
      service.counters.zero();
      for (const backend of service.backends) backend.counters.zero();
    }
  }

  /** Seconds of established TCP, TCP after a FIN, and UDP; 0 leaves one as it is. @throws {RangeError} */
  setTimeouts(tcp: number, tcpFin: number, udp: number): void {
    for (const seconds of [tcp, tcpFin, udp]) {
      if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_TIMEOUT) {
        throw new RangeError(`timeout ${seconds} is not a whole number of seconds from 0 to ${MAX_TIMEOUT}`);
      }
    }
    if (tcp > 0) this.timeouts[STATE.ESTABLISHED] = tcp;
    if (tcpFin > 0) this.timeouts[STATE.FIN_WAIT] = tcpFin;
    if (udp > 0) this.timeouts[STATE.UDP] = udp;
  }

  /** The service that a packet from client to virtual address is for. */
  match(packet: Packet, tuple: Tuple): Service | undefined {
    return this.#directory.match(packet, tuple);
  }

  /** A new connection, with its backend; undefined if nobody is to be had. (ip_vs_schedule, ip_vs_sched_persist) */
  schedule(service: Service, tuple: Tuple, packet: Packet): Balanced | undefined {
    const template = service.persistence > 0 ? this.#template(service, tuple) : undefined;
    if (service.persistence > 0 && template === undefined) return undefined;
    const backend = template?.backend ?? service.scheduler.choose(service, tuple);
    if (backend === undefined) return undefined;
    const connection = new Balanced(backend, false);
    if (template) {
      connection.control = template;
      template.controlled++;
    }
    if (!this.#insert(connection, tuple, this.#port(service, backend, tuple))) return undefined;
    connection.state = tuple.protocol === IPPROTO_TCP ? STATE.NONE : STATE.UDP;
    this.#announce(service, connection, packet, template !== undefined);
    return connection;
  }

  /** The backend's port for a client that asked for the tuple's: its own, but behind a service for many ports. */
  #port(service: Service, backend: Backend, { destinationPart }: Tuple): number {
    if (service.persistence > 0 && destinationPart !== service.port) return destinationPart;
    return backend.port || destinationPart;
  }

  /** The template that binds a client to its backend, found or made. */
  #template(service: Service, tuple: Tuple): Balanced | undefined {
    const key = templateOf(service, tuple);
    const expires = this.#services.now() + service.persistence * SECOND;
    const known = this.#table.findIn(key, true);
    if (known && this.#stillGood(known.backend)) {
      this.#table.renew(known, expires);
      return known;
    }
    // Connections that hold it go on; it only binds no new ones.
    if (known) this.#table.remove(known);
    const backend = service.scheduler.choose(service, tuple);
    if (backend === undefined) return undefined;
    const template = new Balanced(backend, true);
    template.expires = expires;
    return this.#insert(template, templateOf(service, tuple), backend.port) ? template : undefined;
  }

  /** (ip_vs_check_template) */
  #stillGood({ available, weight }: Backend): boolean {
    return available && !(this.expireQuiescentTemplate && weight === 0);
  }

  /** Into the table; false if it is full of connections that must not go. */
  #insert(connection: Balanced, tuple: Tuple, port: number): boolean {
    const { backend, original, reply } = connection;
    if (this.#table.size >= this.limit && !this.#table.makeRoom()) {
      if (connection.control) connection.control.controlled--;
      return false;
    }
    original.copyFrom(tuple);
    reply.swapFrom(tuple);
    const { a, b, c, d } = backend.address;
    reply.src0 = a;
    reply.src1 = b;
    reply.src2 = c;
    reply.src3 = d;
    reply.sourcePart = port;
    if (connection.template) {
      backend.persistent++;
    } else {
      connection.expires = this.#services.now() + this.timeouts[STATE.NONE]! * SECOND;
      backend.inactive++;
      backend.checkLoad(true);
    }
    this.#table.add(connection);
    return true;
  }

  #announce(service: Service, connection: Balanced, packet: Packet, persistent: boolean): void {
    const { backend } = connection;
    const now = this.#services.now();
    this.counters.connection(now);
    service.counters.connection(now);
    backend.counters.connection(now);
    const { observer } = this.#hooks;
    if (!observer?.choose && !this.onConnection) return;
    const { scheduler } = service;
    const why = persistent
      ? `persistence of ${service.persistence} s with ${scheduler.name}`
      : `${scheduler.name}: ${scheduler.why(service, backend)}`;
    observer?.choose?.(packet, 'balance', `backend ${backend.name} of ${service.name} (${why})`);
    this.onConnection?.({ service, connection, why });
  }

  /** A packet of a connection goes by: counts, state, and the time that it has now. */
  seen(connection: Balanced, fromClient: boolean, length: number, tcpFlags: number): void {
    const { backend } = connection;
    const now = this.#services.now();
    if (fromClient) {
      connection.packets++;
      this.counters.packetIn(now, length);
      backend.counters.packetIn(now, length);
      backend.service.counters.packetIn(now, length);
    } else {
      this.counters.packetOut(now, length);
      backend.counters.packetOut(now, length);
      backend.service.counters.packetOut(now, length);
    }
    if (connection.original.protocol === IPPROTO_TCP) {
      const next = nextTcpState(connection.state, tcpFlags, fromClient);
      if (next !== connection.state) this.#become(connection, next);
    }
    this.#table.renew(connection, now + this.timeouts[connection.state]! * SECOND);
  }

  #become(connection: Balanced, state: number): void {
    connection.state = state;
    const active = isActive(state);
    if (active === connection.active) return;
    const { backend } = connection;
    connection.active = active;
    backend.active += active ? 1 : -1;
    backend.inactive += active ? -1 : 1;
  }

  /** A connection that is to make room for a new one with the same ports. */
  end(connection: Balanced): void {
    this.#table.remove(connection);
  }

  #ended(connection: Balanced): void {
    const { backend, control } = connection;
    if (connection.template) backend.persistent--;
    else if (connection.active) backend.active--;
    else backend.inactive--;
    if (!connection.template) backend.checkLoad(false);
    if (control) control.controlled--;
    this.#directory.released(backend);
  }
}
