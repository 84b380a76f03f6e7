import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { get32 } from '../wire/bytes.ts';
import { type Entry, type Extras, type IpSet, isOver, type Key, narrow } from './set.ts';
import type { Sets, Slot } from './sets.ts';

/** Where a packet is asked about. */
export interface PacketPlace {
  readonly inDevice: number;
  readonly outDevice: number;
  /** Offset of the header behind IP. */
  readonly transport: number;
  readonly fragment: number;
}

/** How a rule asks (struct ip_set_adt_opt). */
export interface Question {
  /** For each part whether it is the source's. */
  readonly source: readonly boolean[];
  readonly returnNomatch: boolean;
  readonly updateCounters: boolean;
  readonly updateSubcounters: boolean;
  /** Refuses an element for its counters; undefined if none are asked for. */
  readonly counters: ((packets: number, bytes: number) => boolean) | undefined;
}

const TCP = 6;
const UDP = 17;
const WITH_PORTS = new Set([TCP, UDP, 132, 136]);

/** Asks sets about packets, and puts packets into them. One an owner; nothing is made a packet. */
export class PacketSets {
  readonly #services: Services;
  readonly #sets: Sets;
  readonly #key: Key = { words: [], iface: '', physdev: false, wildcard: false, mac: undefined };
  /** What fitted last. */
  found: Entry | undefined;

  constructor(services: Services, sets: Sets) {
    this.#services = services;
    this.#sets = sets;
  }

  /** ip_set_test (net/netfilter/ipset/ip_set_core.c). */
  test(slot: Slot, packet: Packet, place: PacketPlace, question: Question): boolean {
    const { set } = slot;
    const now = this.#services.now();
    this.found = undefined;
    if (!isAskable(set, packet, question)) return false;
    if (set.type.method === 'list') return this.#testList(set, packet, place, question, now);
    if (!this.#read(set, packet, place, question, true)) return false;
    const bytes = packet.end - packet.network;
    const found = set.find(this.#key, now, (entry) => accepts(set, entry, bytes, question));
    if (!found) return false;
    const { mac } = this.#key;
    if (set.type.method === 'bitmap' && mac && found.mac === undefined) found.mac = mac;
    if (mac && found.mac && (mac[0] !== found.mac[0] || mac[1] !== found.mac[1])) return false;
    this.found = found;
    return found.nomatch === question.returnNomatch || !hasNets(set);
  }

  /** ip_set_add. */
  add(
    slot: Slot,
    packet: Packet,
    place: PacketPlace,
    question: Question,
    exist: boolean,
    timeout?: number,
  ): boolean {
    const { set } = slot;
    if (!isAskable(set, packet, question)) return false;
    const now = this.#services.now();
    if (set.type.method === 'list') {
      return [...set.entries(now)].some((entry) =>
        this.add(entry.slot as Slot, packet, place, question, exist, timeout),
      );
    }
    if (!this.#read(set, packet, place, question, false)) return false;
    const extras: Extras = {
      packets: 1,
      bytes: packet.end - packet.network,
      ...(timeout === undefined ? {} : { timeout }),
    };
    return set.add(this.#key, extras, exist, now) === undefined;
  }

  /** ip_set_del. */
  remove(slot: Slot, packet: Packet, place: PacketPlace, question: Question): boolean {
    const { set } = slot;
    if (!isAskable(set, packet, question)) return false;
    const now = this.#services.now();
    if (set.type.method === 'list') {
      return [...set.entries(now)].some((entry) => this.remove(entry.slot as Slot, packet, place, question));
    }
    return this.#read(set, packet, place, question, false) && set.remove(this.#key, now);
  }

  #testList(set: IpSet, packet: Packet, place: PacketPlace, question: Question, now: number): boolean {
    if (set.settings.timeout !== undefined) {
      for (const slot of this.#sets.all) if (slot.set === set) this.#sets.tidy(slot, now);
    }
    const below: Question = {
      ...question,
      updateCounters: question.updateSubcounters && question.updateCounters,
      counters: undefined,
    };
    const bytes = packet.end - packet.network;
    for (const entry of set.list) {
      if (isOver(entry, now) || !this.test(entry.slot as Slot, packet, place, below)) continue;
      if (!accepts(set, entry, bytes, question)) continue;
      this.found = entry;
      return true;
    }
    return false;
  }

  /** Takes the parts of an element from the packet; false if it has not all of them. */
  #read(set: IpSet, packet: Packet, place: PacketPlace, { source }: Question, test: boolean): boolean {
    const { words } = this.#key;
    const { settings, type } = set;
    const { bytes, network, family } = packet;
    let at = 0;
    let net = 0;
    this.#key.iface = '';
    this.#key.mac = undefined;
    for (let part = 0; part < type.parts.length; part++) {
      const isSource = source[part] ?? false;
      switch (type.parts[part]) {
        case 'ip':
        case 'net': {
          const count = family === 4 ? 1 : 4;
          const from = network + (family === 4 ? (isSource ? 12 : 16) : isSource ? 8 : 24);
          for (let i = 0; i < count; i++) words[at + i] = get32(bytes, from + 4 * i) | 0;
          mask(set, words, at, count);
          if (type.parts[part] === 'net') {
            const length = test ? set.bits : set.longest(net++);
            narrow(words, at, count, length);
            words[at + count] = length;
            at++;
          }
          at += count;
          if (type.method === 'bitmap') {
            const value = words[0]! >>> 0;
            if (value < settings.first || value > settings.last) return false;
          }
          break;
        }
        case 'port': {
          const port = portOf(packet, isSource);
          if (port < 0) return false;
          if (type.method === 'bitmap') {
            const value = port & 0xffff;
            const protocol = port >>> 16;
            if (protocol !== TCP && protocol !== UDP) return false;
            if (value < settings.first || value > settings.last) return false;
            words[at++] = value;
          } else words[at++] = port | 0;
          break;
        }
        case 'mac': {
          if (packet.link < 0 || packet.network - packet.link < 14) return false;
          const from = packet.link + (isSource ? 6 : 0);
          const high = (bytes[from]! << 8) | bytes[from + 1]!;
          const low = get32(bytes, from + 2) | 0;
          if (high === 0 && low === 0) return false;
          if (type.method === 'bitmap') this.#key.mac = [high, low];
          else {
            words[at++] = high;
            words[at++] = low;
          }
          break;
        }
        case 'iface': {
          const name = this.#services.interfaces.nameOf(isSource ? place.inDevice : place.outDevice);
          if (name === '') return false;
          this.#key.iface = name;
          words[at++] = 0;
          break;
        }
        default:
          words[at++] = (packet.mark & settings.markmask) | 0;
      }
    }
    words.length = at;
    return true;
  }
}

/** Applies a set's netmask or bitmask to an address. */
export function mask({ settings }: IpSet, words: number[], at: number, count: number): void {
  if (settings.netmask !== undefined) narrow(words, at, count, settings.netmask);
  if (!settings.bitmask) return;
  for (let i = 0; i < count; i++) words[at + i] = words[at + i]! & settings.bitmask[i]!;
}

function hasNets({ type }: IpSet): boolean {
  return type.parts.includes('net');
}

function isAskable({ type, settings }: IpSet, { family }: Packet, { source }: Question): boolean {
  if (source.length < Math.max(1, type.parts.length)) return false;
  return settings.family === 0 || settings.family === family;
}

/** ip_set_match_extensions: counts, then asks the counters. */
function accepts(set: IpSet, entry: Entry, bytes: number, { counters, updateCounters }: Question): boolean {
  if (!set.settings.counters) return true;
  if (updateCounters) {
    entry.packets++;
    entry.bytes += bytes;
  }
  return counters === undefined || counters(entry.packets, entry.bytes);
}

/** Protocol and port, or ICMP's type and code, as `protocol << 16 | port`; -1 if there is none (ip_set_getport.c). */
function portOf({ bytes, network, end, family }: Packet, isSource: boolean): number {
  let protocol = bytes[network + (family === 4 ? 9 : 6)]!;
  let at = network + (family === 4 ? 4 * (bytes[network]! & 15) : 40);
  let fragment = family === 4 ? (((bytes[network + 6]! << 8) | bytes[network + 7]!) & 0x1fff) !== 0 : false;
  if (family === 6) {
    // Extension headers, as ipv6_skip_exthdr passes them.
    while (protocol === 0 || protocol === 43 || protocol === 60 || protocol === 44 || protocol === 51) {
      if (at + 8 > end) return -1;
      if (protocol === 44) fragment = (((bytes[at + 2]! << 8) | bytes[at + 3]!) & 0xfff8) !== 0;
      const length =
        protocol === 44 ? 8 : protocol === 51 ? 4 * (bytes[at + 1]! + 2) : 8 * (bytes[at + 1]! + 1);
      protocol = bytes[at]!;
      at += length;
      if (fragment) return -1;
    }
  }
  if (WITH_PORTS.has(protocol)) {
    if (fragment || at + (protocol === TCP ? 20 : protocol === 132 ? 12 : 8) > end) return -1;
    const from = at + (isSource ? 0 : 2);
    return (protocol << 16) | (bytes[from]! << 8) | bytes[from + 1]!;
  }
  if (protocol === (family === 4 ? 1 : 58)) {
    if (fragment || at + 8 > end) return -1;
    return (protocol << 16) | (bytes[at]! << 8) | bytes[at + 1]!;
  }
  return protocol << 16;
}
