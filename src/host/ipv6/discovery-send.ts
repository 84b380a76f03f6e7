import type { Packet } from '../../netfilter/packet.ts';
import { isUnspecified6, solicitedNode6 } from '../../wire/address.ts';
import { set32 } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import type { Route6 } from '../routing/route6.ts';
import { ADDRESS_LENGTH, ADDRESS_LINK_LOCAL, ADDRESS_UNICAST, addressKind, sameAddress } from './address.ts';
import {
  REDIRECTED_HEADER,
  SOURCE_LINK_LAYER,
  TARGET_LINK_LAYER,
  writeLinkLayerOption,
} from './discovery-options.ts';
import { DESTINATION, HEADER_LENGTH, HOP_LIMIT, ICMPV6, MIN_MTU, SOURCE } from './headers.ts';
import { ICMP6 } from './icmp-types.ts';
import { linkLocalOf, ownAddressOn } from './own-addresses.ts';
import { NEIGHBOUR_MESSAGE } from './state.ts';

const ICMP_HEADER = 8;
/** Type, code, checksum, four bytes, and the target address. */
const MESSAGE = ICMP_HEADER + ADDRESS_LENGTH;
const LINK_LAYER_OPTION = 8;
/** Type, length and six reserved bytes in front of the packet in a redirect. */
const REDIRECTED_HEADER_OPTION = 8;
const HOPS = 255;
/** At least this long between redirects to one host, and about one destination (milliseconds). */
const REDIRECT_INTERVAL = 1000;

/** Neighbour discovery messages that this host sends (net/ipv6/ndisc.c). */
export class DiscoverySender {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Asks for the link-layer address of `target`: all who might have it, or with `unicast` only that host. `packet` is
   * one that waits for the answer: its source address is asked from if it is one of the interface; otherwise the
   * interface's link-local address, and without one nothing is sent. (ndisc_solicit, ndisc_send_ns)
   */
  solicit(device: Interface, target: Uint8Array, unicast: boolean, packet: Packet | undefined): void {
    let source: Uint8Array | undefined;
    if (packet && ownAddressOn(device, packet.bytes, packet.network + SOURCE)) {
      const at = packet.network + SOURCE;
      source = packet.bytes.slice(at, at + ADDRESS_LENGTH);
    } else {
      source = linkLocalOf(device);
    }
    if (!source) return;
    const destination = unicast ? target : solicitedNode6(target, 0);
    const withAddress = !isUnspecified6(source, 0);
    const length = MESSAGE + (withAddress ? LINK_LAYER_OPTION : 0);
    const message = this.#prepare(device, source, destination, length, packet);
    message.bytes.set(target.subarray(0, ADDRESS_LENGTH), message.transport + ICMP_HEADER);
    if (withAddress) {
      writeLinkLayerOption(message.bytes, message.transport + MESSAGE, SOURCE_LINK_LAYER, device.mac);
    }
    this.#finish(message, device, ICMP6.NEIGHBOUR_SOLICITATION, 0, 'neighbour solicitation');
  }

  /**
   * Says that this host has (or answers for) the address at `targetAt` of `target`. `flags` is the first byte of the
   * flags; `withAddress` adds the link-layer address. (ndisc_send_na)
   */
  advertise(
    device: Interface,
    destination: Uint8Array,
    destinationAt: number,
    target: Uint8Array,
    targetAt: number,
    flags: number,
    withAddress: boolean,
    cause: Packet | undefined,
  ): void {
    const host = this.#host;
    const to = destination.slice(destinationAt, destinationAt + ADDRESS_LENGTH);
    const about = target.slice(targetAt, targetAt + ADDRESS_LENGTH);
    const own = ownAddressOn(device, about, 0);
    const source = own ? about : host.routing6.sourceAddress(device.index, to);
    if (!source) return;
    const adds = withAddress || (own && host.ipv6.settings.addsLinkLayerAddress(device.index));
    const length = MESSAGE + (adds ? LINK_LAYER_OPTION : 0);
    const message = this.#prepare(device, source, to, length, cause);
    message.bytes.set(about, message.transport + ICMP_HEADER);
    if (adds) writeLinkLayerOption(message.bytes, message.transport + MESSAGE, TARGET_LINK_LAYER, device.mac);
    this.#finish(message, device, ICMP6.NEIGHBOUR_ADVERTISEMENT, flags << 24, 'neighbour advertisement');
  }

  /**
   * Tells the sender of a packet that goes out where it came in that there is a shorter way: `route` has the gateway,
   * or its destination is on the link. (ip6_forward, ndisc_send_redirect)
   */
  redirect(packet: Packet, route: Route6): void {
    const host = this.#host;
    const { bytes, network } = packet;
    const device = host.interfaces.byIndex(packet.inDevice);
    if (!device) return;
    const destination = bytes.slice(network + DESTINATION, network + DESTINATION + ADDRESS_LENGTH);
    const target = route.gateway ?? destination;
    const { limits } = host.ipv6;
    if (!limits.peerAllows(destination, REDIRECT_INTERVAL)) return;
    const source = linkLocalOf(device);
    if (!source) return;
    if (
      !sameAddress(target, 0, destination, 0) &&
      addressKind(target, 0) !== (ADDRESS_UNICAST | ADDRESS_LINK_LOCAL)
    ) {
      return;
    }
    const to = bytes.slice(network + SOURCE, network + SOURCE + ADDRESS_LENGTH);
    const flow = host.ipv6.newFlow();
    flow.protocol = ICMPV6;
    flow.destination.set(to);
    flow.source.set(source);
    flow.outDevice = device.index;
    const back = host.routing6.lookup(flow);
    if (typeof back === 'number' || back.error !== 0 || back.gateway) return;
    if (!limits.peerAllows(to, REDIRECT_INTERVAL)) return;
    const mac = host.neighbours.validMac6(route.outDevice, target);
    const addressOption = mac ? LINK_LAYER_OPTION : 0;
    const before = MESSAGE + ADDRESS_LENGTH;
    const most = MIN_MTU - HEADER_LENGTH - before - addressOption;
    const quoted = Math.min(most, packet.length + REDIRECTED_HEADER_OPTION) & ~7;
    const message = this.#prepare(device, source, to, before + addressOption + quoted, packet);
    const out = message.bytes;
    out.set(target, message.transport + ICMP_HEADER);
    out.set(destination, message.transport + MESSAGE);
    let at = message.transport + before;
    if (mac) at = writeLinkLayerOption(out, at, TARGET_LINK_LAYER, mac);
    out.fill(0, at, at + REDIRECTED_HEADER_OPTION);
    out[at] = REDIRECTED_HEADER;
    out[at + 1] = quoted >> 3;
    const rest = quoted - REDIRECTED_HEADER_OPTION;
    out.set(bytes.subarray(network, network + rest), at + REDIRECTED_HEADER_OPTION);
    message.route = back;
    this.#finish(message, device, ICMP6.REDIRECT, 0, 'redirect');
  }

  #prepare(
    device: Interface,
    source: Uint8Array,
    destination: Uint8Array,
    length: number,
    cause: Packet | undefined,
  ): Packet {
    const host = this.#host;
    const packet = host.pool.acquire();
    packet.family = 6;
    packet.etherType = 0x86dd;
    packet.resize(HEADER_LENGTH + length);
    packet.transport = packet.network + HEADER_LENGTH;
    packet.cause = cause?.id ?? 0;
    packet.flags |= NEIGHBOUR_MESSAGE;
    const { bytes, network } = packet;
    set32(
      bytes,
      network,
      (0x60000000 | (host.ipv6.settings.discoveryTrafficClass(device.index) << 20)) >>> 0,
    );
    bytes[network + 6] = ICMPV6;
    bytes[network + HOP_LIMIT] = HOPS;
    bytes.set(source, network + SOURCE);
    bytes.set(destination, network + DESTINATION);
    return packet;
  }

  #finish(packet: Packet, device: Interface, type: number, rest: number, why: string): void {
    packet.route ??= this.#host.routing6.onLink(device.index);
    this.#host.ipv6.output.sendIcmp(packet, type, 0, rest >>> 0, why);
  }
}
