import type { Around, Header } from './layer.ts';
import { DESTINATION_MAC, SOURCE_MAC } from './layers/ethernet.ts';
import { routing } from './layers/extensions.ts';
import { OTHER_PROTOCOL, other } from './layers/index.ts';
import { ETHERTYPE } from './protocols.ts';
import { sum16 } from './sums.ts';
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
    next = ETHERTYPE.VLAN;
  }
  return ethernet.layer.seal(ethernet, bytes, around(next));
}

export interface Macs {
  /** 6 bytes. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

function etherTypeOf(stack: Stack): number {
  if (stack.family === 4) return ETHERTYPE.IPV4;
  if (stack.family === 6) return ETHERTYPE.IPV6;
  return stack.network ? ETHERTYPE.ARP : 0;
}

function protocolOf({ transport, payloadType }: Stack): number {
  if (transport?.layer !== other) return transport?.layer.protocol ?? 0;
  return transport.given.has(OTHER_PROTOCOL) ? transport.bytes[0]! : (payloadType ?? 0);
}

/** Where a packet to many goes: broadcast, or the group's address (RFC 1112 section 6.4, RFC 2464 section 7). */
export function groupMac({ network, family }: Stack): Uint8Array | undefined {
  if (!network) return undefined;
  const bytes = network.bytes;
  if (family === 0) return bytes[7] === 1 ? new Uint8Array(6).fill(255) : undefined;
  if (family === 6)
    return bytes[24] === 255 ? Uint8Array.of(0x33, 0x33, ...bytes.subarray(36, 40)) : undefined;
  if (bytes.subarray(16, 20).every((byte) => byte === 255)) return new Uint8Array(6).fill(255);
  if (bytes[16]! >> 4 !== 14) return undefined;
  return Uint8Array.of(1, 0, 0x5e, bytes[17]! & 127, bytes[18]!, bytes[19]!);
}

/** What the payload of a tunnel is: protocol number for AH, EtherType for GRE. */
function carried({ transport, payload, payloadType }: Stack): number {
  if (payloadType === undefined) return transport?.layer.name === 'ah' ? 59 : ETHERTYPE.IPV4;
  if (transport?.layer.name !== 'gre') return payloadType;
  return (payload[0] ?? 0) >> 4 === 6 ? ETHERTYPE.IPV6 : ETHERTYPE.IPV4;
}

function pseudoSum(stack: Stack, protocol: number, length: number): number {
  const { network, family } = stack;
  if (!network || family === 0) return 0;
  if (family === 4) return sum16(network.bytes.subarray(12, 20)) + protocol + length;
  return sum16(network.bytes.subarray(8, 24)) + sum16(finalDestination(stack)) + protocol + length;
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
