import { PACKET_HOST, PACKET_LOOPBACK } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { isMulticast6, isUnspecified6, printIpv6, printMac } from '../../wire/address.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import {
  ADDRESS_LENGTH,
  ADDRESS_LINK_LOCAL,
  ADDRESS_UNICAST,
  ALL_NODES,
  addressKind,
  isSolicitedNode,
  sameAddress,
} from './address.ts';
import { isEthernetOption, readDiscoveryOptions } from './discovery-options.ts';
import { DESTINATION, HOP_LIMIT, SOURCE } from './headers.ts';
import { ICMP6 } from './icmp-types.ts';
import { anycastOn, isOnSubnet, ownAddressOn } from './own-addresses.ts';
import { FRAGMENTED } from './state.ts';

/** Messages of neighbour discovery come from the link itself (RFC 4861 section 7.1). */
const FROM_THE_LINK = 255;
/** Offset of the target address in solicitations, advertisements and redirects. */
const TARGET = 8;
/** Bytes of these messages before their options. */
const MESSAGE = 24;
const ROUTER_SOLICITATION_LENGTH = 8;
const ROUTER_ADVERTISEMENT_LENGTH = 16;
const REDIRECT_LENGTH = 40;
/** Offset of the packet within the option that quotes it. */
const REDIRECTED_PACKET = 8;
/** Flags of a neighbour advertisement. */
const FROM_ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
/** What the neighbour table says of an address that the host may answer for. */
const NOT_PROXIED = -1;
const HOST_PROXY = 0;
const ROUTER_PROXY = 1;
/** Most solicitations whose answer waits (neigh/default/proxy_qlen). */
const MOST_WAITING = 64;

/** Neighbour discovery messages that come in (net/ipv6/ndisc.c ndisc_rcv). Every packet that comes here ends here. */
export class Discovery {
  readonly #host: Host;
  #waiting = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  receive(packet: Packet): void {
    const host = this.#host;
    const { bytes, network, transport } = packet;
    const device = host.interfaces.byIndex(packet.inDevice);
    let wrong: string | undefined;
    if (!device) wrong = 'the interface is gone';
    else if (
      (packet.flags & FRAGMENTED) !== 0 &&
      host.ipv6.settings.suppressesFragmentedDiscovery(device.index)
    ) {
      wrong = 'neighbour discovery in fragments';
    } else if (bytes[network + HOP_LIMIT] !== FROM_THE_LINK)
      wrong = 'neighbour discovery with a hop limit below 255';
    else if (bytes[transport + 1] !== 0) wrong = 'neighbour discovery with a code';
    else wrong = this.#message(packet, device);
    if (wrong !== undefined) {
      host.drop(packet, 'neighbour discovery', wrong);
      return;
    }
    host.observer?.deliver?.(packet, 'neighbour discovery');
    host.pool.release(packet);
  }

  /** Handles a message; answers what is wrong with it. */
  #message(packet: Packet, device: Interface): string | undefined {
    switch (packet.bytes[packet.transport]) {
      case ICMP6.NEIGHBOUR_SOLICITATION:
        return this.#solicitation(packet, device, false);
      case ICMP6.NEIGHBOUR_ADVERTISEMENT:
        return this.#advertisement(packet, device);
      case ICMP6.ROUTER_SOLICITATION:
        return this.#routerSolicitation(packet, device);
      case ICMP6.ROUTER_ADVERTISEMENT:
        return this.#routerAdvertisement(packet, device);
      default:
        return this.#redirect(packet);
    }
  }

  /**
   * Somebody asks for the link-layer address of one of this host's addresses (ndisc_recv_ns). `delayed`: the answer
   * was put off once, as it is for addresses that others may answer for, too.
   */
  #solicitation(packet: Packet, device: Interface, delayed: boolean): string | undefined {
    const host = this.#host;
    const { bytes, network, transport, end } = packet;
    if (end - transport < MESSAGE) return 'neighbour solicitation: too short';
    const source = network + SOURCE;
    const destination = network + DESTINATION;
    const target = transport + TARGET;
    const detection = isUnspecified6(bytes, source);
    if (isMulticast6(bytes, target)) return 'neighbour solicitation: multicast target';
    if (detection && !isSolicitedNode(bytes, destination)) {
      return 'neighbour solicitation: duplicate address detection to a wrong destination';
    }
    const options = readDiscoveryOptions(bytes, transport + MESSAGE, end);
    if (!options) return 'neighbour solicitation: bad options';
    const linkLayer = options.sourceLinkLayer;
    if (linkLayer !== 0) {
      if (!isEthernetOption(bytes, linkLayer)) return 'neighbour solicitation: bad length of an address';
      if (detection) return 'neighbour solicitation: duplicate address detection with an address';
    }
    const multicast = isMulticast6(bytes, destination);
    const own = ownAddressOn(device, bytes, target);
    let router = host.ipv6.settings.isRouter(device.index);
    if (!own) {
      const proxy = this.#proxyFor(device, bytes, target);
      if (proxy === NOT_PROXIED && !anycastOn(device, bytes, target)) {
        return 'neighbour solicitation: for another host';
      }
      if (proxy !== NOT_PROXIED) router = proxy === ROUTER_PROXY;
      if (!delayed && packet.type !== PACKET_HOST && multicast && this.#putOff(packet, device))
        return undefined;
    }
    if (detection) {
      const flags = (router ? FROM_ROUTER : 0) | (own ? OVERRIDE : 0);
      host.ipv6.discoverySender.advertise(device, ALL_NODES, 0, bytes, target, flags, true, packet);
      return undefined;
    }
    const known = host.neighbours.heard6(
      device.index,
      bytes,
      source,
      linkLayer === 0 ? undefined : macOf(bytes, linkLayer),
      !multicast || linkLayer !== 0,
    );
    if (known) {
      const flags = (router ? FROM_ROUTER : 0) | SOLICITED | (own && multicast ? OVERRIDE : 0);
      host.ipv6.discoverySender.advertise(device, bytes, source, bytes, target, flags, multicast, packet);
    }
    return undefined;
  }

  #proxyFor(device: Interface, bytes: Uint8Array, target: number): number {
    const { settings } = this.#host.ipv6;
    if (!settings.isRouter(device.index) || !settings.proxiesOn(device.index)) return NOT_PROXIED;
    const found = this.#host.neighbours.proxies.find(device.index, bytes, target, 16);
    return found ? (found.router ? ROUTER_PROXY : HOST_PROXY) : NOT_PROXIED;
  }

  /** Where others may answer as well, the answer waits for a random time (pneigh_enqueue). */
  #putOff(packet: Packet, device: Interface): boolean {
    const host = this.#host;
    const longest = host.ipv6.settings.proxyDelay(device.index);
    if (longest <= 0) return false;
    if (this.#waiting >= MOST_WAITING) return true;
    const copy = host.pool.acquire();
    const { id } = copy;
    copy.copyFrom(packet);
    copy.id = id;
    copy.cause = packet.id;
    this.#waiting++;
    host.timers.schedule((host.services.random() / 0x100000000) * longest, () => {
      this.#waiting--;
      if (host.interfaces.byIndex(device.index) === device) this.#solicitation(copy, device, true);
      host.pool.release(copy);
    });
    return true;
  }

  /** Somebody tells its link-layer address (ndisc_recv_na). */
  #advertisement(packet: Packet, device: Interface): string | undefined {
    const host = this.#host;
    const { settings } = host.ipv6;
    const { bytes, network, transport, end } = packet;
    if (end - transport < MESSAGE) return 'neighbour advertisement: too short';
    const target = transport + TARGET;
    const flags = bytes[transport + 4]!;
    const solicited = (flags & SOLICITED) !== 0;
    if (isMulticast6(bytes, target)) return 'neighbour advertisement: multicast target';
    if (solicited && isMulticast6(bytes, network + DESTINATION)) {
      return 'neighbour advertisement: solicited, but sent to all';
    }
    if (!solicited && settings.dropsUnsolicited(device.index)) return 'neighbour advertisement: unsolicited';
    const options = readDiscoveryOptions(bytes, transport + MESSAGE, end);
    if (!options) return 'neighbour advertisement: bad options';
    const linkLayer = options.targetLinkLayer;
    if (linkLayer !== 0 && !isEthernetOption(bytes, linkLayer)) {
      return 'neighbour advertisement: bad length of an address';
    }
    if (ownAddressOn(device, bytes, target)) {
      if (packet.type !== PACKET_LOOPBACK) this.#claimed(packet, device, target);
      return 'neighbour advertisement: about an address of this host';
    }
    host.neighbours.advertised6(device.index, bytes, target, {
      mac: linkLayer === 0 ? undefined : macOf(bytes, linkLayer),
      solicited,
      override: (flags & OVERRIDE) !== 0,
      router: (flags & FROM_ROUTER) !== 0,
      createStale:
        linkLayer !== 0 && settings.isRouter(device.index) && this.#acceptsUntracked(packet, device),
    });
    return undefined;
  }

  /** accept_untracked_na */
  #acceptsUntracked(packet: Packet, device: Interface): boolean {
    const mode = this.#host.ipv6.settings.acceptsUntracked(device.index);
    if (mode !== 2) return mode === 1;
    return isOnSubnet(device, packet.bytes, packet.network + SOURCE);
  }

  #claimed(packet: Packet, device: Interface, target: number): void {
    const { bytes, link } = packet;
    const mac = printMac(bytes, link + 6);
    const address = printIpv6(bytes, target);
    this.#host.services.log(4, `ICMPv6: NA: ${mac} advertised our address ${address} on ${device.name}!`);
  }

  /** A host looks for routers: a router learns its address (ndisc_recv_rs). */
  #routerSolicitation(packet: Packet, device: Interface): string | undefined {
    const { bytes, network, transport, end } = packet;
    if (end - transport < ROUTER_SOLICITATION_LENGTH) return 'router solicitation: too short';
    if (!this.#host.ipv6.settings.isRouter(device.index))
      return 'router solicitation: this host is no router';
    const source = network + SOURCE;
    if (isUnspecified6(bytes, source)) return 'router solicitation: from a host without address';
    const options = readDiscoveryOptions(bytes, transport + ROUTER_SOLICITATION_LENGTH, end);
    if (!options) return 'router solicitation: bad options';
    const linkLayer = options.sourceLinkLayer;
    if (linkLayer !== 0 && !isEthernetOption(bytes, linkLayer)) {
      return 'router solicitation: bad length of an address';
    }
    const mac = linkLayer === 0 ? undefined : macOf(bytes, linkLayer);
    this.#host.neighbours.heard6(device.index, bytes, source, mac, true);
    return undefined;
  }

  /**
   * A router makes itself known (ndisc_router_discovery): its link-layer address is learned, whatever accept_ra says.
   * What it advertises is not taken up: addresses and routes are the administrator's here.
   */
  #routerAdvertisement(packet: Packet, device: Interface): string | undefined {
    const host = this.#host;
    const { bytes, network, transport, end } = packet;
    const source = network + SOURCE;
    if ((addressKind(bytes, source) & ADDRESS_LINK_LOCAL) === 0) {
      return 'router advertisement: the source is not link-local';
    }
    if (end - transport < ROUTER_ADVERTISEMENT_LENGTH) return 'router advertisement: too short';
    const options = readDiscoveryOptions(bytes, transport + ROUTER_ADVERTISEMENT_LENGTH, end);
    if (!options) return 'router advertisement: bad options';
    const linkLayer = options.sourceLinkLayer;
    if (linkLayer !== 0 && !isEthernetOption(bytes, linkLayer)) {
      return 'router advertisement: bad length of an address';
    }
    const mac = linkLayer === 0 ? undefined : macOf(bytes, linkLayer);
    host.neighbours.heard6(device.index, bytes, source, mac, true, true);
    return undefined;
  }

  /** A router knows a shorter way (ndisc_redirect_rcv). */
  #redirect(packet: Packet): string | undefined {
    const { bytes, network, transport, end } = packet;
    if ((addressKind(bytes, network + SOURCE) & ADDRESS_LINK_LOCAL) === 0) {
      return 'redirect: the source is not link-local';
    }
    if (end - transport < REDIRECT_LENGTH) return 'redirect: too short';
    const options = readDiscoveryOptions(bytes, transport + REDIRECT_LENGTH, end);
    if (!options) return 'redirect: bad options';
    const header = options.redirectedHeader;
    // With the packet that caused it, who sent that is asked.
    if (header !== 0) this.#host.ipv6.icmp.quoted(packet, header + REDIRECTED_PACKET, ICMP6.REDIRECT, 0);
    else this.redirected(packet);
    return undefined;
  }

  /** Takes a redirect up, if it may be (rt6_do_redirect). */
  redirected(packet: Packet): void {
    const host = this.#host;
    const { bytes, transport, end } = packet;
    const target = transport + TARGET;
    const destination = transport + TARGET + ADDRESS_LENGTH;
    if (isMulticast6(bytes, destination) || !host.ipv6.settings.acceptsRedirects(packet.inDevice)) return;
    const onLink = sameAddress(bytes, destination, bytes, target);
    if (!onLink && addressKind(bytes, target) !== (ADDRESS_UNICAST | ADDRESS_LINK_LOCAL)) return;
    const options = readDiscoveryOptions(bytes, transport + REDIRECT_LENGTH, end);
    const linkLayer = options?.targetLinkLayer ?? 0;
    if (linkLayer !== 0 && !isEthernetOption(bytes, linkLayer)) return;
    // Only the gateway that is in use now may say so (RFC 4861 section 8.1).
    const { inDevice } = packet;
    const source = packet.network + SOURCE;
    if (!host.routing6.redirect(inDevice, bytes, source, destination, target, onLink)) return;
    const mac = linkLayer === 0 ? undefined : macOf(bytes, linkLayer);
    host.neighbours.heard6(inDevice, bytes, target, mac, true, onLink ? undefined : true);
  }
}

function macOf(bytes: Uint8Array, option: number): Uint8Array {
  return bytes.slice(option + 2, option + 8);
}
