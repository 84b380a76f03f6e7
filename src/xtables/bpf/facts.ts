import { OUTPUT, POSTROUTING } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import type { Services } from '../../netfilter/services.ts';
import type { Place } from '../place.ts';
import { FACTS } from './code.ts';
import { payloadOffset } from './payload.ts';

/** What a program runs on. */
export interface Subject {
  readonly packet: Packet;
  readonly place: Place;
  readonly services: Services;
}

/** A fact about a packet, loaded like a word of it: unsigned 32 bits; -1 where there is none, which ends the program. */
export type Fact = (subject: Subject, a: number, x: number) => number;

const LOOPBACK = 1;
/** ARPHRD_ETHER and ARPHRD_LOOPBACK. */
const HARDWARE_ETHERNET = 1;
const HARDWARE_LOOPBACK = 772;

const NO_FACT = -1;
const zero: Fact = () => 0;

/** The device that the packet is at; none before one of the host's own has passed OUTPUT. */
function device({ place }: Subject): number {
  if (place.hook === OUTPUT) return 0;
  return place.hook === POSTROUTING ? place.outDevice : place.inDevice;
}

function hardware(subject: Subject): number {
  const index = device(subject);
  if (index === 0) return NO_FACT;
  return index === LOOPBACK ? HARDWARE_LOOPBACK : HARDWARE_ETHERNET;
}

const ATTRIBUTE_HEADER = 4;

/** Offset of the netlink attribute of a type among those from an offset on; 0 if there is none (nla_find). */
function findAttribute({ bytes, network }: Packet, from: number, end: number, type: number): number {
  for (let at = from; at + ATTRIBUTE_HEADER <= end; ) {
    const length = bytes[network + at]! | (bytes[network + at + 1]! << 8);
    if (length < ATTRIBUTE_HEADER || length > end - at) return 0;
    // The upper two bits are flags.
    const own = (bytes[network + at + 2]! | (bytes[network + at + 3]! << 8)) & 0x3fff;
    if (own === type) return at;
    at += (length + 3) & ~3;
  }
  return 0;
}

/** Attributes from offset `a` on, of type `x` (net/core/filter.c bpf_skb_get_nlattr). */
const attribute: Fact = ({ packet }, a, x) =>
  a + ATTRIBUTE_HEADER > packet.length ? 0 : findAttribute(packet, a, packet.length, x);

/** Attributes inside the one at offset `a` (bpf_skb_get_nlattr_nest). */
const nested: Fact = ({ packet }, a, x) => {
  if (a + ATTRIBUTE_HEADER > packet.length) return 0;
  const length = packet.bytes[packet.network + a]! | (packet.bytes[packet.network + a + 1]! << 8);
  return length > packet.length - a ? 0 : findAttribute(packet, a + ATTRIBUTE_HEADER, a + length, x);
};

/** By their distance from FACTS (SKF_AD_PROTOCOL to SKF_AD_VLAN_TPID). */
const BY_DISTANCE: ReadonlyMap<number, Fact> = new Map<number, Fact>([
  [0, ({ packet }) => packet.etherType],
  [4, ({ packet }) => packet.type],
  [8, (subject) => device(subject) || NO_FACT],
  [12, attribute],
  [16, nested],
  [20, ({ packet }) => packet.mark >>> 0],
  // The queue of the device it came by, counted from 1: these have one.
  [24, ({ packet }) => (packet.inDevice > LOOPBACK ? 1 : 0)],
  [28, hardware],
  // No device here computes a hash.
  [32, zero],
  [36, ({ services }) => services.cpu()],
  [40, (_subject, a, x) => (a ^ x) >>> 0],
  // VLAN tags are not among what passes Netfilter here.
  [44, zero],
  [48, zero],
  [52, ({ packet }) => payloadOffset(packet)],
  [56, ({ services }) => services.random()],
  [60, zero],
]);

/** The fact at an offset of an absolute load; undefined if there is none. */
export const factAt = (k: number): Fact | undefined => BY_DISTANCE.get(k - FACTS);
