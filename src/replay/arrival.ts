import { macsFor } from '../formats/arrival.ts';
import type { CaptureRecord } from '../formats/capture-record.ts';
import { LINK_TYPE, type LinkPayload, linkPayload } from '../formats/link-types.ts';
import { frameOf } from '../formats/packet-language/index.ts';
import type { Host } from '../host/host.ts';
import type { Interface } from '../host/interface.ts';
import { Flow4 } from '../host/routing/route4.ts';
import { ETH_LENGTH } from '../wire/ethernet.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../wire/protocols.ts';
import { Copies, isOfKernel } from './copies.ts';

/** Packet type of a frame that the captured machine sent, in Linux cooked captures (PACKET_OUTGOING). */
const OUTGOING = 4;

/** How it is found out by which device a captured frame comes in; `auto` tries them in this order. */
export const ARRIVAL_WAYS = ['interface', 'mac', 'address'] as const;
export type ArrivalWay = 'auto' | (typeof ARRIVAL_WAYS)[number];

export interface ArrivalOptions {
  readonly by: ArrivalWay;
  /** Devices by the names that their interfaces have in the capture. */
  readonly names: ReadonlyMap<string, string>;
  /** Every frame that comes to one device goes to its hardware address, whatever the capture says. */
  readonly readdress: boolean;
  /** What processes of the host sent is told from what it forwarded; else all its frames are taken for forwarded. */
  readonly processes: boolean;
}

/** What a captured frame is to the host. */
export type Arrival =
  /** A frame for a device. */
  | { readonly kind: 'arrives'; readonly device: string; readonly frame: Uint8Array }
  /**
   * The host itself sent it. `packet`: a local process did, for its source address is one of the host's, and it is neither a
   * packet that came in before nor one that the kernel makes by itself.
   */
  | { readonly kind: 'own'; readonly packet: Uint8Array | undefined }
  /** No device could be found for it. */
  | { readonly kind: 'nowhere' }
  /** Its link layer tells nothing that a host takes. */
  | { readonly kind: 'unreadable' };

const FORWARDED: Arrival = { kind: 'own', packet: undefined };
const NOWHERE: Arrival = { kind: 'nowhere' };
const UNREADABLE: Arrival = { kind: 'unreadable' };

/** Says of captured frames by which device of a host they come in. */
export class Arrivals {
  readonly #host: Host;
  readonly #options: ArrivalOptions;
  /** Devices that frames can come in by. */
  readonly #devices: readonly Interface[];
  readonly #byMac = new Map<number, Interface>();
  readonly #copies = new Copies();

  constructor(host: Host, options: ArrivalOptions) {
    this.#host = host;
    this.#options = options;
    this.#devices = host.interfaces.list().filter(({ loopback }) => !loopback);
    for (const device of this.#devices) this.#byMac.set(macNumber(device.mac, 0), device);
  }

  /** `given`: the device that the command line names for this capture. Records must come in the order of time. */
  of(record: CaptureRecord, given: string | undefined): Arrival {
    const { bytes } = record;
    const found = linkPayload(record.interface.linkType, bytes);
    if (!found) return UNREADABLE;
    const packet = bytes.subarray(found.offset);
    if (this.#isOwn(record, found)) return this.#own(found.etherType, packet);
    const device = given ?? this.#find(record, found);
    if (device === undefined) return NOWHERE;
    if (device === 'lo') return this.#own(found.etherType, packet);
    if (this.#options.processes) this.#copies.note(packet);
    return { kind: 'arrives', device, frame: this.#frame(record, found, device, given !== undefined) };
  }

  /** A frame leaves the host: one in the capture that is like it is no process's. */
  noteLeft(frame: Uint8Array): void {
    if (this.#options.processes) this.#copies.note(frame.subarray(ETH_LENGTH));
  }

  #own(etherType: number, packet: Uint8Array): Arrival {
    if (!this.#options.processes) return FORWARDED;
    const isProcess =
      this.#side(etherType, packet) === 'lo' &&
      etherType !== ETHERTYPE_ARP &&
      !isOfKernel(packet) &&
      !this.#copies.has(packet);
    return isProcess ? { kind: 'own', packet } : FORWARDED;
  }

  #isOwn(record: CaptureRecord, { sourceMac, etherType, offset }: LinkPayload): boolean {
    const { direction, bytes } = record;
    const { linkType } = record.interface;
    if (direction === 'out') return true;
    if (linkType === LINK_TYPE.LINUX_SLL && bytes[1] === OUTGOING && bytes[0] === 0) return true;
    if (linkType === LINK_TYPE.LINUX_SLL2 && bytes[10] === OUTGOING) return true;
    if (sourceMac >= 0) return this.#byMac.has(macNumber(bytes, sourceMac));
    // Nothing but the source address tells of a bare packet which way it went.
    return direction === undefined && this.#side(etherType, bytes.subarray(offset)) === 'lo';
  }

  #find(record: CaptureRecord, found: LinkPayload): string | undefined {
    const { by } = this.#options;
    for (const way of by === 'auto' ? ARRIVAL_WAYS : [by]) {
      const device = this.#by(way, record, found);
      if (device !== undefined) return device;
    }
    return by === 'auto' && this.#devices.length === 1 ? this.#devices[0]!.name : undefined;
  }

  #by(way: (typeof ARRIVAL_WAYS)[number], record: CaptureRecord, found: LinkPayload): string | undefined {
    switch (way) {
      case 'interface':
        return this.#byName(record.interface.name);
      case 'mac':
        return this.#ofMac(record, found);
      case 'address':
        return this.#side(found.etherType, record.bytes.subarray(found.offset));
    }
  }

  #byName(name: string | undefined): string | undefined {
    if (name === undefined) return undefined;
    const given = this.#options.names.get(name);
    if (given !== undefined) return given;
    return this.#devices.find((device) => device.name === name)?.name;
  }

  /** A frame to a device's own address; one to many, from a neighbour that is known on one device only. */
  #ofMac({ bytes, interface: { linkType } }: CaptureRecord, { sourceMac }: LinkPayload): string | undefined {
    if (linkType !== LINK_TYPE.ETHERNET) return undefined;
    const device = this.#byMac.get(macNumber(bytes, 0));
    if (device) return device.name;
    if ((bytes[0]! & 1) === 0) return undefined;
    const { table } = this.#host.neighbours;
    const knowing = new Set<number>();
    for (const { device: index, mac } of [...table.list(4), ...table.list(6)]) {
      if (macNumber(mac, 0) === macNumber(bytes, sourceMac)) knowing.add(index);
    }
    const [only] = knowing;
    return knowing.size === 1 ? this.#host.interfaces.nameOf(only!) : undefined;
  }

  /** The device that the way back to a packet's source goes by; `lo` if the source is the host itself. */
  #side(etherType: number, packet: Uint8Array): string | undefined {
    const host = this.#host;
    if (etherType === ETHERTYPE_IPV4 && packet.length >= 20) return this.#side4(read32(packet, 12));
    if (etherType === ETHERTYPE_ARP && packet.length >= 28) return this.#side4(read32(packet, 14));
    if (etherType !== ETHERTYPE_IPV6 || packet.length < 40) return undefined;
    const flow = host.ipv6.newFlow();
    flow.destination.set(packet.subarray(8, 24));
    const isLinkLocal = packet[8] === 0xfe && (packet[9]! & 0xc0) === 0x80;
    if (isLinkLocal) return undefined;
    const route = host.routing6.output(flow);
    return typeof route === 'number' || route.error !== 0
      ? undefined
      : host.interfaces.nameOf(route.outDevice);
  }

  #side4(source: number): string | undefined {
    if (source === 0) return undefined;
    const flow = new Flow4();
    flow.destination = source;
    const route = this.#host.routing4.output(flow);
    return typeof route === 'number' || route.error !== 0
      ? undefined
      : this.#host.interfaces.nameOf(route.outDevice);
  }

  /** The frame as the device gets it: as it was captured, or in an Ethernet header of the host's own. */
  #frame(record: CaptureRecord, found: LinkPayload, device: string, isGiven: boolean): Uint8Array {
    const { bytes } = record;
    const payload = bytes.subarray(found.offset);
    if (record.interface.linkType !== LINK_TYPE.ETHERNET) {
      const macs = macsFor(this.#host, device, payload);
      const { sourceMac: at } = found;
      const source = at < 0 ? {} : { source: bytes.slice(at, at + 6) };
      return frameOf(found.etherType, payload, { ...macs, ...source });
    }
    const { mac } = this.#host.interfaces.require(device);
    const isForOthers = (bytes[0]! & 1) === 0 && macNumber(bytes, 0) !== macNumber(mac, 0);
    const { by, readdress } = this.#options;
    if (!isForOthers || !(readdress || (!isGiven && this.#wasBySide(by, record)))) return bytes;
    const frame = bytes.slice();
    frame.set(mac, 0);
    return frame;
  }

  /** Was the device found by the side that the source address is on? Then the capture's hardware addresses mean nothing. */
  #wasBySide(by: ArrivalWay, record: CaptureRecord): boolean {
    return by === 'address' || (by === 'auto' && this.#byName(record.interface.name) === undefined);
  }
}

/** Six bytes as one number. */
function macNumber(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  return high * 2 ** 32 + (read32(bytes, at + 2) >>> 0);
}

function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
