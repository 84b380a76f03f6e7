import { PACKET_BROADCAST, PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST } from '../netfilter/constants.ts';
import { HEADROOM, type Packet } from '../netfilter/packet.ts';
import { ETH_FIRST_TYPE, ETH_LENGTH, isVlanType, VLAN_LENGTH, vlanId } from '../wire/ethernet.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../wire/protocols.ts';
import type { Host } from './host.ts';
import type { Interface } from './interface.ts';

/** The longest frame that is taken in. No device sends longer ones; it bounds what a hostile capture can make us hold. */
const LONGEST_FRAME = 0x20000;
/** A loop through lo that goes on for ever is cut off after so many packets. */
const MOST_LOOPED = 100_000;
/** Most packets that wait in the backlog (net.core.netdev_max_backlog). */
const BACKLOG = 1000;

/**
 * Frames in and out, and the backlog: packets that the host sends to itself wait there until the packet in hand is done
 * (for a process that sends: until it has reached the device), as with the kernel's softirq.
 */
export class Link {
  readonly #host: Host;
  readonly #backlog: Packet[] = [];
  // Those before it are handled already.
  #first = 0;
  #holds = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Until {@link release}, what comes by lo waits (local_bh_disable). Calls nest. */
  hold(): void {
    this.#holds++;
  }

  /** Handles what waits, unless it is still held from outside (local_bh_enable). */
  release(): void {
    try {
      if (this.#holds === 1 && this.#backlog.length > 0) this.#drain();
    } finally {
      this.#holds--;
    }
  }

  /** A frame arrives. */
  receive(iface: Interface, frame: Uint8Array): void {
    const { length } = frame;
    if (!iface.up || length < ETH_LENGTH || length > LONGEST_FRAME) return;
    const packet = this.#host.pool.acquire();
    packet.link = HEADROOM - ETH_LENGTH;
    packet.resize(length - ETH_LENGTH);
    packet.bytes.set(frame, packet.link);
    packet.inDevice = iface.index;
    this.hold();
    try {
      this.#readType(packet, iface);
      this.#host.observer?.arrive?.(packet, iface.index);
      this.#dispatch(packet, iface);
    } finally {
      this.release();
    }
  }

  /** A frame leaves: the bytes from `packet.link` to `packet.end`. The packet is used up. */
  transmit(iface: Interface, packet: Packet): number {
    const host = this.#host;
    if (!iface.up) {
      host.drop(packet, iface.name, 'the interface is down');
      return 0;
    }
    host.observer?.transmit?.(packet, iface.index);
    if (iface.loopback) {
      packet.sender = undefined;
      this.#readType(packet, iface);
      packet.inDevice = iface.index;
      this.receiveLater(packet);
      return 0;
    }
    host.transmit(iface.name, packet.bytes.subarray(packet.link, packet.end));
    host.pool.release(packet);
    return 0;
  }

  /** Puts a packet into the backlog as if it had come by its `inDevice` (netif_rx). */
  receiveLater(packet: Packet): void {
    if (this.#backlog.length - this.#first >= BACKLOG) {
      this.#host.drop(packet, 'backlog', `more than ${BACKLOG} packets wait`);
      return;
    }
    this.hold();
    this.#backlog.push(packet);
    this.release();
  }

  #drain(): void {
    const backlog = this.#backlog;
    while (this.#first < backlog.length) {
      const done = this.#first++;
      const packet = backlog[done]!;
      const iface = this.#host.interfaces.byIndex(packet.inDevice);
      if (done >= MOST_LOOPED) this.#host.drop(packet, 'backlog', 'the host sends to itself for ever');
      else if (!iface?.up) this.#host.drop(packet, 'backlog', 'its interface is gone');
      else this.#dispatch(packet, iface);
    }
    backlog.length = 0;
    this.#first = 0;
  }

  /** Whom the frame is for, and what it carries (eth_type_trans, skb_vlan_untag). */
  #readType(packet: Packet, iface: Interface): void {
    const { bytes, link } = packet;
    packet.type = packetType(bytes, link, iface.mac);
    packet.etherType = etherType(bytes, link + 12, packet.end);
    packet.network = link + ETH_LENGTH;
    packet.transport = packet.network;
    while (isVlanType(packet.etherType)) {
      const at = packet.network;
      if (at + VLAN_LENGTH + 2 > packet.end) return;
      const tagged = vlanId(bytes, at);
      packet.etherType = etherType(bytes, at + 2, packet.end);
      // The tag is taken out: the addresses move up to the type.
      bytes.copyWithin(packet.link + VLAN_LENGTH, packet.link, packet.link + 12);
      packet.link += VLAN_LENGTH;
      packet.network += VLAN_LENGTH;
      packet.transport = packet.network;
      if (tagged !== 0) {
        // No interface here has this VLAN. Tag 0 only carries a priority.
        packet.type = PACKET_OTHERHOST;
        return;
      }
    }
  }

  #dispatch(packet: Packet, iface: Interface): void {
    const host = this.#host;
    switch (packet.etherType) {
      case ETHERTYPE_IPV4:
        packet.family = 4;
        host.ipv4.receive(packet, iface);
        return;
      case ETHERTYPE_IPV6:
        packet.family = 6;
        host.ipv6.receive(packet, iface);
        return;
      case ETHERTYPE_ARP:
        host.neighbours.receiveArp(packet, iface);
        return;
      default:
        host.drop(
          packet,
          iface.name,
          `nobody takes EtherType 0x${packet.etherType.toString(16).padStart(4, '0')}`,
        );
    }
  }
}

function packetType(bytes: Uint8Array, link: number, mac: Uint8Array): number {
  let own = true;
  let broadcast = true;
  for (let i = 0; i < 6; i++) {
    const byte = bytes[link + i]!;
    if (byte !== mac[i]) own = false;
    if (byte !== 0xff) broadcast = false;
  }
  if (own) return PACKET_HOST;
  if (broadcast) return PACKET_BROADCAST;
  return bytes[link]! & 1 ? PACKET_MULTICAST : PACKET_OTHERHOST;
}

/** The EtherType, or below 0x600 what Linux takes a length for: 1 (raw 802.3) or 4 (802.2), which nobody takes. */
function etherType(bytes: Uint8Array, at: number, end: number): number {
  const type = (bytes[at]! << 8) | bytes[at + 1]!;
  if (type >= ETH_FIRST_TYPE) return type;
  return at + 4 <= end && bytes[at + 2] === 0xff && bytes[at + 3] === 0xff ? 1 : 4;
}
