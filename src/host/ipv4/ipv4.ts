import type { ErrnoName } from '../../netfilter/constants.ts';
import type { Fragments4 } from '../../netfilter/fragments4.ts';
import { KERNEL_SENDER, type Packet, type Sender } from '../../netfilter/packet.ts';
import { ROUTE_TYPE, type Route } from '../../netfilter/services.ts';
import { set16, set32 } from '../../wire/bytes.ts';
import {
  IPV4_DESTINATION_AT,
  IPV4_ID_AT,
  IPV4_LENGTH,
  IPV4_PROTOCOL_AT,
  IPV4_SOURCE_AT,
  IPV4_TOS_AT,
  IPV4_TTL_AT,
} from '../../wire/ipv4.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import { Flow4, type Route4 } from '../routing/route4.ts';
import { dotted } from '../routing/special4.ts';
import type { Socket } from '../sockets.ts';
import { Deliver4 } from './deliver.ts';
import { Forward4 } from './forward.ts';
import { headerLength, MAX_MTU } from './header.ts';
import { HOST_UNREACHABLE, Icmp, UNREACHABLE } from './icmp.ts';
import { IcmpInput } from './icmp-input.ts';
import { Local4 } from './local.ts';
import { Options } from './options.ts';
import { OptionsPath } from './options-path.ts';
import { buildOptions, type EchoedOptions } from './options-write.ts';
import { nextHop, Output4 } from './output.ts';
import { Peers } from './peers.ts';
import { makeFragments } from './reassembly.ts';
import { Receive4 } from './receive.ts';
import { settings4 } from './settings.ts';
import { FORWARDED, setOptions } from './state.ts';
import { Tcp4 } from './tcp.ts';
import { Udp4 } from './udp.ts';

/** No IPv4 link has a smaller MTU (RFC 791). */
const LEAST_MTU = 68;
/** With a locked MTU, gateways are not trusted with more. */
const LOCKED_MTU = 576;

/** The IPv4 path of a host. */
export class Ipv4 {
  readonly settings;
  readonly peers: Peers;
  readonly fragments: Fragments4;
  readonly options: OptionsPath;
  readonly input: Receive4;
  readonly deliver: Deliver4;
  readonly forward: Forward4;
  readonly output: Output4;
  readonly local: Local4;
  readonly icmp: Icmp;
  readonly icmpInput: IcmpInput;
  readonly tcp: Tcp4;
  readonly udp: Udp4;
  /** Source and destination that the last {@link find} chose. */
  chosenSource = 0;
  chosenDestination = 0;
  readonly #host: Host;
  readonly #flow = new Flow4();

  constructor(host: Host) {
    this.#host = host;
    this.settings = settings4(host.sysctl);
    this.peers = new Peers(() => host.timers.now);
    this.options = new OptionsPath(host);
    this.input = new Receive4(host);
    this.deliver = new Deliver4(host);
    this.forward = new Forward4(host);
    this.output = new Output4(host);
    this.local = new Local4(host);
    this.icmp = new Icmp(host);
    this.icmpInput = new IcmpInput(host);
    this.tcp = new Tcp4(host);
    this.udp = new Udp4(host);
    this.fragments = makeFragments(host, this.settings);
  }

  /** A packet comes in by an interface; it is the path's from here on. */
  receive(packet: Packet, iface: Interface): void {
    this.input.receive(packet, iface);
  }

  /** See {@link Local4.sendRaw}. */
  sendRaw(packet: Uint8Array, sender: Sender): ErrnoName | undefined {
    return this.local.sendRaw(packet, sender);
  }

  /** See {@link Local4.sendUdp}. */
  sendUdp(socket: Socket, to: Uint8Array, port: number, payload: Uint8Array): ErrnoName | undefined {
    return this.local.sendUdp(socket, to, port, payload);
  }

  /** See {@link Local4.sendLocal}. */
  sendLocal(packet: Packet): number {
    return this.local.sendLocal(packet);
  }

  /** See {@link Local4.sendOut}. */
  sendOut(packet: Packet, why: string): number {
    return this.local.sendOut(packet, why);
  }

  /** See {@link Icmp.sendError}. */
  sendIcmpError(packet: Packet, type: number, code: number, info: number): void {
    this.icmp.sendError(packet, type, code, info);
  }

  /** See {@link Local4.reroute}. */
  reroute(packet: Packet): number {
    return this.local.reroute(packet);
  }

  /** A process is sending by a raw socket right now. */
  get rawSocketIsOpen(): boolean {
    return this.local.rawSockets > 0;
  }

  /**
   * The neighbour that a packet is for does not answer: its sender is told, and the packet ends
   * (net/ipv4/route.c ipv4_link_failure).
   */
  neighbourFailed(packet: Packet): void {
    const host = this.#host;
    const { bytes, network } = packet;
    const hop = nextHop(packet.route as Route4, packet);
    if (packet.end - network >= IPV4_LENGTH && bytes[network]! >> 4 === 4) {
      let options: Options | undefined;
      let wrong = headerLength(packet) < IPV4_LENGTH ? 1 : 0;
      if (headerLength(packet) > IPV4_LENGTH && packet.end - network >= headerLength(packet)) {
        options = new Options();
        wrong = this.options.read(packet, options);
      }
      if (wrong === 0) this.icmp.sendError(packet, UNREACHABLE, HOST_UNREACHABLE, 0, options);
    }
    host.drop(packet, 'neighbour', `${dotted(hop)} does not answer`);
  }

  /** A packet that waited in a queue was given other bytes: its headers are found again. */
  replaced(packet: Packet): void {
    packet.transport = packet.network + headerLength(packet);
  }

  /** A flow to be filled in for a route look-up; the same one each time. */
  newFlow(): Flow4 {
    return this.#flow.reset();
  }

  /** The way for a packet of the host's own, or a negative error number. What it leaves open is chosen. */
  find(flow: Flow4): Route4 | number {
    const route = this.#host.routing4.output(flow);
    this.chosenSource = flow.source;
    this.chosenDestination = flow.destination;
    return route;
  }

  /** See {@link find}. */
  route(
    to: number,
    from: number,
    tos: number,
    mark: number,
    protocol: number,
    sourcePort = 0,
    destinationPort = 0,
    anySource = false,
  ): Route4 | number {
    const flow = this.newFlow();
    flow.destination = to;
    flow.source = from;
    flow.tos = tos & 0xfc;
    flow.mark = mark;
    flow.protocol = protocol;
    flow.sourcePort = sourcePort;
    flow.destinationPort = destinationPort;
    flow.anySource = anySource;
    return this.find(flow);
  }

  /**
   * A packet of the host's own between the addresses that {@link find} chose: header, options, and `length` bytes of
   * zeros behind them. `end` is where a source route among the options leads (__ip_make_skb).
   */
  build(
    route: Route4,
    protocol: number,
    tos: number,
    length: number,
    options: EchoedOptions | undefined,
    end: number,
  ): Packet {
    const packet = this.#host.pool.acquire();
    packet.sender = KERNEL_SENDER;
    const header = IPV4_LENGTH + (options?.length ?? 0);
    packet.resize(header + length);
    const { bytes, network } = packet;
    bytes.fill(0, network, packet.end);
    bytes[network] = 0x40 | (header >> 2);
    bytes[network + IPV4_TOS_AT] = tos;
    bytes[network + IPV4_TTL_AT] = this.hopLimit(route);
    bytes[network + IPV4_PROTOCOL_AT] = protocol;
    set16(bytes, network + IPV4_ID_AT, this.nextIdentification());
    set32(bytes, network + IPV4_SOURCE_AT, this.chosenSource);
    set32(bytes, network + IPV4_DESTINATION_AT, this.chosenDestination);
    packet.route = route;
    packet.transport = network + header;
    if (options && options.length > 0) {
      // What it records is its own source (ip_rt_get_source on an output route).
      buildOptions(options, bytes, network, end, this.chosenSource, this.options.timeOfDay());
      setOptions(packet, options);
    }
    return packet;
  }

  /** TTL of the host's own packets on a route. */
  hopLimit(route: Route): number {
    if (route.type === ROUTE_TYPE.MULTICAST) return 1;
    return (route as Route4).metrics.hoplimit || this.settings.ip_default_ttl;
  }

  /** An identification that no one can foretell. */
  nextIdentification(): number {
    return this.#host.services.random() & 0xffff;
  }

  /** Longest packet on a packet's way: forwarded ones heed a learned path MTU only with ip_forward_use_pmtu. */
  mtu(packet: Packet): number {
    const route = packet.route as Route4;
    const forwarding = (packet.flags & FORWARDED) !== 0;
    if (!forwarding || this.settings.ip_forward_use_pmtu !== 0 || route.mtuLocked) return this.pathMtu(route);
    return this.linkMtu(route);
  }

  /** MTU of a route with what was learned about the path. */
  pathMtu(route: Route4): number {
    return Math.min(route.mtu, MAX_MTU);
  }

  /** MTU of a route without what was learned. */
  linkMtu(route: Route4): number {
    const set = route.metrics.mtu;
    if (set) return Math.min(set, MAX_MTU);
    const mtu = this.#host.interfaces.byIndex(route.outDevice)?.mtu ?? LEAST_MTU;
    return Math.min(route.mtuLocked && route.gateway !== 0 ? Math.min(mtu, LOCKED_MTU) : mtu, MAX_MTU);
  }

  /** The segment size that TCP offers (ipv4_default_advmss). */
  advertisedSegment(route: Route4): number {
    return route.metrics.advmss || Math.max(this.pathMtu(route) - 40, this.settings.route_min_adv_mss);
  }
}
