import type { ErrnoName } from '../../netfilter/constants.ts';
import type { Packet, Sender } from '../../netfilter/packet.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import { Flow6, type Route6 } from '../routing/route6.ts';
import type { Socket } from '../sockets.ts';
import { ADDRESS_LENGTH } from './address.ts';
import { Discovery } from './discovery.ts';
import { DiscoverySender } from './discovery-send.ts';
import { IcmpErrors6 } from './errors.ts';
import { Extensions } from './extensions.ts';
import { Forward6 } from './forward.ts';
import { HEADER_LENGTH, NEXT_HEADER } from './headers.ts';
import { IcmpInput6 } from './icmp.ts';
import { ICMP6, UNREACHABLE } from './icmp-types.ts';
import { Input6 } from './input.ts';
import { Local6 } from './local.ts';
import { Output6 } from './output.ts';
import { RateLimits6 } from './rate-limits.ts';
import { Settings6 } from './settings.ts';
import { setNextHeaderAt } from './state.ts';
import { Tcp6 } from './tcp.ts';
import { Udp6 } from './udp.ts';

const LOOPBACK_INDEX = 1;

/** The IPv6 path of a host: its parts, and what others call. */
export class Ipv6 {
  readonly settings: Settings6;
  readonly limits: RateLimits6;
  readonly input: Input6;
  readonly extensions: Extensions;
  readonly forward: Forward6;
  readonly output: Output6;
  readonly local: Local6;
  readonly errors: IcmpErrors6;
  readonly icmp: IcmpInput6;
  readonly discovery: Discovery;
  readonly discoverySender: DiscoverySender;
  readonly tcp: Tcp6;
  readonly udp: Udp6;
  readonly #host: Host;
  readonly #flow = new Flow6();
  #labelSeed = 0;

  constructor(host: Host) {
    this.#host = host;
    this.settings = new Settings6(host);
    this.limits = new RateLimits6(host);
    this.input = new Input6(host);
    this.extensions = new Extensions(host);
    this.forward = new Forward6(host);
    this.output = new Output6(host);
    this.local = new Local6(host);
    this.errors = new IcmpErrors6(host);
    this.icmp = new IcmpInput6(host);
    this.discovery = new Discovery(host);
    this.discoverySender = new DiscoverySender(host);
    this.tcp = new Tcp6(host);
    this.udp = new Udp6(host);
  }

  /** A packet comes in by an interface; it is the path's from here on. Nothing that it contains makes this throw. */
  receive(packet: Packet, iface: Interface): void {
    this.input.receive(packet, iface);
  }

  /** See {@link Local6.sendRaw}. */
  sendRaw(packet: Uint8Array, sender: Sender): ErrnoName | undefined {
    return this.local.sendRaw(packet, sender);
  }

  /** See {@link Local6.sendUdp}. */
  sendUdp(socket: Socket, to: Uint8Array, port: number, payload: Uint8Array): ErrnoName | undefined {
    return this.local.sendUdp(socket, to, port, payload);
  }

  /** See {@link Local6.sendLocal}. */
  sendLocal(packet: Packet): number {
    return this.local.sendLocal(packet);
  }

  /** See {@link Local6.reroute}. */
  reroute(packet: Packet): number {
    return this.local.reroute(packet);
  }

  /**
   * An ICMPv6 error about a packet that a rule refuses (nf_send_unreach6): lo stands in for the interface that a packet
   * of the host's own has not got yet. The packet stays the caller's.
   */
  sendIcmpError(packet: Packet, type: number, code: number, info: number): void {
    this.errors.send(packet, type, code, info, packet.inDevice || LOOPBACK_INDEX);
  }

  /** The neighbour that a packet is for does not answer: its sender is told, and the packet ends (ndisc_error_report). */
  neighbourFailed(packet: Packet): void {
    this.errors.send(packet, ICMP6.UNREACHABLE, UNREACHABLE.ADDRESS, 0, packet.outDevice);
    this.#host.drop(packet, 'neighbour', 'the neighbour does not answer');
  }

  /** See {@link DiscoverySender.solicit}. */
  solicit(device: Interface, target: Uint8Array, unicast: boolean, packet: Packet | undefined): void {
    this.discoverySender.solicit(device, target, unicast, packet);
  }

  /** A packet that waited in a queue was given other bytes: its headers are found again. */
  replaced(packet: Packet): void {
    packet.transport = packet.network + HEADER_LENGTH;
    setNextHeaderAt(packet, NEXT_HEADER);
  }

  /** A flow to be filled in for a route look-up; the same one each time. */
  newFlow(): Flow6 {
    return this.#flow.reset();
  }

  /** The interface behind lo: what this host sent to itself counts as come by that of the address (icmp6_dev). */
  realDevice(packet: Packet, device: number): number {
    if (device !== LOOPBACK_INDEX || !packet.route) return device;
    return (packet.route as Route6).device;
  }

  /** Flow label of what this host sends: as asked for, or one made of the flow (ip6_make_flowlabel). */
  flowLabel(flow: Flow6): number {
    const asked = flow.flowLabel & 0xfffff;
    const { auto_flowlabels, flowlabel_state_ranges } = this.settings.net;
    // 2: only for sockets that ask for it.
    if (asked !== 0 || auto_flowlabels === 0 || auto_flowlabels === 2) return asked;
    this.#labelSeed ||= this.#host.services.random() | 1;
    let hash = this.#labelSeed ^ (flow.protocol << 16) ^ (flow.sourcePort << 8) ^ flow.destinationPort;
    for (let i = 0; i < ADDRESS_LENGTH; i++) {
      hash = Math.imul(hash ^ flow.source[i]! ^ (flow.destination[i]! << 8), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return (hash & 0xfffff) | (flowlabel_state_ranges !== 0 ? 0x80000 : 0);
  }
}
