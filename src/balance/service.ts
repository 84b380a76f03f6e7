import type { Family } from '../netfilter/constants.ts';
import { type Address, printEndpoint } from './address.ts';
import { Counters } from './counters.ts';
import type { Scheduler } from './schedulers/scheduler.ts';

export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

/** One real server of a service. */
export class Backend {
  service: Service;
  readonly address: Address;
  /** Of a service by mark or for all ports 0: the port that the client asked for. */
  readonly port: number;
  /** 0 to 2³¹-1; 0 drains: no new connections come. */
  weight: number;
  /** The last weight that was not 0. */
  lastWeight: number;
  /** With this many connections no new ones come; 0 for no such limit. */
  upper: number;
  /** New ones come again below this many; 0 for three quarters of {@link upper}. */
  lower: number;
  /** Established connections and those about to be. */
  active = 0;
  /** Others, UDP's among them. */
  inactive = 0;
  /** Clients that are bound here by persistence. */
  persistent = 0;
  /** Reached {@link upper}. */
  overloaded = false;
  /** False once it was removed; its connections keep it. */
  available = true;
  readonly counters: Counters;

  constructor(service: Service, address: Address, port: number, weight: number, now: number) {
    this.service = service;
    this.address = address;
    this.port = port;
    this.weight = weight;
    this.lastWeight = weight;
    this.upper = 0;
    this.lower = 0;
    this.counters = new Counters(now);
  }

  /** Takes new connections. */
  get takesNew(): boolean {
    return this.weight > 0 && !this.overloaded;
  }

  /** What a connection costs the least-connection schedulers (ip_vs_dest_conn_overhead). */
  get overhead(): number {
    return this.active * 256 + this.inactive;
  }

  /** `10.0.0.1:80` */
  get name(): string {
    return printEndpoint(this.address, this.port);
  }

  /** Looks at the limits again after a connection came or went (ip_vs_bind_dest, ip_vs_unbind_dest). */
  checkLoad(came: boolean): void {
    const total = this.active + this.inactive;
    if (came) {
      if (this.upper !== 0 && total >= this.upper) this.overloaded = true;
    } else if (this.lower !== 0) {
      if (total < this.lower) this.overloaded = false;
    } else if (this.upper !== 0) {
      if (total * 4 < this.upper * 3) this.overloaded = false;
    } else {
      this.overloaded = false;
    }
  }
}

/** A virtual service: where it listens, who serves it, and how they are chosen. */
export class Service {
  readonly family: Family;
  /** 6 or 17; 0 of a service by mark. */
  readonly protocol: number;
  /** Undefined of a service by mark. */
  readonly address: Address | undefined;
  /** 0: all ports without a service of their own. */
  readonly port: number;
  /** The firewall mark; 0 of a service by address. */
  readonly mark: number;
  scheduler: Scheduler;
  /** `sh-fallback`, `mh-port`, …: see each scheduler. */
  flags: ReadonlySet<string> = new Set();
  /** Seconds that a client stays with its backend; 0: it does not. */
  persistence = 0;
  /** Leading bits of a client's address that count for persistence: 0 to 32, or 0 to 128. */
  prefix: number;
  /** In the order in which they were added. */
  readonly backends: Backend[] = [];
  readonly counters: Counters;

  constructor(
    family: Family,
    protocol: number,
    address: Address | undefined,
    port: number,
    mark: number,
    scheduler: Scheduler,
    now: number,
  ) {
    this.family = family;
    this.protocol = protocol;
    this.address = address;
    this.port = port;
    this.mark = mark;
    this.scheduler = scheduler;
    this.prefix = family === 4 ? 32 : 128;
    this.counters = new Counters(now);
  }

  /** `TCP 192.0.2.1:80`, `mark 7` */
  get name(): string {
    if (this.address === undefined) return `mark ${this.mark}`;
    const protocol = this.protocol === IPPROTO_TCP ? 'TCP' : 'UDP';
    return `${protocol} ${printEndpoint(this.address, this.port)}`;
  }
}
