import { INFO_UNTRACKED } from '../conntrack/connection.ts';
import { transportOf } from '../conntrack/transport.ts';
import { Tuple } from '../conntrack/tuple.ts';
import { manipulate } from '../nat/manip.ts';
import { DESTINATION, SOURCE } from '../nat/range.ts';
import { type Family, FORWARD, INPUT, OUTPUT, PACKET_HOST, PRIORITY } from '../netfilter/constants.ts';
import type { HookFunction, Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ROUTE_TYPE, type Services } from '../netfilter/services.ts';
import { ACCEPT, DROP, STOLEN, type Verdict } from '../netfilter/verdict.ts';
import { get16 } from '../wire/bytes.ts';
import { decreaseIpv4Ttl, ipv4Ttl } from '../wire/ipv4.ts';
import { TCP_ACK, TCP_FLAGS_AT, TCP_LENGTH, TCP_RST, TCP_SYN } from '../wire/tcp.ts';
import type { Balancer } from './balancer.ts';
import type { Balanced } from './connection.ts';
import { ICMP, ICMPV6, icmpChecksumIsRight, isIcmpError, rewriteIcmpError } from './icmp.ts';
import { IPPROTO_TCP, IPPROTO_UDP } from './service.ts';
import type { BalanceTable } from './table.ts';
import { STATE } from './tcp-states.ts';

const NAME = 'balance';
const QUOTE_AT = 8;
const HOP_LIMIT_AT = 7;
const DF = 0x4000;
/** ICMP and ICMPv6: type and code of what senders are told. */
const ERRORS = {
  4: { port: [3, 3], host: [3, 1], tooBig: [3, 4], expired: [11, 0] },
  6: { port: [1, 4], host: [1, 3], tooBig: [2, 0], expired: [3, 0] },
} as const;
type ErrorName = keyof (typeof ERRORS)[4];

/** What packets meet at the hooks: see the table at Balancer. (net/netfilter/ipvs/ip_vs_core.c, ip_vs_xmit.c) */
export class PacketPath {
  readonly #hooks: Hooks;
  readonly #services: Services;
  readonly #balancer: Balancer;
  readonly #table: BalanceTable;
  /** Packets that were translated on this host already, by their ids (skb->ipvs_property). */
  readonly #done = new WeakMap<Packet, number>();
  readonly #tuple = new Tuple();
  readonly #other = new Tuple();

  constructor(hooks: Hooks, services: Services, balancer: Balancer, table: BalanceTable) {
    this.#hooks = hooks;
    this.#services = services;
    this.#balancer = balancer;
    this.#table = table;
  }

  /** Hooks in; the answers take it out again. */
  register(family: Family): (() => void)[] {
    const inward: HookFunction = (packet, { hook }) => this.#in(packet, hook === OUTPUT);
    const outward: HookFunction = (packet, { hook }) => this.#out(packet, hook !== INPUT);
    const errors: HookFunction = (packet) => this.#errorsIn(packet);
    const places = [
      [INPUT, PRIORITY.NAT_SRC - 2, 'balance: answers', outward],
      [INPUT, PRIORITY.NAT_SRC - 1, 'balance', inward],
      [OUTPUT, PRIORITY.NAT_DST + 1, 'balance: answers', outward],
      [OUTPUT, PRIORITY.NAT_DST + 2, 'balance', inward],
      [FORWARD, PRIORITY.NAT_SRC - 1, 'balance: ICMP errors', errors],
      [FORWARD, PRIORITY.NAT_SRC, 'balance: answers', outward],
    ] as const;
    return places.map(([hook, priority, name, run]) =>
      this.#hooks.register({ name, family, hook, priority, run }),
    );
  }

  /** From a client. (ip_vs_in_hook) */
  #in(packet: Packet, local: boolean): Verdict {
    if ((packet.type !== PACKET_HOST && !local) || this.#isDone(packet)) return ACCEPT;
    const { bytes, network, end, family } = packet;
    const transport = transportOf(bytes, network, end, family);
    if (transport === undefined) return ACCEPT;
    const { protocol, offset } = transport;
    if (protocol === ICMP || protocol === ICMPV6) return this.#errorIn(packet, protocol, offset);
    const tuple = this.#read(packet.bytes, network, offset, end, protocol, family);
    if (tuple === undefined) return ACCEPT;
    const flags = protocol === IPPROTO_TCP ? bytes[offset + TCP_FLAGS_AT]! : 0;
    let connection = this.#table.findIn(tuple, false);
    if (connection && (flags & TCP_SYN) !== 0 && this.#isOver(connection)) {
      this.#balancer.end(connection);
      connection = undefined;
    }
    if (connection === undefined) {
      const service = this.#balancer.match(packet, tuple);
      if (service === undefined) return ACCEPT;
      // Only a SYN begins something; what else comes to no connection is the host's own.
      if (protocol === IPPROTO_TCP && (flags & (TCP_SYN | TCP_ACK | TCP_RST)) !== TCP_SYN) return ACCEPT;
      connection = this.#balancer.schedule(service, tuple, packet);
      if (connection === undefined) {
        this.#explain(packet, `no backend of ${service.name} takes a new connection`);
        return this.#tell(packet, 'port', 0);
      }
    } else if (!connection.backend.available) {
      // Neither moved nor reset: the backend may come back.
      this.#explain(packet, `backend ${connection.backend.name} was removed`);
      if (this.#balancer.expireNoDestination) this.#balancer.end(connection);
      return DROP;
    }
    this.#balancer.seen(connection, true, end - network, flags);
    this.#other.swapFrom(connection.reply);
    if (!manipulate(bytes, network, end, this.#other, family, DESTINATION)) return DROP;
    return this.#send(packet, local, connection.original);
  }

  /** A SYN for a connection that lingers begins a new one. (is_new_conn_expected) */
  #isOver(connection: Balanced): boolean {
    return connection.control === undefined && connection.state === STATE.TIME_WAIT;
  }

  /** Ports and addresses of a TCP or UDP packet; undefined for others and for headers that are cut off. */
  #read(bytes: Uint8Array, network: number, offset: number, end: number, protocol: number, family: Family) {
    if (protocol === IPPROTO_TCP ? offset + TCP_LENGTH > end : protocol !== IPPROTO_UDP || offset + 8 > end) {
      return undefined;
    }
    return this.#readQuoted(bytes, network, offset, end, protocol, family);
  }

  #readQuoted(
    bytes: Uint8Array,
    network: number,
    offset: number,
    end: number,
    protocol: number,
    family: Family,
  ) {
    if ((protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP) || offset + 8 > end) return undefined;
    const tuple = this.#tuple;
    tuple.readAddresses(bytes, network, family);
    tuple.protocol = protocol;
    tuple.sourcePart = get16(bytes, offset);
    tuple.destinationPart = get16(bytes, offset + 2);
    return tuple;
  }

  /** From a backend. (ip_vs_out_hook) */
  #out(packet: Packet, reroute: boolean): Verdict {
    if (this.#isDone(packet)) return ACCEPT;
    const { bytes, network, end, family } = packet;
    const transport = transportOf(bytes, network, end, family);
    if (transport === undefined) return ACCEPT;
    const { protocol, offset } = transport;
    if (protocol === ICMP || protocol === ICMPV6) return this.#errorOut(packet, protocol, offset, reroute);
    const tuple = this.#read(bytes, network, offset, end, protocol, family);
    const connection = tuple && this.#table.findOut(tuple);
    if (connection === undefined) return ACCEPT;
    const flags = protocol === IPPROTO_TCP ? bytes[offset + TCP_FLAGS_AT]! : 0;
    this.#other.swapFrom(connection.original);
    if (!manipulate(bytes, network, end, this.#other, family, SOURCE)) return DROP;
    this.#balancer.seen(connection, false, end - network, flags);
    return this.#answered(packet, reroute);
  }

  /** The source is another now, and with it perhaps the way (ip_vs_route_me_harder). */
  #answered(packet: Packet, reroute: boolean): Verdict {
    this.#finish(packet);
    if (!reroute || packet.route === undefined || packet.route.type === ROUTE_TYPE.LOCAL) return ACCEPT;
    return this.#services.reroute(packet) < 0 ? DROP : ACCEPT;
  }

  /** The connection of the packet that an ICMP error quotes; the quoted packet went the other way. */
  #quoted(packet: Packet, protocol: number, offset: number, fromBackend: boolean): Balanced | undefined {
    const { bytes, end, family } = packet;
    if (protocol !== (family === 4 ? ICMP : ICMPV6) || !isIcmpError(bytes, offset, end, family))
      return undefined;
    const inside = offset + QUOTE_AT;
    if (bytes[inside]! >> 4 !== family) return undefined;
    const quoted = transportOf(bytes, inside, end, family);
    const tuple = quoted && this.#readQuoted(bytes, inside, quoted.offset, end, quoted.protocol, family);
    if (tuple === undefined) return undefined;
    this.#other.swapFrom(tuple);
    return fromBackend ? this.#table.findOut(this.#other) : this.#table.findIn(this.#other, false);
  }

  /** FORWARD: what is no ICMP error is none of its business. (ip_vs_forward_icmp) */
  #errorsIn(packet: Packet): Verdict {
    const transport = transportOf(packet.bytes, packet.network, packet.end, packet.family);
    if (transport === undefined || this.#isDone(packet)) return ACCEPT;
    return this.#errorIn(packet, transport.protocol, transport.offset);
  }

  /** An ICMP error from a client's side, about an answer. (ip_vs_in_icmp) */
  #errorIn(packet: Packet, protocol: number, offset: number): Verdict {
    const connection = this.#quoted(packet, protocol, offset, false);
    if (connection === undefined) return ACCEPT;
    const { bytes, network, end, family } = packet;
    if (!connection.backend.available || !icmpChecksumIsRight(bytes, network, offset, end, family))
      return DROP;
    const { reply } = connection;
    this.#other.swapFrom(reply);
    if (!rewriteIcmpError(bytes, network, offset, end, this.#other, reply, family, DESTINATION)) return DROP;
    // About an error nobody is told: there is nothing to undo.
    return this.#send(packet, false, undefined);
  }

  /** An ICMP error from the backends' side, about what was sent to one. (ip_vs_out_icmp) */
  #errorOut(packet: Packet, protocol: number, offset: number, reroute: boolean): Verdict {
    const connection = this.#quoted(packet, protocol, offset, true);
    if (connection === undefined) return ACCEPT;
    const { bytes, network, end, family } = packet;
    if (!icmpChecksumIsRight(bytes, network, offset, end, family)) return DROP;
    const { original } = connection;
    this.#other.swapFrom(original);
    if (!rewriteIcmpError(bytes, network, offset, end, this.#other, original, family, SOURCE)) return DROP;
    return this.#answered(packet, reroute);
  }

  /**
   * Sends a packet that has its backend as destination: up to a process if that is this host, else by a route of its
   * own through OUTPUT. `undo` has the destination as it was, for what senders are told. (ip_vs_nat_xmit)
   */
  #send(packet: Packet, local: boolean, undo: Tuple | undefined): Verdict {
    const { bytes, network, family } = packet;
    const type = this.#services.addressType(family, bytes, network + (family === 4 ? 16 : 24), 0);
    if (type === ROUTE_TYPE.LOCAL) {
      this.#finish(packet);
      return local && this.#services.reroute(packet) < 0 ? DROP : ACCEPT;
    }
    const before = packet.route;
    const error = this.#services.reroute(packet);
    const route = packet.route;
    const trouble = error < 0 ? 'host' : this.#trouble(packet);
    if (trouble !== undefined) {
      packet.route = before;
      if (undo === undefined) return DROP;
      manipulate(bytes, network, packet.end, undo, family, DESTINATION);
      this.#explain(packet, `not sent on to the backend: ${TROUBLES[trouble]}`);
      return this.#tell(packet, trouble, trouble === 'tooBig' ? (route?.mtu ?? 0) : 0);
    }
    if (family === 4) decreaseIpv4Ttl(bytes, network);
    else bytes[network + HOP_LIMIT_AT]!--;
    this.#finish(packet);
    this.#services.sendLocal(packet);
    return STOLEN;
  }

  /** Why it cannot go by its route. */
  #trouble(packet: Packet): ErrorName | undefined {
    const { bytes, network, end, family, route } = packet;
    const hops = family === 4 ? ipv4Ttl(bytes, network) : bytes[network + HOP_LIMIT_AT]!;
    if (hops <= 1) return 'expired';
    if (end - network <= (route?.mtu ?? 0)) return undefined;
    return family === 6 || (get16(bytes, network + 6) & DF) !== 0 ? 'tooBig' : undefined;
  }

  #tell(packet: Packet, error: ErrorName, info: number): Verdict {
    const [type, code] = ERRORS[packet.family][error];
    this.#services.sendIcmpError(packet, type, code, info);
    return DROP;
  }

  #explain(packet: Packet, why: string): void {
    this.#hooks.observer?.choose?.(packet, NAME, why);
  }

  /** Translated: not again on this host, and nothing for connection tracking (ip_vs_notrack). */
  #finish(packet: Packet): void {
    this.#done.set(packet, packet.id);
    packet.connection = undefined;
    packet.connectionInfo = INFO_UNTRACKED;
  }

  #isDone(packet: Packet): boolean {
    return this.#done.get(packet) === packet.id;
  }
}

const TROUBLES: Readonly<Record<ErrorName, string>> = {
  port: 'no backend',
  host: 'there is no route',
  tooBig: 'too long for the way',
  expired: 'time to live exceeded',
};
