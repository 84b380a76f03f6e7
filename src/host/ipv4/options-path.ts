import { PACKET_HOST } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get32, set32 } from '../../wire/bytes.ts';
import { fillIpv4Checksum, IPV4_DESTINATION_AT } from '../../wire/ipv4.ts';
import type { Host } from '../host.ts';
import type { Route4 } from '../routing/route4.ts';
import { dotted } from '../routing/special4.ts';
import { answerAddress, leavingAddress } from './addresses.ts';
import { source } from './header.ts';
import { Options, type OptionsHost, readOptions } from './options.ts';
import { setOptions } from './state.ts';

const PARAMETER_PROBLEM = 12;
/** Where the destination lies in the header: what a strict source route was not at. */
const AT_DESTINATION = 16;

/** What packets with options meet on their way (net/ipv4/ip_input.c, ip_options.c). */
export class OptionsPath {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Milliseconds since midnight UTC. */
  timeOfDay(): number {
    return Math.floor(this.#host.services.wallClock() / 1000) % 86_400_000;
  }

  /** The address is neither the host's own nor a broadcast or multicast one. */
  readonly isForeign = (address: number): boolean =>
    this.#host.routing4.addressType(address) === ROUTE_TYPE.UNICAST;

  /** Reads a packet's options and writes into them what a receiver does. Answers the place of a mistake, or 0. */
  read(packet: Packet, options: Options): number {
    const host: OptionsHost = {
      ownAddress: () => answerAddress(this.#host, packet),
      timeOfDay: () => this.timeOfDay(),
      isForeign: this.isForeign,
    };
    return readOptions(options, packet.bytes, packet.network, host);
  }

  /** On arrival, once the packet is routed (ip_rcv_options). False: the packet was dropped. */
  receive(packet: Packet): boolean {
    const host = this.#host;
    const options = new Options();
    const wrong = this.read(packet, options);
    setOptions(packet, options);
    if (wrong !== 0) {
      host.ipv4.icmp.sendError(packet, PARAMETER_PROBLEM, 0, wrong << 24);
      return this.#drop(packet, `the option at byte ${wrong} of the header is malformed`);
    }
    if (options.sourceRoute === 0) return true;
    const device = host.interfaces.byIndex(packet.inDevice);
    if (device && !device.acceptSourceRoute) {
      if (device.logMartians) {
        const destination = get32(packet.bytes, packet.network + IPV4_DESTINATION_AT);
        host.services.log(6, `source route option ${dotted(source(packet))} -> ${dotted(destination)}`);
      }
      return this.#drop(packet, 'source routes are not accepted (accept_source_route=0)');
    }
    return this.#followSourceRoute(packet, options);
  }

  /** At a hop of the source route, looks for the way to the next one (ip_options_rcv_srr). */
  #followSourceRoute(packet: Packet, options: Options): boolean {
    const host = this.#host;
    const { bytes, network } = packet;
    const route = packet.route as Route4;
    if (packet.type !== PACKET_HOST) return this.#drop(packet, 'a source route in a broadcast frame');
    if (route.type === ROUTE_TYPE.UNICAST) {
      if (!options.strict) return true;
      host.ipv4.icmp.sendError(packet, PARAMETER_PROBLEM, 0, AT_DESTINATION << 24);
      return this.#drop(packet, 'a strict source route that does not name this host');
    }
    if (route.type !== ROUTE_TYPE.LOCAL) return this.#drop(packet, 'a source route to a broadcast address');
    const at = network + options.sourceRoute;
    const length = bytes[at + 1]!;
    let pointer = bytes[at + 2]!;
    let next = 0;
    for (; pointer <= length; pointer += 4) {
      if (pointer + 3 > length) {
        host.ipv4.icmp.sendError(packet, PARAMETER_PROBLEM, 0, (options.sourceRoute + 2) << 24);
        return this.#drop(packet, 'the source route ends in the midst of an address');
      }
      next = get32(bytes, at + pointer - 1);
      const arrived = get32(bytes, network + IPV4_DESTINATION_AT);
      // The look-up reads the header; what it found there before comes back unless the next hop is this host, too.
      set32(bytes, network + IPV4_DESTINATION_AT, next);
      packet.route = undefined;
      const onward = host.routing4.input(packet);
      if (!onward) return false;
      if (onward.type !== ROUTE_TYPE.UNICAST && onward.type !== ROUTE_TYPE.LOCAL) {
        return this.#drop(packet, `no way to ${dotted(next)}, the next hop of the source route`);
      }
      packet.route = onward;
      if (onward.type !== ROUTE_TYPE.LOCAL) {
        set32(bytes, network + IPV4_DESTINATION_AT, arrived);
        break;
      }
      options.changed = true;
    }
    if (pointer <= length) {
      options.hit = true;
      options.nextHop = next;
      options.changed = true;
    }
    return true;
  }

  /** Before a forwarded packet leaves: the address it leaves by, and the next hop of its source route (ip_forward_options). */
  forward(packet: Packet, options: Options): void {
    const { bytes, network } = packet;
    const address = (): number => leavingAddress(this.#host, packet);
    if (options.recordAddress) {
      const at = network + options.recordRoute;
      set32(bytes, at + bytes[at + 2]! - 5, address());
      options.changed = true;
    }
    if (options.hit) {
      const at = network + options.sourceRoute;
      const length = bytes[at + 1]!;
      let pointer = bytes[at + 2]!;
      while (pointer + 3 <= length && get32(bytes, at + pointer - 1) !== options.nextHop) pointer += 4;
      if (pointer + 3 <= length) {
        options.changed = true;
        set32(bytes, network + IPV4_DESTINATION_AT, options.nextHop);
        set32(bytes, at + pointer - 1, address());
        bytes[at + 2] = pointer + 4;
      }
      // Only here, which is odd: without a source route the address stays the one of the arrival.
      if (options.timestampAddress) {
        const stamp = network + options.timestamp;
        set32(bytes, stamp + bytes[stamp + 2]! - 9, address());
      }
    }
    if (options.changed) {
      options.changed = false;
      fillIpv4Checksum(bytes, network);
    }
  }

  #drop(packet: Packet, reason: string): false {
    this.#host.drop(packet, 'options', reason);
    return false;
  }
}
