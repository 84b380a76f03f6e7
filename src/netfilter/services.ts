import type { Family, Hook } from './constants.ts';
import type { HookState } from './hooks.ts';
import type { LocalSockets } from './local-socket.ts';
import type { LogGroups } from './log-groups.ts';
import type { Packet } from './packet.ts';
import type { Timers } from './timers.ts';

/** Route types (RTN_* of include/uapi/linux/rtnetlink.h), also what `addrtype` distinguishes. */
export const ROUTE_TYPE = {
  UNSPEC: 0,
  UNICAST: 1,
  LOCAL: 2,
  BROADCAST: 3,
  ANYCAST: 4,
  MULTICAST: 5,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
  THROW: 9,
  NAT: 10,
  XRESOLVE: 11,
} as const;

/** What {@link Services.reversePath} answers. */
export const REVERSE_PATH = { FITS: 0, NO_ROUTE: 1, NOT_UNICAST: 2, OTHER_INTERFACE: 3 } as const;

/** A routing decision: the kernel's dst_entry. */
export interface Route {
  /** One of ROUTE_TYPE. */
  readonly type: number;
  /** Interface the packet leaves by (for LOCAL: the one it is delivered on, lo for the host's own). */
  readonly outDevice: number;
  /** Largest packet this way takes, in bytes of IP. */
  readonly mtu: number;
  /** Routing realm (tclassid), 0 if none. */
  readonly realm: number;
}

/** The questions an IPv4 or IPv6 route look-up asks. IPv4 addresses are signed 32-bit, IPv6 ones 16 bytes. */
export interface Interfaces {
  /** Name of an interface; '' for index 0 or one that is gone. */
  nameOf(index: number): string;
  /** Group of an interface (ip link set … group). */
  groupOf(index: number): number;
  /** Grows with every interface that is added, removed or renamed; caches of name patterns look at it. */
  readonly generation: number;
}

/**
 * What the floors before the host need from it. The host hands one object to every part at construction.
 */
export interface Services {
  readonly interfaces: Interfaces;
  readonly timers: Timers;
  /** Microseconds since the host started (monotonic; jiffies derive from it at HZ 250). */
  now(): number;
  /** Microseconds since 1970, UTC. */
  wallClock(): number;
  /** The time zone that the kernel was told (sys_tz): minutes west of Greenwich. */
  minutesWest(): number;
  /** Number of the CPU that handles packets now, from 0. */
  cpu(): number;
  /** A random unsigned 32-bit number from the source the host was given. */
  random(): number;
  /** A line of the kernel log: `<4>text`. */
  log(level: number, text: string): void;
  /**
   * A line about a packet as the LOG target writes it, `prefix` in front, at level 5 (nf_log_packet without options).
   * Without `state` it names no interfaces.
   */
  logPacket(packet: Packet, state: HookState | undefined, prefix: string): void;
  /** Makes an answer that the host sends part of the connection of the packet it is about (nf_ct_attach). */
  attach(answer: Packet, about: Packet): void;
  /**
   * Type of an address (ROUTE_TYPE) as `addrtype` sees it. `address` lies at `offset` of `bytes` in network order.
   * `device` restricts to an interface, 0 for any. (net/ipv4/fib_frontend.c inet_dev_addr_type; xt_addrtype.c)
   */
  addressType(family: Family, bytes: Uint8Array, offset: number, device: number): number;
  /**
   * Network mask of an interface's first IPv4 address that has this broadcast address; 0 if there is none.
   * `device` is an index. (what net/netfilter/nf_conntrack_broadcast.c looks for)
   */
  broadcastMask(device: number, address: number): number;
  /**
   * Would an answer to the packet's source leave by `device`, an index? One of REVERSE_PATH. `mark` is what policy rules see;
   * `loose`: by any interface; `acceptLocal`: the source may be the host's own. (what xt_rpfilter asks)
   */
  reversePath(packet: Packet, device: number, mark: number, loose: boolean, acceptLocal: boolean): number;
  /** Sends a packet of the host's own: route look-up, OUTPUT, POSTROUTING. `packet.network…end` is a whole IP packet. */
  sendLocal(packet: Packet): number;
  /** An ICMP or ICMPv6 error about `packet`, with Linux's rules of when not to send one. `info` is MTU, pointer or gateway. */
  sendIcmpError(packet: Packet, type: number, code: number, info: number): void;
  /** Looks the route up again after mangling in OUTPUT (ip_route_me_harder): 0, or a negative error number. */
  reroute(packet: Packet): number;
  /**
   * The address that masquerading gives to a packet about to leave by `device`: 4 or 16 bytes; undefined if there is none.
   * (inet_select_addr for the next hop, ipv6_dev_get_saddr)
   */
  sourceAddress(packet: Packet, device: number): Uint8Array | undefined;
  /** The first address of the interface that a packet came by, to which REDIRECT sends it; undefined if it has none. */
  ownAddress(packet: Packet, device: number): Uint8Array | undefined;
  /**
   * The address of an interface at which TPROXY looks for a socket: 4 or 16 bytes; undefined if it has none.
   * (net/ipv4/netfilter/nf_tproxy_ipv4.c nf_tproxy_laddr4, nf_tproxy_laddr6)
   */
  proxyAddress(family: Family, device: number): Uint8Array | undefined;
  /** The sockets of local processes. */
  readonly sockets: LocalSockets;
  /** Has fragments gathered before anything looks at them, until the answer is called (nf_defrag_ipv4_enable). */
  defragment(family: Family): () => void;
  /** Those who listen to NFLOG's groups. */
  readonly logGroups: LogGroups;
  /**
   * Sends a copy of the packet to a gateway, an address in network order, by the named interface ('' for any, also if it is
   * gone). It is not tracked, passes OUTPUT and POSTROUTING, and is not copied again on its way.
   * (net/ipv4/netfilter/nf_dup_ipv4.c, net/ipv6/netfilter/nf_dup_ipv6.c)
   */
  duplicate(packet: Packet, hook: Hook, gateway: Uint8Array, device: string): void;
  /** The smaller of the MTUs of the packet's way and of the way back to its sender, in bytes of IP. */
  bothWaysMtu(packet: Packet): number;
  /** The mark of an answer to a packet with this mark: the same with fwmark_reflect, else 0 (IP4_REPLY_MARK). */
  replyMark(family: Family, mark: number): number;
  /** Hop limit of the host's own packets: net.ipv4.ip_default_ttl, net.ipv6.conf.all.hop_limit. */
  hopLimit(family: Family): number;
  /** A fresh packet, from the host's pool; `release` gives it back. */
  acquire(): Packet;
  release(packet: Packet): void;
}
