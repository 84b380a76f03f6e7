import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { get16, get32 } from '../wire/bytes.ts';
import { type Counting, type Entry, emptyKey, fits, type Key, mask, narrow } from './entry.ts';
import type { ListSet } from './list.ts';
import { portOf } from './port.ts';
import type { IpSet } from './set.ts';
import type { Slot } from './sets.ts';
import type { Extras } from './settings.ts';
import { isZero } from './types.ts';

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
  readonly counters: Counting['accepts'];
}

const TCP = 6;
const UDP = 17;

/** Asks sets about packets, and puts packets into them. One an owner; nothing is made to ask about a packet. */
export class PacketSets {
  readonly #services: Services;
  readonly #key: Key = emptyKey();
  readonly #mac: [number, number] = [0, 0];
  readonly #counting: Counting = { bytes: 0, update: false, accepts: undefined };
  /** What fitted last. */
  found: Entry | undefined;

  constructor(services: Services) {
    this.#services = services;
  }

  /** ip_set_test (net/netfilter/ipset/ip_set_core.c). */
  test(slot: Slot, packet: Packet, place: PacketPlace, question: Question): boolean {
    this.found = undefined;
    const { set } = slot;
    if (!isAskable(set, packet, question)) return false;
    if (set.kind === 'list') return this.#testList(set, packet, place, question);
    return this.#testOne(set, packet, place, question, question.updateCounters, question.counters);
  }

  /** ip_set_add. `timeout` is in seconds; undefined for what the set says. */
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
    if (set.kind === 'list') {
      for (const member of set.entries(now))
        if (this.add(member.slot, packet, place, question, exist, timeout)) return true;
      return false;
    }
    if (!this.#read(set, packet, place, question, false)) return false;
    return set.add(this.#key, extrasOf(set, packet, timeout), exist, now) === undefined;
  }

  /** ip_set_del. */
  remove(slot: Slot, packet: Packet, place: PacketPlace, question: Question): boolean {
    const { set } = slot;
    if (!isAskable(set, packet, question)) return false;
    const now = this.#services.now();
    if (set.kind === 'list') {
      for (const member of set.entries(now))
        if (this.remove(member.slot, packet, place, question)) return true;
      return false;
    }
    return this.#read(set, packet, place, question, false) && set.remove(this.#key, now) === undefined;
  }

  #testOne(
    set: Exclude<IpSet, ListSet>,
    packet: Packet,
    place: PacketPlace,
    question: Question,
    update: boolean,
    accepts: Question['counters'],
  ): boolean {
    if (!this.#read(set, packet, place, question, true)) return false;
    const now = this.#services.now();
    const counting = this.#counting;
    counting.bytes = packet.end - packet.network;
    counting.update = update;
    counting.accepts = accepts;
    const found = set.find(this.#key, now, counting);
    if (!found) return false;
    // An element without its hardware address gets the packet's (-EAGAIN of bitmap_ipmac_do_test).
    if (set.kind === 'bitmap' && this.#key.mac && !found.mac)
      set.add(this.#key, extrasOf(set, packet, undefined), false, now);
    this.found = found;
    return set.kind === 'bitmap' || set.prefixes.length === 0 || found.nomatch === question.returnNomatch;
  }

  /** list_set_ktest: the counters asked about are the list's; those of the sets are counted unless told not to. */
  #testList(list: ListSet, packet: Packet, place: PacketPlace, question: Question): boolean {
    const update = question.updateCounters && question.updateSubcounters;
    for (const member of list.members) {
      const { set } = member.slot;
      if (set.kind === 'list' || !isAskable(set, packet, question)) continue;
      if (!this.#testOne(set, packet, place, question, update, undefined)) continue;
      this.#counting.update = question.updateCounters;
      this.#counting.accepts = question.counters;
      if (!fits(list.settings, member, this.#services.now(), this.#counting)) continue;
      if (list.settings.skbinfo) this.found = member;
      return true;
    }
    this.found = undefined;
    return false;
  }

  /** Takes the parts of an element from the packet; false if it has not all of them (the kadt functions). */
  #read(
    set: Exclude<IpSet, ListSet>,
    packet: Packet,
    place: PacketPlace,
    { source }: Question,
    test: boolean,
  ): boolean {
    const key = this.#key;
    const { words } = key;
    const { settings, type } = set;
    const { parts } = type;
    let at = 0;
    let net = 0;
    key.iface = '';
    key.mac = undefined;
    for (let part = 0; part < parts.length; part++) {
      const isSource = source[part] ?? false;
      switch (parts[part]) {
        case 'ip':
        case 'net': {
          const wide = readAddress(packet, isSource, words, at);
          if (set.kind === 'bitmap') {
            const value = words[0]! >>> 0;
            if (value < settings.first || value > settings.last) return false;
          } else {
            mask(settings, words, at, wide);
            if (parts[part] === 'net') {
              const longest = set.prefixes[net++]!.lengths[0] ?? set.bits;
              words[at + wide] = test ? set.bits : longest;
              narrow(words, at, wide, words[at + wide]!);
              at++;
            }
          }
          at += wide;
          break;
        }
        case 'port': {
          const port = portOf(packet, isSource);
          if (port < 0) return false;
          words[at++] = port;
          if (set.kind === 'hash') break;
          words[0] = port & 0xffff;
          const protocol = port >>> 16;
          if (protocol !== TCP && protocol !== UDP) return false;
          if (words[0] < settings.first || words[0] > settings.last) return false;
          break;
        }
        case 'mac': {
          if (packet.link < 0 || packet.network - packet.link < 14) return false;
          const from = packet.link + (isSource ? 6 : 0);
          const high = get16(packet.bytes, from);
          const low = get32(packet.bytes, from + 2) | 0;
          if (high === 0 && low === 0) return false;
          if (set.kind === 'bitmap') {
            this.#mac[0] = high;
            this.#mac[1] = low;
            key.mac = this.#mac;
          } else {
            words[at++] = high;
            words[at++] = low;
          }
          break;
        }
        case 'iface':
          key.iface = this.#services.interfaces.nameOf(isSource ? place.inDevice : place.outDevice);
          if (key.iface === '') return false;
          words[at++] = 0;
          break;
        default:
          words[at++] = packet.mark & settings.markmask;
      }
    }
    words.length = at;
    return !isZero(type, settings.family, words);
  }
}

/** Puts an address of the packet into the words. @returns how many they are */
function readAddress(
  { bytes, network, family }: Packet,
  isSource: boolean,
  words: number[],
  at: number,
): number {
  if (family === 4) {
    words[at] = get32(bytes, network + (isSource ? 12 : 16)) | 0;
    return 1;
  }
  const from = network + (isSource ? 8 : 24);
  for (let i = 0; i < 4; i++) words[at + i] = get32(bytes, from + 4 * i) | 0;
  return 4;
}

/** Hashes keep the comment of an element that a packet adds again, bitmaps do not (ext->target). */
function extrasOf({ kind }: IpSet, packet: Packet, timeout: number | undefined): Extras {
  return { packets: 1, bytes: packet.end - packet.network, timeout, keepsComment: kind === 'hash' };
}

function isAskable({ type, settings }: IpSet, { family }: Packet, { source }: Question): boolean {
  if (source.length < Math.max(1, type.parts.length)) return false;
  return settings.family === 0 || settings.family === family;
}
