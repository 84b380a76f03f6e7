import type { Tuple } from '../conntrack/tuple.ts';
import type { Family } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import { type Address, parseAddress, printEndpoint } from './address.ts';
import {
  type BackendName,
  type BackendOptions,
  BalanceProblem,
  type ServiceName,
  type ServiceOptions,
} from './api.ts';
import { DEFAULT_SCHEDULER } from './schedulers/registry.ts';
import type { SchedulerKind } from './schedulers/scheduler.ts';
import { Backend, IPPROTO_TCP, IPPROTO_UDP, Service } from './service.ts';

const MAX_WEIGHT = 0x7fffffff;
const MAX_PERSISTENCE = 86400 * 31;

interface Place {
  readonly family: Family;
  readonly protocol: number;
  readonly address: Address | undefined;
  readonly port: number;
  readonly mark: number;
}

/** The virtual services and their backends: net/netfilter/ipvs/ip_vs_ctl.c. */
export class ServiceDirectory {
  readonly #kinds: ReadonlyMap<string, SchedulerKind>;
  readonly #now: () => number;
  readonly #byKey = new Map<number, Service[]>();
  readonly #all: Service[] = [];
  /** Removed backends that have connections: whoever adds one again gets it back with them (ip_vs_trash_get_dest). */
  readonly #removed = new Map<string, Backend>();

  constructor(kinds: ReadonlyMap<string, SchedulerKind>, now: () => number) {
    this.#kinds = kinds;
    this.#now = now;
  }

  /** In the order in which they were added. */
  get all(): readonly Service[] {
    return this.#all;
  }

  /** The service that a packet is for: by its mark, its port, or all ports. (ip_vs_service_find) */
  match(packet: Packet, tuple: Tuple): Service | undefined {
    if (packet.mark !== 0) {
      const marked = this.#byKey
        .get(packet.mark | 0)
        ?.find((s) => s.mark === packet.mark && s.family === tuple.family);
      if (marked) return marked;
    }
    return this.#at(tuple, tuple.destinationPart) ?? this.#at(tuple, 0);
  }

  #at(tuple: Tuple, port: number): Service | undefined {
    const list = this.#byKey.get(key(tuple.protocol, tuple.dst0, tuple.dst1, tuple.dst2, tuple.dst3, port));
    if (list === undefined) return undefined;
    for (const service of list) {
      const { address } = service;
      if (
        address !== undefined &&
        service.protocol === tuple.protocol &&
        service.port === port &&
        address.a === tuple.dst0 &&
        address.b === tuple.dst1 &&
        address.c === tuple.dst2 &&
        address.d === tuple.dst3 &&
        address.family === tuple.family
      )
        return service;
    }
    return undefined;
  }

  find(name: ServiceName): Service | undefined {
    return this.#locate(placeOf(name));
  }

  require(name: ServiceName): Service {
    const service = this.find(name);
    if (!service) throw new BalanceProblem('no such service', `there is no service ${describe(name)}`);
    return service;
  }

  #locate(place: Place): Service | undefined {
    return this.#byKey
      .get(keyOf(place))
      ?.find(
        ({ family, protocol, address, port, mark }) =>
          family === place.family &&
          protocol === place.protocol &&
          port === place.port &&
          mark === place.mark &&
          address?.a === place.address?.a &&
          address?.b === place.address?.b &&
          address?.c === place.address?.c &&
          address?.d === place.address?.d,
      );
  }

  add(name: ServiceName, options: ServiceOptions): Service {
    const place = placeOf(name);
    if (this.#locate(place))
      throw new BalanceProblem('service exists', `service ${describe(name)} exists already`);
    const kind = this.#kind(options.scheduler ?? DEFAULT_SCHEDULER);
    const { family, protocol, address, port, mark } = place;
    const service = new Service(family, protocol, address, port, mark, kind.create(), this.#now());
    this.#apply(service, options, kind);
    const list = this.#byKey.get(keyOf(place));
    if (list) list.push(service);
    else this.#byKey.set(keyOf(place), [service]);
    this.#all.push(service);
    return service;
  }

  edit(service: Service, options: ServiceOptions): void {
    const kind = this.#kind(options.scheduler ?? service.scheduler.name);
    this.#apply(service, options, kind);
    if (kind.name !== service.scheduler.name) service.scheduler = kind.create();
    service.scheduler.changed(service);
  }

  #kind(name: string): SchedulerKind {
    const kind = this.#kinds.get(name);
    if (kind) return kind;
    const known = [...this.#kinds.keys()].join(', ');
    throw new BalanceProblem('no such scheduler', `there is no scheduler '${name}'; there are ${known}`);
  }

  /** Checks everything before it changes anything. */
  #apply(service: Service, options: ServiceOptions, kind: SchedulerKind): void {
    const bits = service.family === 4 ? 32 : 128;
    const persistence = within('persistence', options.persistence ?? service.persistence, 0, MAX_PERSISTENCE);
    const prefix = within('prefix', options.prefix ?? service.prefix, service.family === 4 ? 0 : 1, bits);
    const same = kind.name === service.scheduler.name;
    const flags = options.flags ?? (same ? [...service.flags] : []);
    const unknown = flags.find((flag) => !kind.flags.includes(flag));
    if (unknown !== undefined) {
      throw new BalanceProblem('invalid', `scheduler '${kind.name}' has no flag '${unknown}'`);
    }
    if (persistence === 0 && service.mark === 0 && service.port === 0) {
      throw new BalanceProblem('invalid', 'a service for all ports (port 0) must be persistent');
    }
    service.persistence = persistence;
    service.prefix = prefix;
    service.flags = new Set(flags);
  }

  remove(service: Service): void {
    for (const backend of [...service.backends]) this.removeBackend(backend);
    this.#all.splice(this.#all.indexOf(service), 1);
    const list = this.#byKey.get(keyOf(service))!;
    list.splice(list.indexOf(service), 1);
    if (list.length === 0) this.#byKey.delete(keyOf(service));
  }

  findBackend(service: Service, name: BackendName): Backend | undefined {
    const { address, port } = endpoint(service, name);
    return service.backends.find((backend) => backend.name === printEndpoint(address, port));
  }

  requireBackend(service: Service, name: BackendName): Backend {
    const backend = this.findBackend(service, name);
    if (backend) return backend;
    throw new BalanceProblem(
      'no such backend',
      `${service.name} has no backend ${name.address}:${name.port ?? 0}`,
    );
  }

  addBackend(service: Service, name: BackendName, options: BackendOptions): Backend {
    const { address, port } = endpoint(service, name);
    if (this.findBackend(service, name)) {
      const text = printEndpoint(address, port);
      throw new BalanceProblem('backend exists', `${service.name} has backend ${text} already`);
    }
    const place = `${service.name} ${printEndpoint(address, port)}`;
    const known = this.#removed.get(place);
    const backend = known ?? new Backend(service, address, port, 1, this.#now());
    // One that comes back starts as a new one does, but for its connections.
    this.#applyBackend(backend, { weight: 1, upper: 0, lower: 0, ...options });
    this.#removed.delete(place);
    backend.service = service;
    backend.available = true;
    backend.lastWeight = backend.weight;
    service.backends.push(backend);
    service.scheduler.changed(service);
    return backend;
  }

  editBackend(backend: Backend, options: BackendOptions): void {
    this.#applyBackend(backend, options);
    backend.service.scheduler.changed(backend.service);
  }

  #applyBackend(backend: Backend, options: BackendOptions): void {
    const weight = within('weight', options.weight ?? backend.weight, 0, MAX_WEIGHT);
    const upper = within('upper threshold', options.upper ?? backend.upper, 0, MAX_WEIGHT);
    const lower = within('lower threshold', options.lower ?? backend.lower, 0, MAX_WEIGHT);
    if (lower > upper)
      throw new BalanceProblem('invalid', `the lower threshold ${lower} is above the upper ${upper}`);
    // A limit that was raised or taken away lets new connections in at once (__ip_vs_update_dest).
    if (upper === 0 || upper > backend.upper) backend.overloaded = false;
    backend.weight = weight;
    if (weight !== 0) backend.lastWeight = weight;
    backend.upper = upper;
    backend.lower = lower;
  }

  removeBackend(backend: Backend): void {
    const { service } = backend;
    service.backends.splice(service.backends.indexOf(backend), 1);
    backend.available = false;
    if (isHeld(backend)) this.#removed.set(`${service.name} ${backend.name}`, backend);
    service.scheduler.changed(service);
  }

  /** A connection of a backend ended: one that was removed is forgotten with its last. */
  released(backend: Backend): void {
    if (!backend.available && !isHeld(backend))
      this.#removed.delete(`${backend.service.name} ${backend.name}`);
  }
}

function isHeld({ active, inactive, persistent }: Backend): boolean {
  return active + inactive + persistent > 0;
}

function key(protocol: number, a: number, b: number, c: number, d: number, port: number): number {
  return a ^ b ^ c ^ d ^ ((port << 8) | protocol);
}

function keyOf({ protocol, address, port, mark }: Place): number {
  if (address === undefined) return mark | 0;
  return key(protocol, address.a, address.b, address.c, address.d, port);
}

function within(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BalanceProblem('invalid', `${what} ${value} is not a whole number from ${least} to ${most}`);
}

function placeOf(name: ServiceName): Place {
  if ('mark' in name) {
    const mark = within('firewall mark', name.mark, 1, 0xffffffff);
    return { family: name.family ?? 4, protocol: 0, address: undefined, port: 0, mark };
  }
  const address = requireAddress(name.address);
  const port = within('port', name.port, 0, 65535);
  const protocol = name.protocol === 'tcp' ? IPPROTO_TCP : IPPROTO_UDP;
  return { family: address.family, protocol, address, port, mark: 0 };
}

function requireAddress(text: string): Address {
  const address = parseAddress(text);
  if (address) return address;
  throw new BalanceProblem('invalid', `'${text}' is neither an IPv4 nor an IPv6 address`);
}

function endpoint(service: Service, name: BackendName): { address: Address; port: number } {
  const address = requireAddress(name.address);
  if (address.family !== service.family) {
    throw new BalanceProblem(
      'invalid',
      `backend ${name.address} is not of the family of ${service.name}: translation stays within one`,
    );
  }
  const port = within('port', name.port ?? 0, 0, 65535);
  return { address, port: port === 0 ? service.port : port };
}

function describe(name: ServiceName): string {
  return 'mark' in name ? `mark ${name.mark}` : `${name.protocol} ${name.address}:${name.port}`;
}
