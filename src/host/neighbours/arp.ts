import { PACKET_HOST, PACKET_LOOPBACK, PACKET_OTHERHOST } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import { network } from '../routing/fib4.ts';
import { Flow4, SCOPE } from '../routing/route4.ts';
import { isLoopback4, isMulticast4 } from '../routing/special4.ts';
import type { Neighbours } from './neighbours.ts';
import { type Neighbour, NUD } from './states.ts';

// Offsets in an ARP packet for Ethernet and IPv4 (RFC 826).
const OPERATION = 6;
const SENDER_MAC = 8;
const SENDER = 14;
const TARGET_MAC = 18;
const TARGET = 24;
const LENGTH = 28;
const REQUEST = 1;
const REPLY = 2;
const ARP_TYPE = 0x0806;
const BROADCAST_MAC = new Uint8Array(6).fill(0xff);
/** An address that was learned less than this ago is not replaced: several hosts may answer (neigh/default/locktime). */
const LOCK_TIME = 1_000_000;

/** ARP: questions, and what is done with those and the answers that come in (net/ipv4/arp.c). */
export class Arp {
  readonly #host: Host;
  readonly #neighbours: Neighbours;

  constructor(host: Host, neighbours: Neighbours) {
    this.#host = host;
    this.#neighbours = neighbours;
  }

  /** Asks for a neighbour: all, or only the one at `mac` (arp_solicit). `waiting` is a packet that waits for the answer. */
  ask(iface: Interface, target: number, mac: Uint8Array | undefined, waiting: Packet | undefined): void {
    const source = this.#askFrom(iface, target, waiting);
    this.#send(iface, REQUEST, mac ?? BROADCAST_MAC, iface.mac, source, undefined, target);
  }

  /** The address to ask from, by arp_announce. */
  #askFrom(iface: Interface, target: number, waiting: Packet | undefined): number {
    const { routing4 } = this.#host;
    const announce = iface.arpAnnounce;
    if (waiting && waiting.family === 4 && announce < 2) {
      const own = read32(waiting.bytes, waiting.network + 12);
      if (routing4.addressType(own) === ROUTE_TYPE.LOCAL) {
        const sameNetwork = iface.addresses4.some(
          ({ peer, prefixLength, secondary }) =>
            !secondary &&
            network(peer ^ target, prefixLength) === 0 &&
            network(peer ^ own, prefixLength) === 0,
        );
        if (announce === 0 || sameNetwork) return own;
      }
    }
    return routing4.sourceAddress(iface.index, target, SCOPE.LINK);
  }

  #send(
    iface: Interface,
    operation: number,
    to: Uint8Array,
    senderMac: Uint8Array,
    sender: number,
    targetMac: Uint8Array | undefined,
    target: number,
  ): void {
    const packet = this.#host.pool.acquire();
    packet.etherType = ARP_TYPE;
    packet.resize(LENGTH);
    packet.link = packet.network - 14;
    const { bytes, link, network: at } = packet;
    bytes.set(to, link);
    bytes.set(iface.mac, link + 6);
    bytes[link + 12] = 0x08;
    bytes[link + 13] = 0x06;
    bytes.set([0, 1, 8, 0, 6, 4, 0, operation], at);
    bytes.set(senderMac, at + SENDER_MAC);
    write32(bytes, at + SENDER, sender);
    if (targetMac) bytes.set(targetMac, at + TARGET_MAC);
    else bytes.fill(0, at + TARGET_MAC, at + TARGET_MAC + 6);
    write32(bytes, at + TARGET, target);
    packet.outDevice = iface.index;
    this.#host.observer?.create?.(packet, operation === REQUEST ? 'ARP request' : 'ARP reply');
    this.#host.link.transmit(iface, packet);
  }

  /** arp_rcv, arp_process */
  receive(packet: Packet, iface: Interface): void {
    const { bytes, network: at } = packet;
    if (packet.type === PACKET_OTHERHOST || packet.type === PACKET_LOOPBACK) return;
    if (packet.length < LENGTH || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return;
    const hardware = (bytes[at]! << 8) | bytes[at + 1]!;
    // Ethernet and IEEE 802 networks are one.
    if ((hardware !== 1 && hardware !== 6) || bytes[at + 2] !== 8 || bytes[at + 3] !== 0) return;
    const operation = (bytes[at + OPERATION]! << 8) | bytes[at + OPERATION + 1]!;
    if (operation !== REQUEST && operation !== REPLY) return;
    const sender = read32(bytes, at + SENDER);
    const target = read32(bytes, at + TARGET);
    const senderMac = bytes.slice(at + SENDER_MAC, at + SENDER_MAC + 6);
    if (isMulticast4(target) || (isLoopback4(target) && !iface.routeLocalnet)) return;
    // Some drivers hand a host's own gratuitous ARP back.
    if (sender === target && iface.conf4.drop_gratuitous_arp !== 0) return;
    if (sender === 0) {
      // Duplicate address detection (RFC 2131, RFC 5227).
      const ours = this.#host.routing4.addressType(target) === ROUTE_TYPE.LOCAL;
      if (operation === REQUEST && ours && !this.#ignores(iface, sender, target)) {
        this.#send(iface, REPLY, senderMac, iface.mac, target, senderMac, sender);
      }
      return;
    }
    if (operation === REQUEST && this.#answer(packet, iface, sender, target, senderMac)) return;
    this.#learn(packet, iface, operation, sender, target, senderMac);
  }

  /** True if the question was the host's to answer, answered or not. */
  #answer(packet: Packet, iface: Interface, sender: number, target: number, senderMac: Uint8Array): boolean {
    const { routing4 } = this.#host;
    const route = routing4.probe(sender, target, iface);
    if (!route) return false;
    if (route.type === ROUTE_TYPE.LOCAL) {
      const silent =
        this.#ignores(iface, sender, target) || (iface.arpFilter && this.#filtered(iface, sender, target));
      if (!silent && this.#heard(iface, sender, senderMac)) {
        this.#send(iface, REPLY, senderMac, iface.mac, target, senderMac, sender);
      }
      return true;
    }
    if (!iface.forwarding4 || route.type !== ROUTE_TYPE.UNICAST) return false;
    const elsewhere = route.outDevice !== iface.index;
    const proxied =
      elsewhere &&
      this.#neighbours.proxies.find(iface.index, packet.bytes, packet.network + TARGET, 4) !== undefined;
    const forwards = elsewhere ? iface.proxyArp : iface.conf4.proxy_arp_pvlan !== 0;
    if (!proxied && !forwards) return false;
    if (this.#heard(iface, sender, senderMac)) {
      const reply = () => this.#send(iface, REPLY, senderMac, iface.mac, target, senderMac, sender);
      const longest = this.#host.interfaces.neighbourConf(4, iface.index).proxy_delay;
      if (packet.type === PACKET_HOST || longest === 0) reply();
      else this.#host.timers.schedule((this.#host.services.random() / 2 ** 32) * longest * 10_000, reply);
    }
    return true;
  }

  /** neigh_event_ns */
  #heard(iface: Interface, address: number, mac: Uint8Array): Neighbour | undefined {
    const { table } = this.#neighbours;
    const neighbour = table.find4(iface.index, address) ?? table.make4(iface.index, address);
    if (neighbour) this.#neighbours.update(neighbour, mac, NUD.STALE, true);
    return neighbour;
  }

  #learn(
    packet: Packet,
    iface: Interface,
    operation: number,
    sender: number,
    target: number,
    mac: Uint8Array,
  ): void {
    const { table } = this.#neighbours;
    let neighbour = table.find4(iface.index, sender);
    const unicast = this.#host.routing4.addressType(sender, iface.index) === ROUTE_TYPE.UNICAST;
    const theirs = sameBytes(packet.bytes, packet.network + TARGET_MAC, mac);
    const gratuitous = sender === target && unicast && (operation !== REPLY || theirs);
    if (iface.arpAccept !== 0 && !neighbour && unicast) {
      const known =
        iface.arpAccept === 1 ||
        iface.addresses4.some(({ peer, prefixLength }) => network(peer ^ sender, prefixLength) === 0);
      if (known && (gratuitous || operation === REPLY)) neighbour = table.make4(iface.index, sender);
    }
    if (!neighbour) return;
    const reachable = operation === REPLY && packet.type === PACKET_HOST;
    const override = this.#host.timers.now > neighbour.updated + LOCK_TIME || gratuitous;
    this.#neighbours.update(neighbour, mac, reachable ? NUD.REACHABLE : NUD.STALE, override);
  }

  /** arp_ignore */
  #ignores(iface: Interface, sender: number, target: number): boolean {
    const here = iface.addresses4.find(({ address }) => address === target);
    const sameNetwork = (scope: number) =>
      iface.addresses4.some(
        (own) =>
          own.address === target &&
          own.scope <= scope &&
          (sender === 0 || network(own.peer ^ sender, own.prefixLength) === 0),
      );
    switch (iface.arpIgnore) {
      case 0:
        return false;
      case 1:
        return here === undefined;
      case 2:
        return !sameNetwork(SCOPE.HOST);
      case 3: {
        const owner = this.#host.routing4
          .deviceOf(target)
          ?.addresses4.find(({ address }) => address === target);
        return owner === undefined || owner.scope > SCOPE.LINK;
      }
      case 8:
        return true;
      default:
        return false;
    }
  }

  /** The answer is given only where packets to the asking host leave (arp_filter). */
  #filtered(iface: Interface, sender: number, target: number): boolean {
    const flow = FLOW.reset();
    flow.destination = sender;
    flow.source = target;
    const route = this.#host.routing4.output(flow);
    return typeof route === 'number' || route.outDevice !== iface.index;
  }
}

const FLOW = new Flow4();

function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function sameBytes(bytes: Uint8Array, at: number, mac: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (bytes[at + i] !== mac[i]) return false;
  return true;
}
