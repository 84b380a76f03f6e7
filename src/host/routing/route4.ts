import { ROUTE_TYPE, type Route } from '../../netfilter/services.ts';

/** What the path does with a packet on this route. */
export type RouteKind = 'deliver' | 'forward' | 'error';

/** Scopes of routes and addresses (RT_SCOPE_*, include/uapi/linux/rtnetlink.h). */
export const SCOPE = { UNIVERSE: 0, SITE: 200, LINK: 253, HOST: 254, NOWHERE: 255 } as const;

/** Who made a route (RTPROT_*). */
export const PROTOCOL = { UNSPEC: 0, REDIRECT: 1, KERNEL: 2, BOOT: 3, STATIC: 4, RA: 9, DHCP: 16 } as const;

/** Numbers of the routing tables that every host has. */
export const TABLE = { UNSPEC: 0, DEFAULT: 253, MAIN: 254, LOCAL: 255 } as const;

/** One of the ways of a route; most routes have one. */
export interface NextHop4 {
  /** Interface; 0 for a route without one (unreachable …). */
  readonly device: number;
  /** Gateway, 0 if the destination is on the link. */
  readonly gateway: number;
  /** IPv6 gateway of an IPv4 route (`via inet6`). */
  readonly gateway6?: Uint8Array;
  /** 1–256. */
  readonly weight: number;
  readonly onlink: boolean;
  /** Realm of those who go this way, and in the upper half of those who come from there (tclassid); 0 for none. */
  readonly realm: number;
  /** RT_SCOPE of the next hop: HOST without a gateway, else LINK (fib_check_nh). */
  readonly scope: number;
  /** The interface is down. */
  dead: boolean;
}

/** A route as it stands in a table. Addresses are signed 32-bit numbers. */
export interface FibEntry4 {
  readonly table: number;
  readonly destination: number;
  readonly prefixLength: number;
  readonly tos: number;
  /** Metric: the lower one counts among routes of the same destination. */
  readonly priority: number;
  readonly type: number;
  readonly scope: number;
  readonly protocol: number;
  /** Source that the host's own packets get, 0 if none is set. */
  readonly source: number;
  /** As it was given for the whole route; packets go by that of the next hop. */
  readonly realm: number;
  /** Metrics: mtu, advmss, hoplimit, …; names as `ip route` has them. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly mtuLocked: boolean;
  readonly nextHops: readonly NextHop4[];
  /** Routes that were made of it, one for each next hop, kept so that a look-up makes nothing. */
  readonly made: Map<number, Route4>;
}

/** A routing decision for IPv4: the kernel's struct rtable. */
export interface Route4 extends Route {
  readonly kind: RouteKind;
  /** What is wrong, as a negative error number (-EHOSTUNREACH, -ENETUNREACH, -EACCES, -EINVAL); 0 if nothing. */
  readonly error: number;
  /** 0 if the destination is on the link. */
  readonly gateway: number;
  readonly gateway6: Uint8Array | undefined;
  /** Preferred source (fib_result_prefsrc) for packets of the host's own. */
  readonly source: number;
  /** RTCF_LOCAL: this host receives it as well. */
  readonly isLocal: boolean;
  readonly isBroadcast: boolean;
  readonly isMulticast: boolean;
  readonly scope: number;
  readonly table: number;
  readonly entry: FibEntry4 | undefined;
  /** When it was made: the tables' generation. */
  readonly generation: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly mtuLocked: boolean;
  /** The decision in words, for those who watch. */
  readonly why: string;
}

/** What a look-up asks (struct flowi4). One object may be used again and again. */
export class Flow4 {
  destination = 0;
  source = 0;
  tos = 0;
  mark = 0;
  /** Interface it came in by; lo (1) for the host's own. */
  inDevice = 1;
  /** Interface it must leave by; 0 for any. */
  outDevice = 0;
  protocol = 0;
  sourcePort = 0;
  destinationPort = 0;
  uid = 0;
  scope = 0;
  /** The sender may use any source address (FLOWI_FLAG_ANYSRC): for REJECT's and transparent sockets' packets. */
  anySource = false;

  reset(): this {
    this.destination = 0;
    this.source = 0;
    this.tos = 0;
    this.mark = 0;
    this.inDevice = 1;
    this.outDevice = 0;
    this.protocol = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.uid = 0;
    this.scope = 0;
    this.anySource = false;
    return this;
  }
}

/** The error of a route's type, negative; 0 for those that lead somewhere (net/ipv4/fib_semantics.c fib_props). */
export function typeError(type: number): number {
  switch (type) {
    case ROUTE_TYPE.BLACKHOLE:
      return -22;
    case ROUTE_TYPE.UNREACHABLE:
      return -113;
    case ROUTE_TYPE.PROHIBIT:
      return -13;
    case ROUTE_TYPE.THROW:
      return -11;
    default:
      return 0;
  }
}
