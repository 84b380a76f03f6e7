import type { Packet } from '../../netfilter/packet.ts';

/** Offsets within an IPv4 header (RFC 791 section 3.1). */
export const TOS = 1;
export const TOTAL_LENGTH = 2;
export const IDENTIFICATION = 4;
export const FRAGMENT = 6;
export const TTL = 8;
export const PROTOCOL = 9;
export const CHECKSUM = 10;
export const SOURCE = 12;
export const DESTINATION = 16;
export const HEADER_LENGTH = 20;

/** Bits of the fragment field. */
export const DONT_FRAGMENT = 0x4000;
export const MORE_FRAGMENTS = 0x2000;
export const OFFSET_MASK = 0x1fff;

export const ICMP = 1;
export const IGMP = 2;
export const TCP = 6;
export const UDP = 17;
export const PIM = 103;
export const UDP_LITE = 136;
export const RAW = 255;

export const MAX_MTU = 0xffff;

export function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function source(packet: Packet): number {
  return read32(packet.bytes, packet.network + SOURCE);
}

export function destination(packet: Packet): number {
  return read32(packet.bytes, packet.network + DESTINATION);
}

export function protocolOf(packet: Packet): number {
  return packet.bytes[packet.network + PROTOCOL]!;
}

export function tosOf(packet: Packet): number {
  return packet.bytes[packet.network + TOS]!;
}

/** Length of the header in bytes as it says itself; on a packet that has passed the input checks, 20 to 60. */
export function headerLength(packet: Packet): number {
  return (packet.bytes[packet.network]! & 15) << 2;
}

/** Flags and offset. */
export function fragmentField(packet: Packet): number {
  return read16(packet.bytes, packet.network + FRAGMENT);
}

export function isFragment(packet: Packet): boolean {
  return (fragmentField(packet) & (OFFSET_MASK | MORE_FRAGMENTS)) !== 0;
}

/** The sum of 16-bit words from `from` to `to`, an odd last byte padded, added to `sum`; not folded. */
export function sumWords(bytes: Uint8Array, from: number, to: number, sum: number): number {
  let total = sum;
  let at = from;
  for (; at + 1 < to; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  if (at < to) total += bytes[at]! << 8;
  return total;
}

/** The Internet checksum of an unfolded sum (RFC 1071); sums stay exact below 2⁵³. */
export function fold(sum: number): number {
  let total = sum;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}

/** The sum of the pseudo header (RFC 768) of `length` bytes of a protocol, not folded. */
export function pseudoSum(packet: Packet, protocol: number, length: number): number {
  const at = packet.network + SOURCE;
  return sumWords(packet.bytes, at, at + 8, protocol + length);
}

/** Writes the right header checksum. */
export function setHeaderChecksum(bytes: Uint8Array, network: number): void {
  const end = network + ((bytes[network]! & 15) << 2);
  bytes[network + CHECKSUM] = 0;
  bytes[network + CHECKSUM + 1] = 0;
  write16(bytes, network + CHECKSUM, fold(sumWords(bytes, network, end, 0)));
}

/** 224.0.0.0/4 */
export function isMulticast(address: number): boolean {
  return address >>> 28 === 14;
}

/** 127.0.0.0/8 */
export function isLoopback(address: number): boolean {
  return address >>> 24 === 127;
}

export function dotted(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}
