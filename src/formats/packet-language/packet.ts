import { isMulticast4, isMulticast6, multicastMac4, multicastMac6 } from '../../wire/address.ts';
import { ARP_REQUEST, arpOperation } from '../../wire/arp.ts';
import { pseudoSum4, pseudoSumOf6 } from '../../wire/checksum.ts';
import { ipv4Destination } from '../../wire/ipv4.ts';
import { IPV6_DESTINATION_AT, IPV6_SOURCE_AT } from '../../wire/ipv6.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN } from '../../wire/protocols.ts';
import type { Around, Header } from './layer.ts';
import { DESTINATION_MAC, SOURCE_MAC } from './layers/ethernet.ts';
import { routing } from './layers/extensions.ts';
import { OTHER_PROTOCOL, other } from './layers/index.ts';
import { concat } from './values.ts';

/** A packet in headers, from the outside in. What a text says, and what a printer found in bytes. */
export interface Stack {
  readonly ethernet: Header;
  readonly vlans: readonly Header[];
  /** IP or ARP; undefined for a frame of another kind. */
  readonly network: Header | undefined;
  /** 0 if `network` is not IP. */
  readonly family: 0 | 4 | 6;
  readonly extensions: readonly Header[];
  /** What stands behind IP; undefined if there is no IP. */
  readonly transport: Header | undefined;
  readonly payload: Uint8Array;
  /** Protocol number of the transport, or EtherType inside GRE, where the payload decides it. */
  readonly payloadType: number | undefined;
  /** The packet is cut to this many bytes once it is built. */
  readonly cut: number | undefined;
  /** Bytes behind the packet in its frame. */
  readonly padding: Uint8Array;
}

export const NO_MAC = new Uint8Array(6);
const BROADCAST_MAC = new Uint8Array(6).fill(255);
/** 255.255.255.255 */
const LIMITED_BROADCAST = -1;

/** The IP packet or other payload of the frame, without link headers. */
export function buildNetwork(stack: Stack, sourceMac: Uint8Array = NO_MAC): Uint8Array {
  const { network, family, extensions, transport, payload } = stack;
  const pseudo = (protocol: number, length: number): number => pseudoSum(stack, protocol, length);
  const around = (next: number): Around => ({ family, pseudo, next, sourceMac });
  // Of the transports only GRE and AH name what they carry; the others ignore it.
  let bytes = transport ? transport.layer.seal(transport, payload, around(carried(stack))) : payload;
  let next = protocolOf(stack);
  for (const extension of [...extensions].reverse()) {
    bytes = extension.layer.seal(extension, bytes, around(next));
    next = extension.layer.protocol;
  }
  if (network) bytes = network.layer.seal(network, bytes, around(next));
  return stack.cut === undefined ? bytes : bytes.subarray(0, stack.cut);
}

/** The whole frame. MACs that the text does not give are taken from `macs`. */
export function buildFrame(stack: Stack, macs: Partial<Macs> = {}): Uint8Array {
  const { ethernet, vlans, family } = stack;
  if (!ethernet.given.has(SOURCE_MAC) && macs.source) ethernet.bytes.set(macs.source, 6);
  if (!ethernet.given.has(DESTINATION_MAC)) {
    ethernet.bytes.set(groupMac(stack) ?? macs.destination ?? NO_MAC, 0);
  }
  let bytes = concat(buildNetwork(stack, ethernet.bytes.subarray(6, 12)), stack.padding);
  const around = (next: number): Around => ({ family, pseudo: () => 0, next, sourceMac: NO_MAC });
  let next = etherTypeOf(stack);
  for (const tag of [...vlans].reverse()) {
    bytes = tag.layer.seal(tag, bytes, around(next));
    next = ETHERTYPE_VLAN;
  }
  return ethernet.layer.seal(ethernet, bytes, around(next));
}

export interface Macs {
  /** 6 bytes. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

function etherTypeOf(stack: Stack): number {
  if (stack.family === 4) return ETHERTYPE_IPV4;
  if (stack.family === 6) return ETHERTYPE_IPV6;
  return stack.network ? ETHERTYPE_ARP : 0;
}

function protocolOf({ transport, payloadType }: Stack): number {
  if (transport?.layer !== other) return transport?.layer.protocol ?? 0;
  return transport.given.has(OTHER_PROTOCOL) ? transport.bytes[0]! : (payloadType ?? 0);
}

/** Where a packet to many goes: broadcast, or the group's address (RFC 1112 section 6.4, RFC 2464 section 7). */
export function groupMac({ network, family }: Stack): Uint8Array | undefined {
  if (!network) return undefined;
  const { bytes } = network;
  if (family === 0) return arpOperation(bytes, 0) === ARP_REQUEST ? BROADCAST_MAC.slice() : undefined;
  if (family === 6) {
    const isGroup = isMulticast6(bytes, IPV6_DESTINATION_AT);
    return isGroup ? multicastMac6(bytes, IPV6_DESTINATION_AT) : undefined;
  }
  const destination = ipv4Destination(bytes, 0);
  if (destination === LIMITED_BROADCAST) return BROADCAST_MAC.slice();
  return isMulticast4(destination) ? multicastMac4(destination) : undefined;
}

/** What the payload of a tunnel is: protocol number for AH, EtherType for GRE. */
function carried({ transport, payload, payloadType }: Stack): number {
  if (payloadType === undefined) return transport?.layer.name === 'ah' ? 59 : ETHERTYPE_IPV4;
  if (transport?.layer.name !== 'gre') return payloadType;
  return (payload[0] ?? 0) >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
}

function pseudoSum(stack: Stack, protocol: number, length: number): number {
  const { network, family } = stack;
  if (!network || family === 0) return 0;
  if (family === 4) return pseudoSum4(network.bytes, 0, protocol, length);
  return pseudoSumOf6(network.bytes, IPV6_SOURCE_AT, finalDestination(stack), 0, protocol, length);
}

/** Where a packet ends up: the last address of a routing header that is not used up. */
function finalDestination({ network, extensions }: Stack): Uint8Array {
  const header = extensions.find((extension) => extension.layer === routing);
  const addresses = header?.optionBytes;
  const isList = addresses && header.bytes[3] !== 0 && addresses.length >= 16 && addresses.length % 16 === 0;
  if (!isList) return network!.bytes.subarray(24, 40);
  // Segment routing lists its addresses from the last to the first (RFC 8754, section 2).
  return header.bytes[2] === 4 ? addresses.subarray(0, 16) : addresses.subarray(-16);
}
