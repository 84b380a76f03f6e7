import type { Route } from '../../netfilter/services.ts';

/** What the path does with a packet on this route. */
export type RouteKind6 = 'deliver' | 'multicast' | 'forward' | 'unreachable' | 'prohibit' | 'blackhole';

/** One of the ways of an IPv6 route. */
export interface NextHop6 {
  readonly device: number;
  readonly gateway: Uint8Array | undefined;
  /** 1–256 */
  readonly weight: number;
  readonly onlink: boolean;
  dead: boolean;
}

/** A route as it stands in a table. */
export interface FibEntry6 {
  readonly table: number;
  /** 16 bytes, those behind the prefix 0. */
  readonly destination: Uint8Array;
  readonly prefixLength: number;
  /** `from` of a route; length 0 for any. */
  readonly from: Uint8Array;
  readonly fromLength: number;
  readonly metric: number;
  readonly type: number;
  readonly protocol: number;
  /** Preferred source, undefined if none is set. */
  readonly source: Uint8Array | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly mtuLocked: boolean;
  /** RA's preference: -1 low, 0 medium, 1 high. */
  readonly preference: number;
  nextHops: readonly NextHop6[];
  made: Map<number, Route6>;
}

/** A routing decision for IPv6: the kernel's struct rt6_info. */
export interface Route6 extends Route {
  readonly kind: RouteKind6;
  /** Negative error number of a route that leads nowhere; 0 else. */
  readonly error: number;
  /** Undefined if the destination is on the link. */
  readonly gateway: Uint8Array | undefined;
  /** The interface whose settings count (rt6i_idev): for local addresses the one that has the address. */
  readonly device: number;
  /** 0: as the interface says. */
  readonly hopLimit: number;
  readonly prefixLength: number;
  readonly source: Uint8Array | undefined;
  /** The MTU is the route's and not to be lowered. */
  readonly mtuLocked: boolean;
  readonly entry: FibEntry6 | undefined;
  /** The decision in words. */
  readonly why: string;
}

/** What a look-up asks (struct flowi6). */
export class Flow6 {
  readonly destination = new Uint8Array(16);
  readonly source = new Uint8Array(16);
  mark = 0;
  /** Interface it came in by; lo (1) for the host's own. */
  inDevice = 1;
  outDevice = 0;
  protocol = 0;
  sourcePort = 0;
  destinationPort = 0;
  uid = 0;
  /** Traffic class and flow label, as the header's first word has them. */
  flowLabel = 0;
  /** The sender may use any source address. */
  anySource = false;

  /** The traffic class that rules look at. */
  get tos(): number {
    return (this.flowLabel >>> 20) & 0xff;
  }

  reset(): this {
    this.destination.fill(0);
    this.source.fill(0);
    this.mark = 0;
    this.inDevice = 1;
    this.outDevice = 0;
    this.protocol = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.uid = 0;
    this.flowLabel = 0;
    this.anySource = false;
    return this;
  }
}
