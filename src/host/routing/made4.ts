import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import { describe, tableText } from './describe4.ts';
import type { Exception4 } from './exceptions4.ts';
import {
  type FibEntry4,
  type NextHop4,
  type Route4,
  type RouteKind,
  SCOPE,
  TABLE,
  typeError,
} from './route4.ts';

const LOOPBACK_INDEX = 1;
const NO_METRICS: Readonly<Record<string, number>> = {};
/** IP_MAX_MTU */
const LARGEST_MTU = 65535;

/** A decision, made once and used for every packet that it fits. */
class MadeRoute4 implements Route4 {
  readonly kind: RouteKind;
  readonly type: number;
  readonly outDevice: number;
  readonly gateway: number;
  readonly gateway6: Uint8Array | undefined;
  readonly source: number;
  readonly error: number;
  readonly isLocal: boolean;
  readonly isBroadcast: boolean;
  readonly isMulticast: boolean;
  readonly realm: number;
  readonly entry: FibEntry4 | undefined;
  /** See {@link Tables4.generation}. */
  readonly generation: number;
  readonly #host: Host;
  readonly #learnedMtu: number;
  readonly #locked: boolean;

  constructor(
    host: Host,
    given: {
      kind: RouteKind;
      type: number;
      outDevice: number;
      gateway?: number;
      gateway6?: Uint8Array | undefined;
      source?: number;
      error?: number;
      isLocal?: boolean;
      realm?: number;
      entry?: FibEntry4 | undefined;
      learnedMtu?: number;
      locked?: boolean;
    },
  ) {
    this.#host = host;
    this.kind = given.kind;
    this.type = given.type;
    this.outDevice = given.outDevice;
    this.gateway = given.gateway ?? 0;
    this.gateway6 = given.gateway6;
    this.source = given.source ?? 0;
    this.error = given.error ?? 0;
    this.isLocal = given.isLocal ?? false;
    // A broadcast that is only forwarded (bc_forwarding) is none for this host (RTCF_BROADCAST).
    this.isBroadcast = given.type === ROUTE_TYPE.BROADCAST && this.isLocal;
    this.isMulticast = given.type === ROUTE_TYPE.MULTICAST;
    this.realm = given.realm ?? 0;
    this.entry = given.entry;
    this.generation = host.routing4.generation;
    this.#learnedMtu = given.learnedMtu ?? 0;
    this.#locked = given.locked ?? false;
  }

  get metrics(): Readonly<Record<string, number>> {
    return this.entry?.metrics ?? NO_METRICS;
  }

  get mtuLocked(): boolean {
    return this.#locked || (this.entry?.mtuLocked ?? false);
  }

  get scope(): number {
    return this.entry?.scope ?? SCOPE.LINK;
  }

  get table(): number {
    return this.entry?.table ?? TABLE.UNSPEC;
  }

  get mtu(): number {
    if (this.#learnedMtu !== 0) return this.#learnedMtu;
    const metric = this.entry?.metrics.mtu ?? 0;
    return Math.min(
      metric || (this.#host.interfaces.byIndex(this.outDevice)?.mtu ?? LARGEST_MTU),
      LARGEST_MTU,
    );
  }

  get why(): string {
    const { entry } = this;
    if (!entry) return this.error !== 0 ? 'no route to the destination' : this.#withoutEntry();
    return `${tableText(entry.table)}: ${describe(this.#host, entry, this.gateway, this.outDevice)}`;
  }

  #withoutEntry(): string {
    if (this.isBroadcast) return 'broadcast on this link';
    if (this.isMulticast) return this.isLocal ? 'a multicast group of the interface' : 'multicast';
    return this.isLocal ? 'the host itself' : 'on the link of the interface';
  }
}

/** Keys of routes that a table's entry keeps, beside those of its next hops; and what a realm adds to one. */
const FAILED_KEY = 0x100000;
const LOCAL_KEY = 0x100001;
const LOCAL_OUTPUT_KEY = 0x100002;
const REALM_KEY = 0x200000;

type Given = ConstructorParameters<typeof MadeRoute4>[1];

/** Fills the halves of a realm that are empty (net/ipv4/route.c set_class_tag). */
function withRealm(realm: number, more: number): number {
  if (more === 0) return realm;
  const low = realm & 0xffff || more & 0xffff;
  return (((realm >>> 16 || more >>> 16) << 16) | low) >>> 0;
}

/** Makes decisions and keeps them, so that a look-up makes nothing. */
export class RouteMaker4 {
  readonly #host: Host;
  readonly #simple = new Map<number, Route4>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** To another host, or to the next hop for a packet of this one. */
  onward(
    kind: 'forward' | 'output',
    entry: FibEntry4,
    hop: NextHop4,
    index: number,
    exception: Exception4 | undefined,
    ruleRealm: number,
    sourceRealm: number,
  ): Route4 {
    const realm = withRealm(withRealm(hop.realm, ruleRealm), sourceRealm);
    if (exception) return this.#onward(entry, hop, exception, realm);
    // Linux keeps the realm of the first packet's rule with the route, unless the source gave one as well (rt_set_nexthop).
    const key = index * 2 + (kind === 'forward' ? 0 : 1) + (sourceRealm === 0 ? 0 : realm * REALM_KEY);
    return this.#kept(entry, key) ?? this.#keep(entry, key, this.#onward(entry, hop, undefined, realm));
  }

  #onward(entry: FibEntry4, hop: NextHop4, exception: Exception4 | undefined, realm: number): MadeRoute4 {
    return new MadeRoute4(this.#host, {
      kind: 'forward',
      type: entry.type,
      outDevice: hop.device,
      gateway: exception && exception.gateway !== 0 ? exception.gateway : hop.gateway,
      gateway6: hop.gateway6,
      source: entry.source,
      realm,
      isLocal: this.#host.interfaces.byIndex(hop.device)?.loopback ?? false,
      entry,
      learnedMtu: exception?.mtu ?? 0,
      locked: exception?.locked ?? false,
    });
  }

  /** A packet that came in is for this host; the realm of its own route does not count. */
  local(entry: FibEntry4, sourceRealm: number): Route4 {
    return this.#local(entry, LOCAL_KEY + sourceRealm * REALM_KEY, sourceRealm);
  }

  /** A packet of this host goes to itself. */
  localOutput(entry: FibEntry4, ruleRealm: number): Route4 {
    return this.#local(entry, LOCAL_OUTPUT_KEY, withRealm(entry.nextHops[0]?.realm ?? 0, ruleRealm));
  }

  #local(entry: FibEntry4, key: number, realm: number): Route4 {
    const kept = this.#kept(entry, key);
    if (kept) return kept;
    const made = new MadeRoute4(this.#host, {
      kind: 'deliver',
      type: ROUTE_TYPE.LOCAL,
      outDevice: LOOPBACK_INDEX,
      isLocal: true,
      source: entry.source,
      realm,
      entry,
    });
    return this.#keep(entry, key, made);
  }

  /** Neither source nor destination was given: 127.0.0.1 to 127.0.0.1. */
  ownLoopback(): Route4 {
    return this.#cached(0x1000000, 0, () => ({
      kind: 'deliver',
      type: ROUTE_TYPE.LOCAL,
      outDevice: LOOPBACK_INDEX,
      isLocal: true,
    }));
  }

  /** `inDevice` for one that came in, `outDevice` for one of the host's own (0 for the other). */
  broadcast(inDevice: number, outDevice: number, realm: number): Route4 {
    const out = outDevice === 0 ? LOOPBACK_INDEX : outDevice;
    return this.#cached(0x2000000 + (inDevice << 12) + out, realm, () => ({
      kind: outDevice === 0 ? 'deliver' : 'forward',
      type: ROUTE_TYPE.BROADCAST,
      outDevice: out,
      isLocal: true,
    }));
  }

  /** `out` is 1 for a packet of the host's own. `member`: the host listens to the group. */
  multicast(
    device: number,
    member: boolean,
    out: 0 | 1,
    realm: number,
    entry?: FibEntry4,
    hop?: NextHop4,
  ): Route4 {
    const given = {
      kind: (out === 0 ? 'deliver' : 'forward') as RouteKind,
      type: ROUTE_TYPE.MULTICAST,
      outDevice: out === 0 ? LOOPBACK_INDEX : device,
      isLocal: member,
    };
    // The kernel drops the route's own values for prefixes shorter than 4 (__mkroute_output).
    if (entry && hop && entry.prefixLength >= 4) {
      return new MadeRoute4(this.#host, {
        ...given,
        gateway: hop.gateway,
        source: entry.source,
        realm: withRealm(hop.realm, realm),
        entry,
      });
    }
    return this.#cached(0x4000000 + (out << 13) + ((member ? 1 : 0) << 12) + device, realm, () => given);
  }

  /** No route was found, but the interface was given. */
  onLink(device: number, realm: number): Route4 {
    return this.#cached(0x8000000 + device, realm, () => ({
      kind: 'forward',
      type: ROUTE_TYPE.UNICAST,
      outDevice: device,
    }));
  }

  /** Nothing leads there: `error` is negative; `entry` the route that says so, if one does. */
  failed(error: number, entry: FibEntry4 | undefined): Route4 {
    const saying = entry && typeError(entry.type) === error ? entry : undefined;
    const make = () => ({
      kind: 'error' as const,
      type: ROUTE_TYPE.UNREACHABLE,
      outDevice: LOOPBACK_INDEX,
      error,
      entry: saying,
    });
    if (!saying) return this.#cached(0x10000000 - error, 0, make);
    return (
      this.#kept(saying, FAILED_KEY) ?? this.#keep(saying, FAILED_KEY, new MadeRoute4(this.#host, make()))
    );
  }

  /** What was made of an entry, if nothing has changed since. */
  #kept(entry: FibEntry4, key: number): Route4 | undefined {
    const route = entry.made.get(key);
    return route?.generation === this.#host.routing4.generation ? route : undefined;
  }

  #keep(entry: FibEntry4, key: number, route: Route4): Route4 {
    entry.made.set(key, route);
    return route;
  }

  #cached(key: number, realm: number, make: () => Given): Route4 {
    if (realm !== 0) return new MadeRoute4(this.#host, { ...make(), realm });
    let route = this.#simple.get(key);
    if (!route) {
      route = new MadeRoute4(this.#host, make());
      this.#simple.set(key, route);
    }
    return route;
  }
}
