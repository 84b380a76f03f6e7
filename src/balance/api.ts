import type { Family } from '../netfilter/constants.ts';
import type { Balanced } from './connection.ts';
import type { Service } from './service.ts';

/** Which virtual service: by protocol, address and port (0: all ports), or by firewall mark. */
export type ServiceName =
  | { readonly protocol: 'tcp' | 'udp'; readonly address: string; readonly port: number }
  | { readonly mark: number; readonly family?: Family };

/** How a service treats its connections. What is left out keeps its value, or the default of a new service. */
export interface ServiceOptions {
  /** `rr`, `wrr`, `lc`, `wlc` (the default), `sh`, `mh`. */
  readonly scheduler?: string;
  /** `sh-fallback`, `sh-port`, `mh-fallback`, `mh-port`; none by default. */
  readonly flags?: readonly string[];
  /** Seconds that a client stays with its backend; 0, the default: it does not. */
  readonly persistence?: number;
  /** Leading bits of the client's address that count for it; all by default. */
  readonly prefix?: number;
}

/** Which backend: an address of the service's family, and a port (0 or none: the service's). */
export interface BackendName {
  readonly address: string;
  readonly port?: number;
}

/** What is left out keeps its value; of a new backend: weight 1, no limits. */
export interface BackendOptions {
  /** 0 to 2147483647; 0 drains. */
  readonly weight?: number;
  /** No new connections from this many on; 0: no limit. */
  readonly upper?: number;
  /** New ones again below this many. */
  readonly lower?: number;
}

/** A connection was given a backend. */
export interface NewConnection {
  readonly service: Service;
  readonly connection: Balanced;
  /** In words: `its turn`. */
  readonly why: string;
}

export type ProblemKind =
  | 'service exists'
  | 'no such service'
  | 'backend exists'
  | 'no such backend'
  | 'no such scheduler'
  | 'invalid';

/** What was asked of a balancer is not to be done. */
export class BalanceProblem extends Error {
  readonly kind: ProblemKind;

  constructor(kind: ProblemKind, message: string) {
    super(message);
    this.name = 'BalanceProblem';
    this.kind = kind;
  }
}
