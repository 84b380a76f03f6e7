import { DESTINATION, SOURCE } from './headers.ts';

/** Sum of 16-bit words from `from` to `to`; an odd last byte counts as the upper half of a word. Not folded. */
function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  let at = from;
  for (; at + 1 < to; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  return at < to ? total + (bytes[at]! << 8) : total;
}

/**
 * Internet checksum of the bytes from `from` to `to` with the pseudo-header of the IPv6 header at `network`
 * (RFC 8200 section 8.1). `length` is what the pseudo-header says, mostly `to - from`. 0 if what is there, checksum
 * field included, is right.
 */
export function checksum6(
  bytes: Uint8Array,
  network: number,
  from: number,
  to: number,
  protocol: number,
  length = to - from,
): number {
  let total = sum(bytes, network + SOURCE, network + DESTINATION + 16) + length + protocol;
  total += sum(bytes, from, to);
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}
