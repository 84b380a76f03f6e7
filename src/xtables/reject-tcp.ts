import type { Packet } from '../netfilter/packet.ts';

export const TCP_HEADER = 20;
const SYN = 0x02;
const FIN = 0x01;
const RST = 0x04;
const ACK = 0x10;

export function isReset(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 13]! & RST) !== 0;
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * The TCP header, without checksum, that resets the connection of the segment at `from` of `about`: it has the sequence
 * number that the sender awaits, or acknowledges all that it has sent (nf_reject_ip_tcphdr_put; RFC 9293 section 3.10.7.1).
 */
export function writeReset(answer: Packet, about: Packet, from: number): void {
  const { bytes: out, transport: at } = answer;
  const { bytes, end } = about;
  out.fill(0, at, at + TCP_HEADER);
  out[at] = bytes[from + 2]!;
  out[at + 1] = bytes[from + 3]!;
  out[at + 2] = bytes[from]!;
  out[at + 3] = bytes[from + 1]!;
  out[at + 12] = 5 << 4;
  const flags = bytes[from + 13]!;
  if (flags & ACK) {
    out.set(bytes.subarray(from + 8, from + 12), at + 4);
    out[at + 13] = RST;
    return;
  }
  const sequence =
    ((bytes[from + 4]! << 24) | (bytes[from + 5]! << 16) | (bytes[from + 6]! << 8) | bytes[from + 7]!) >>> 0;
  const data = end - from - (bytes[from + 12]! >> 4) * 4;
  write32(out, at + 8, (sequence + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0) + data) >>> 0);
  out[at + 13] = RST | ACK;
}
