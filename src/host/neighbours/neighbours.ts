import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { NeighbourConf } from '../conf.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import type { Route6 } from '../routing/route6.ts';
import { dotted, isMulticast4 } from '../routing/special4.ts';
import { Arp } from './arp.ts';
import { Proxies } from './proxies.ts';
import { CONNECTED, type Neighbour, NUD, VALID } from './states.ts';
import { NeighbourTable } from './table.ts';

const ETHERNET = 14;
const BROADCAST_MAC = new Uint8Array(6).fill(0xff);
const NO_MAC = new Uint8Array(6);
/** What a queued packet counts beside its bytes, about the kernel's skb->truesize. */
const PACKET_OVERHEAD = 768;
const SECOND = 1_000_000;

/** What a neighbour advertisement says. */
export interface Advertised {
  readonly mac: Uint8Array | undefined;
  readonly solicited: boolean;
  readonly override: boolean;
  readonly router: boolean;
  /** A neighbour that was not asked for is taken in as STALE. */
  readonly createStale: boolean;
}

/** From the next hop's address to its link-layer address (net/core/neighbour.c, net/ipv4/arp.c). */
export class Neighbours {
  readonly table = new NeighbourTable();
  /** Addresses that the host answers for in the place of others. */
  readonly proxies = new Proxies();
  readonly #host: Host;
  readonly #arp: Arp;
  readonly #mapped = new Uint8Array(6);

  constructor(host: Host) {
    this.#host = host;
    this.#arp = new Arp(host, this);
  }

  /** Sends a packet to the IPv4 next hop on an interface, now or when the neighbour is known. 0, or a negative error. */
  output(packet: Packet, device: number, nextHop: number): number {
    const iface = this.#host.interfaces.byIndex(device);
    if (!iface) return this.#noInterface(packet);
    if (iface.loopback) return this.#send(packet, iface, NO_MAC);
    if (isMulticast4(nextHop)) return this.#send(packet, iface, this.#multicastMac4(nextHop));
    const type = packet.route?.type;
    if (
      type === ROUTE_TYPE.BROADCAST ||
      this.#host.routing4.addressType(nextHop, device) === ROUTE_TYPE.BROADCAST
    ) {
      return this.#send(packet, iface, BROADCAST_MAC);
    }
    const neighbour = this.table.find4(device, nextHop) ?? this.table.make4(device, nextHop);
    return this.#resolve(neighbour, packet, iface);
  }

  /** The same for IPv6: the next hop is the route's gateway or the destination. */
  output6(packet: Packet, device: number, route: Route6): number {
    const iface = this.#host.interfaces.byIndex(device);
    if (!iface) return this.#noInterface(packet);
    if (iface.loopback) return this.#send(packet, iface, NO_MAC);
    const { gateway } = route;
    const bytes = gateway ?? packet.bytes;
    const at = gateway ? 0 : packet.network + 24;
    if (bytes[at] === 0xff) {
      this.#mapped.set([0x33, 0x33, bytes[at + 12]!, bytes[at + 13]!, bytes[at + 14]!, bytes[at + 15]!]);
      return this.#send(packet, iface, this.#mapped);
    }
    const neighbour = this.table.find6(device, bytes, at) ?? this.table.make6(device, bytes, at);
    return this.#resolve(neighbour, packet, iface);
  }

  #noInterface(packet: Packet): number {
    this.#host.drop(packet, 'neighbour', 'the interface is gone');
    return -19;
  }

  /** neigh_resolve_output */
  #resolve(neighbour: Neighbour | undefined, packet: Packet, iface: Interface): number {
    if (!neighbour) {
      this.#host.drop(packet, 'neighbour', 'the neighbour table is full');
      return -105;
    }
    this.#age(neighbour);
    if ((neighbour.state & VALID) !== 0) {
      neighbour.used = this.#host.timers.now;
      if (neighbour.state === NUD.STALE) this.#doubt(neighbour);
      return this.#send(packet, iface, neighbour.mac);
    }
    this.#wait(neighbour, packet, iface);
    return 0;
  }

  /** REACHABLE ends when nobody has confirmed it for reachable_time (neigh_timer_handler). */
  #age(neighbour: Neighbour): void {
    const { now } = this.#host.timers;
    if (neighbour.state === NUD.REACHABLE && now >= neighbour.confirmed + this.#reachableTime(neighbour)) {
      neighbour.state = NUD.STALE;
      neighbour.updated = now;
    }
  }

  /** Half to one and a half times base_reachable_time (neigh_rand_reach_time), fixed for each neighbour. */
  #reachableTime(neighbour: Neighbour): number {
    const base = this.#conf(neighbour).base_reachable_time_ms * 1000;
    const spread =
      neighbour.family === 4 ? neighbour.address4 >>> 0 : (neighbour.address6[15] ?? 0) * 0x01010101;
    return base / 2 + (base * ((spread * 2654435761) % 1000)) / 1000;
  }

  #conf({ family, device }: Neighbour): NeighbourConf {
    return this.#host.interfaces.neighbourConf(family, device);
  }

  /** A stale address is used, and after a while asked about (STALE → DELAY → PROBE). */
  #doubt(neighbour: Neighbour): void {
    neighbour.state = NUD.DELAY;
    neighbour.updated = this.#host.timers.now;
    const delay = this.#conf(neighbour).delay_first_probe_time * SECOND;
    this.#after(neighbour, delay, () => {
      if (neighbour.state !== NUD.DELAY) return;
      if (this.#host.timers.now <= neighbour.confirmed + delay) {
        neighbour.state = NUD.REACHABLE;
        return;
      }
      neighbour.state = NUD.PROBE;
      neighbour.probes = 0;
      this.#probe(neighbour);
    });
  }

  /** The packet waits; the first one lets the neighbour be looked for (__neigh_event_send). */
  #wait(neighbour: Neighbour, packet: Packet, iface: Interface): void {
    const host = this.#host;
    const start = neighbour.state !== NUD.INCOMPLETE;
    const size = packet.length + PACKET_OVERHEAD;
    const most = this.#conf(neighbour).unres_qlen_bytes;
    while (neighbour.waitingBytes + size > most && neighbour.waiting.length > 0) {
      const oldest = neighbour.waiting.shift()!;
      neighbour.waitingBytes -= oldest.length + PACKET_OVERHEAD;
      host.drop(oldest, 'neighbour', 'too many packets wait for the neighbour');
    }
    neighbour.waiting.push(packet);
    neighbour.waitingBytes += size;
    packet.outDevice = iface.index;
    host.observer?.wait?.(packet, `neighbour ${this.#text(neighbour)}`);
    if (start) this.#look(neighbour);
  }

  #look(neighbour: Neighbour): void {
    neighbour.state = NUD.INCOMPLETE;
    neighbour.updated = this.#host.timers.now;
    neighbour.probes = 0;
    this.#probe(neighbour);
  }

  /** Is the link-layer address of an IPv4 neighbour known? If not, the neighbour is asked for it (neigh_event_send). */
  isKnown4(device: number, address: number): boolean {
    const neighbour = this.table.find4(device, address) ?? this.table.make4(device, address);
    if (!neighbour) return false;
    if ((this.stateOf(neighbour) & VALID) !== 0) return true;
    if (neighbour.state !== NUD.INCOMPLETE) this.#look(neighbour);
    return false;
  }

  #text(neighbour: Neighbour): string {
    if (neighbour.family === 4) return dotted(neighbour.address4);
    return [...neighbour.address6]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .replace(/(....)(?!$)/g, '$1:');
  }

  /** Asks once and comes back after retrans_time: asks again, or gives up (neigh_probe, neigh_timer_handler). */
  #probe(neighbour: Neighbour): void {
    const known = neighbour.state === NUD.PROBE;
    const most = this.#conf(neighbour)[known ? 'ucast_solicit' : 'mcast_solicit'];
    if (neighbour.probes >= most) {
      this.#fail(neighbour);
      return;
    }
    neighbour.probes++;
    const interval = this.#conf(neighbour).retrans_time_ms * 1000;
    this.#after(neighbour, interval, () => {
      if (neighbour.state === NUD.INCOMPLETE || neighbour.state === NUD.PROBE) this.#probe(neighbour);
    });
    const iface = this.#host.interfaces.byIndex(neighbour.device);
    if (!iface) return;
    const waiting = neighbour.waiting.at(-1);
    if (neighbour.family === 4)
      this.#arp.ask(iface, neighbour.address4, known ? neighbour.mac : undefined, waiting);
    else this.#host.ipv6.solicit(iface, neighbour.address6, known, waiting);
  }

  #fail(neighbour: Neighbour): void {
    neighbour.state = NUD.FAILED;
    neighbour.updated = this.#host.timers.now;
    const waiting = neighbour.waiting;
    neighbour.waiting = [];
    neighbour.waitingBytes = 0;
    for (const packet of waiting) {
      if (neighbour.family === 4) this.#host.ipv4.neighbourFailed(packet);
      else this.#host.ipv6.neighbourFailed(packet);
    }
  }

  #after(neighbour: Neighbour, delay: number, run: () => void): void {
    this.#host.timers.cancel(neighbour.timer);
    neighbour.timer = this.#host.timers.schedule(delay, run);
  }

  /** Puts the Ethernet header in front and hands the frame to the interface. */
  #send(packet: Packet, iface: Interface, mac: Uint8Array): number {
    const { bytes } = packet;
    const link = packet.network - ETHERNET;
    packet.link = link;
    packet.etherType = packet.family === 4 ? 0x0800 : 0x86dd;
    for (let i = 0; i < 6; i++) {
      bytes[link + i] = mac[i]!;
      bytes[link + 6 + i] = iface.mac[i]!;
    }
    bytes[link + 12] = packet.etherType >> 8;
    bytes[link + 13] = packet.etherType & 255;
    return this.#host.link.transmit(iface, packet);
  }

  /** 01:00:5e and the lowest 23 bits (RFC 1112 section 6.4). */
  #multicastMac4(group: number): Uint8Array {
    this.#mapped.set([0x01, 0x00, 0x5e, (group >> 16) & 0x7f, (group >> 8) & 255, group & 255]);
    return this.#mapped;
  }

  /** What came in about a neighbour (neigh_update). `override`: may replace an address that is known. */
  update(
    neighbour: Neighbour,
    mac: Uint8Array | undefined,
    wanted: number,
    override: boolean,
    weak = false,
  ): void {
    const { now } = this.#host.timers;
    const old = neighbour.state;
    if ((old & (NUD.NOARP | NUD.PERMANENT)) !== 0) return;
    const had = (old & VALID) !== 0;
    let address = mac ?? (had ? neighbour.mac : undefined);
    if (!address) return;
    const differs = !sameMac(address, neighbour.mac);
    let state = wanted;
    if ((wanted & CONNECTED) !== 0) neighbour.confirmed = now;
    if (had) {
      if (differs && !override) {
        if (!weak || (old & CONNECTED) === 0) return;
        address = neighbour.mac;
        state = NUD.STALE;
      } else if (!differs && wanted === NUD.STALE) {
        state = old;
      }
    }
    if (state !== old || (differs && had)) neighbour.updated = now;
    if (state !== old) {
      this.#host.timers.cancel(neighbour.timer);
      neighbour.timer = undefined;
      neighbour.state = state;
      neighbour.probes = 0;
    }
    neighbour.mac = address.slice(0, 6);
    if (!had) this.#release(neighbour);
  }

  /** An administrator's entry replaces whatever was known (`ip neigh replace`). */
  set(neighbour: Neighbour, mac: Uint8Array, state: number): void {
    this.#host.timers.cancel(neighbour.timer);
    neighbour.state = state;
    neighbour.mac = mac.slice(0, 6);
    neighbour.updated = this.#host.timers.now;
    if ((state & CONNECTED) !== 0) neighbour.confirmed = neighbour.updated;
    if ((state & VALID) !== 0) this.#release(neighbour);
  }

  /** What waited goes on, in its order. */
  #release(neighbour: Neighbour): void {
    const waiting = neighbour.waiting;
    neighbour.waiting = [];
    neighbour.waitingBytes = 0;
    const iface = this.#host.interfaces.byIndex(neighbour.device);
    for (const packet of waiting) {
      if (iface) this.#resolve(neighbour, packet, iface);
      else this.#noInterface(packet);
    }
  }

  remove(neighbour: Neighbour): void {
    this.#host.timers.cancel(neighbour.timer);
    for (const packet of neighbour.waiting) this.#host.drop(packet, 'neighbour', 'the neighbour was deleted');
    neighbour.waiting = [];
    this.table.remove(neighbour);
  }

  /** The interface went down: its neighbours are forgotten, but for permanent ones of a device that stays (neigh_ifdown). */
  flushDevice(device: number): void {
    for (const family of [4, 6] as const) {
      for (const neighbour of this.table.list(family))
        if (neighbour.device === device) this.remove(neighbour);
    }
  }

  /** State as it is now, with what time has made of it. */
  stateOf(neighbour: Neighbour): number {
    this.#age(neighbour);
    return neighbour.state;
  }

  /** An ARP packet came in. The packet is used up. */
  receiveArp(packet: Packet, iface: Interface): void {
    this.#arp.receive(packet, iface);
    this.#host.pool.release(packet);
  }

  // -- IPv6 neighbour discovery, from host/ipv6 -------------------------------------------------------------

  /**
   * A neighbour made itself known in passing: in a solicitation, a router advertisement or a redirect. False if it is
   * not known and was not to be taken in.
   */
  heard6(
    device: number,
    bytes: Uint8Array,
    at: number,
    mac: Uint8Array | undefined,
    create: boolean,
    router?: boolean,
  ): boolean {
    const neighbour =
      this.table.find6(device, bytes, at) ?? (create ? this.table.make6(device, bytes, at) : undefined);
    if (!neighbour) return false;
    if (mac) this.update(neighbour, mac, NUD.STALE, true);
    if (router !== undefined) neighbour.isRouter = router;
    return true;
  }

  /** A neighbour advertisement (ndisc_recv_na). */
  advertised6(device: number, bytes: Uint8Array, at: number, said: Advertised): void {
    let neighbour = this.table.find6(device, bytes, at);
    let wanted: number = said.solicited ? NUD.REACHABLE : NUD.STALE;
    if (!neighbour) {
      if (!said.createStale) return;
      neighbour = this.table.make6(device, bytes, at);
      if (!neighbour) return;
      wanted = NUD.STALE;
    }
    if ((neighbour.state & NUD.FAILED) !== 0) return;
    if (!said.mac && (neighbour.state & VALID) === 0) return;
    this.update(neighbour, said.mac, wanted, said.override, true);
    neighbour.isRouter = said.router;
  }

  /** Link-layer address of a neighbour if it can be used. */
  validMac6(device: number, address: Uint8Array): Uint8Array | undefined {
    const found = this.table.find6(device, address, 0);
    return found && (this.stateOf(found) & VALID) !== 0 ? found.mac : undefined;
  }
}

function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (a[i] !== b[i]) return false;
  return true;
}
