import { Balancer } from '../balance/balancer.ts';
import { Conntrack } from '../conntrack/conntrack.ts';
import { Defrag } from '../conntrack/defrag.ts';
import { Nat } from '../nat/nat.ts';
import { Hooks } from '../netfilter/hooks.ts';
import { LogGroups } from '../netfilter/log-groups.ts';
import type { Observer } from '../netfilter/observer.ts';
import type { Packet, Sender } from '../netfilter/packet.ts';
import { PacketPool } from '../netfilter/pool.ts';
import { NumberedQueues } from '../netfilter/queues.ts';
import type { Services } from '../netfilter/services.ts';
import { Timers } from '../netfilter/timers.ts';
import { Xtables } from '../xtables/xtables.ts';
import { defineConntrackSettings } from './conntrack-settings.ts';
import { InterfaceTable } from './interfaces.ts';
import { Ipv4 } from './ipv4/ipv4.ts';
import { makeFragments6 } from './ipv6/extensions.ts';
import { Ipv6 } from './ipv6/ipv6.ts';
import { Link } from './link.ts';
import { Neighbours } from './neighbours/neighbours.ts';
import { Routing4 } from './routing/routing4.ts';
import { Routing6 } from './routing/routing6.ts';
import { hostServices } from './services.ts';
import { limitThresholds, SETTING_LIMITS } from './setting-limits.ts';
import { Sockets } from './sockets.ts';
import { Sysctl } from './sysctl.ts';
import { defineUnreadSettings } from './unread-settings.ts';

/** What a host is given from outside: its clock's start, its randomness, and where what it makes goes. */
export interface HostOptions {
  /** Microseconds since 1970 (UTC) at the host's time 0. 0 if left out. */
  readonly epoch?: number;
  /** A source of unsigned 32-bit random numbers. A fixed sequence from `seed` if left out. */
  readonly random?: () => number;
  /** Seed of the fixed sequence, an unsigned 32-bit number. */
  readonly seed?: number;
  /** Gets every frame that leaves, with the interface's name. The bytes are only good for the call. */
  readonly transmit?: (device: string, frame: Uint8Array) => void;
  /** Gets every line of the kernel log, as `<4>text` without its end of line. */
  readonly log?: (line: string) => void;
}

/** A Linux host: interfaces, routes, neighbours, the five hooks, tables, and the path of a packet through them. */
export class Host {
  readonly timers = new Timers();
  readonly pool = new PacketPool();
  readonly queues: NumberedQueues;
  /** The kernel's time zone in minutes west of Greenwich, for `time --kerneltz`; 0 (UTC) unless set. */
  minutesWest = 0;
  /** Number of the CPU that handles packets, which `cpu` and NFQUEUE --queue-cpu-fanout look at. May be set at any time. */
  cpu = 0;
  /** Listeners of NFLOG's groups. */
  readonly logGroups = new LogGroups();
  readonly hooks: Hooks;
  readonly link: Link;
  readonly sysctl: Sysctl;
  readonly interfaces: InterfaceTable;
  readonly routing4: Routing4;
  readonly routing6: Routing6;
  readonly neighbours: Neighbours;
  readonly sockets: Sockets;
  readonly ipv4: Ipv4;
  readonly ipv6: Ipv6;
  readonly conntrack: Conntrack;
  readonly defrag: Defrag;
  readonly nat: Nat;
  readonly xtables: Xtables;
  readonly services: Services;
  readonly options: HostOptions;
  #balancer: Balancer | undefined = undefined;
  /** Called with each frame that leaves; replaceable while the host runs. */
  transmit: (device: string, frame: Uint8Array) => void;
  /** Called with each line of the kernel log. */
  log: (line: string) => void;
  /** Called with each ICMP or ICMPv6 error and the packet it is about, before it passes OUTPUT (nf_ct_attach). */
  attach: (error: Packet, about: Packet) => void = (error, about) => this.conntrack.attach(error, about);

  constructor(options: HostOptions = {}) {
    this.options = options;
    this.transmit = options.transmit ?? (() => {});
    this.log = options.log ?? (() => {});
    this.queues = new NumberedQueues();
    this.hooks = new Hooks(this.queues);
    this.hooks.onDrop = (packet) => this.pool.release(packet);
    this.queues.replaced = (packet) => (packet.family === 4 ? this.ipv4 : this.ipv6).replaced(packet);
    this.link = new Link(this);
    this.sysctl = new Sysctl(SETTING_LIMITS);
    this.interfaces = new InterfaceTable(this);
    this.services = hostServices(this);
    this.routing4 = new Routing4(this);
    this.routing6 = new Routing6(this);
    this.neighbours = new Neighbours(this);
    this.sockets = new Sockets(this);
    this.ipv4 = new Ipv4(this);
    this.ipv6 = new Ipv6(this);
    this.conntrack = new Conntrack({
      hooks: this.hooks,
      services: this.services,
      defragment: (family) => this.defrag.acquire(family),
    });
    const { settings } = this.conntrack;
    const fragmentTimeout = settings.timeout('frag6_timeout', 60);
    settings.define('nf_conntrack_frag6_low_thresh', 3145728, { min: 0 });
    const fragmentMemory = settings.define('nf_conntrack_frag6_high_thresh', 4194304, { min: 0 });
    this.defrag = new Defrag({
      hooks: this.hooks,
      fragments4: this.ipv4.fragments,
      fragments6: makeFragments6(this, {
        timeout: () => fragmentTimeout.value * 1e6,
        highThreshold: () => fragmentMemory.value,
      }),
    });
    this.nat = new Nat(this.conntrack, this.hooks, this.services);
    this.xtables = new Xtables(this.hooks, this.services, this.conntrack, this.nat);
    this.interfaces.addLoopback();
    defineUnreadSettings(this.sysctl);
    defineConntrackSettings(this.sysctl, this.conntrack);
    limitThresholds(this.sysctl);
  }

  /** The load balancer. It registers nothing before its first service. */
  get balancer(): Balancer {
    this.#balancer ??= new Balancer(this.hooks, this.services, {
      defragment: (family) => this.defrag.acquire(family),
    });
    return this.#balancer;
  }

  /** Who watches the packets of this host. */
  get observer(): Observer | undefined {
    return this.hooks.observer;
  }

  set observer(observer: Observer | undefined) {
    this.hooks.observer = observer;
  }

  /**
   * A frame arrives at an interface. The bytes are copied. Frames that no one wants end here, as on Linux; nothing
   * that a frame contains makes this throw.
   * @throws {RangeError} if there is no such interface.
   */
  receive(device: string, frame: Uint8Array): void {
    this.link.receive(this.interfaces.require(device), frame);
  }

  /**
   * A local process sends a whole IP packet by a raw socket (IPPROTO_RAW, header included).
   * Answers the name of the error that the process gets (`EPERM`, `ENETUNREACH`, …), or undefined.
   */
  send(packet: Uint8Array, sender: Partial<Sender> = {}): string | undefined {
    const { uid = 0, gid = 0, groups = [], mark = 0, cgroup = '', classId = 0 } = sender;
    const from = { uid, gid, groups, mark, cgroup, classId };
    return (packet[0] ?? 0) >> 4 === 6 ? this.ipv6.sendRaw(packet, from) : this.ipv4.sendRaw(packet, from);
  }

  /** Lets time pass, in seconds; timers that fall due run at their own moment. */
  advance(seconds: number): void {
    const { timers, link } = this;
    const until = timers.now + Math.max(0, Math.round(seconds * 1e6));
    // All that is due at one moment runs before what it sends by lo is received, as with the kernel's softirqs.
    for (let next = timers.next; next !== undefined && next <= until; next = timers.next) {
      link.hold();
      try {
        timers.advance(next - timers.now);
      } finally {
        link.release();
      }
    }
    timers.advance(until - timers.now);
  }

  /** Ends a packet's way with a reason that observers see, and gives it back to the pool. */
  drop(packet: Packet, where: string, reason: string): void {
    this.hooks.observer?.drop?.(packet, where, reason);
    this.pool.release(packet);
  }
}
