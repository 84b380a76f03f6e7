import { checksum, pseudoSum6 } from '../../wire/checksum.ts';

/**
 * Internet checksum of the bytes from `from` to `to` with the pseudo-header of the IPv6 header at `network`. `length` is
 * what the pseudo-header says, mostly `to - from`. 0 if what is there, checksum field included, is right.
 */
export function checksum6(
  bytes: Uint8Array,
  network: number,
  from: number,
  to: number,
  protocol: number,
  length = to - from,
): number {
  return checksum(bytes, from, to, pseudoSum6(bytes, network, protocol, length));
}
