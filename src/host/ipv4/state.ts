import { FragmentSizes } from '../../netfilter/fragments.ts';
import type { Packet } from '../../netfilter/packet.ts';
import type { Options } from './options.ts';

/** What the IPv4 path notes in `packet.flags`; the numbers are the kernel's (IPSKB_*, include/net/ip.h) as far as it has them. */
export const FORWARDED = 1 << 0;
/** A fragment that this host has made. */
export const FRAGMENTED = 1 << 3;
/** It leaves by the interface it came by, and the sender may be told (set by the route look-up). */
export const DO_REDIRECT = 1 << 5;
/** Its checksums need no check: a copy of what this host sent (CHECKSUM_UNNECESSARY). */
export const TRUSTED = 1 << 16;

/** What the path keeps beside a packet with options, or one that was reassembled. */
export class Control4 extends FragmentSizes {
  options: Options | undefined = undefined;
}

/** The packet's options as the path has read them; undefined while it has not, or there are none. */
export function optionsOf(packet: Packet): Options | undefined {
  const { control } = packet;
  return control instanceof Control4 ? control.options : undefined;
}

export function setOptions(packet: Packet, options: Options | undefined): void {
  let { control } = packet;
  if (!(control instanceof Control4)) {
    if (!options) return;
    const made = new Control4();
    if (control instanceof FragmentSizes) made.pieces = control.pieces;
    control = made;
    packet.control = made;
  }
  (control as Control4).options = options;
}

/** Sizes of the fragments it was made of; empty if it leaves in any. */
export function piecesOf(packet: Packet): readonly number[] {
  const { control } = packet;
  return control instanceof FragmentSizes ? control.pieces : NO_PIECES;
}

const NO_PIECES: readonly number[] = [];
