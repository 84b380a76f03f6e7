import type { Address6, Interface } from '../interface.ts';
import { prefixFits6 } from './fib6.ts';

const DEPRECATED = 0x20;
const TENTATIVE = 0x40;
/** Scopes as in multicast addresses (RFC 4291 section 2.7): how far an address is valid. */
const INTERFACE_LOCAL = 1;
const LINK_LOCAL = 2;
const SITE_LOCAL = 5;
const GLOBAL = 14;

/** The kernel's default labels (net/ipv6/addrlabel.c ip6addrlbl_init_table; RFC 6724 section 2.1). */
const LABELS: readonly (readonly [string, number, number])[] = [
  ['00000000000000000000000000000001', 128, 0],
  ['00000000000000000000ffff00000000', 96, 4],
  ['00000000000000000000000000000000', 96, 3],
  ['20010010000000000000000000000000', 28, 7],
  ['20010000000000000000000000000000', 32, 6],
  ['3ffe0000000000000000000000000000', 16, 12],
  ['20020000000000000000000000000000', 16, 2],
  ['fec00000000000000000000000000000', 10, 11],
  ['fc000000000000000000000000000000', 7, 5],
  ['00000000000000000000000000000000', 0, 1],
];
const LABEL_TABLE = LABELS.map(
  ([hex, length, label]) =>
    [Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)), length, label] as const,
).sort((a, b) => b[1] - a[1]);

function labelOf(address: Uint8Array): number {
  for (const [prefix, length, label] of LABEL_TABLE)
    if (prefixFits6(prefix, length, address, 0)) return label;
  return 1;
}

/** How far an address is valid (__ipv6_addr_src_scope). */
function scopeOf(address: Uint8Array): number {
  const [first, second] = [address[0]!, address[1]!];
  if (first === 0xff) return second & 15;
  if (first === 0xfe && (second & 0xc0) === 0x80) return LINK_LOCAL;
  if (first === 0xfe && (second & 0xc0) === 0xc0) return SITE_LOCAL;
  for (let i = 0; i < 15; i++) if (address[i] !== 0) return GLOBAL;
  return address[15] === 1 ? LINK_LOCAL : GLOBAL;
}

function commonBits(a: Uint8Array, b: Uint8Array, most: number): number {
  let bits = 0;
  for (let i = 0; i < 16; i++) {
    const differs = a[i]! ^ b[i]!;
    if (differs !== 0) return Math.min(most, bits + Math.clz32(differs) - 24);
    bits += 8;
  }
  return Math.min(most, bits);
}

/**
 * The source address for talking to `destination` from `outgoing` (RFC 6724 section 5; net/ipv6/addrconf.c
 * ipv6_dev_get_saddr). Undefined if the host has none that fits.
 */
export function chooseSource6(
  interfaces: readonly Interface[],
  outgoing: Interface | undefined,
  destination: Uint8Array,
): Uint8Array | undefined {
  const scope = scopeOf(destination);
  const onlyOutgoing = outgoing && (destination[0] === 0xff || scope <= LINK_LOCAL);
  const label = labelOf(destination);
  let best: { readonly address: Address6; readonly score: readonly number[] } | undefined;
  for (const device of interfaces) {
    if (onlyOutgoing && device !== outgoing) continue;
    for (const address of device.addresses6) {
      if ((address.flags & TENTATIVE) !== 0) continue;
      const own = scopeOf(address.bytes);
      const score = [
        sameBytes(address.bytes, destination) ? 1 : 0,
        // A scope that reaches far enough, and no farther than needed; else the one that reaches farthest.
        own >= scope ? 128 - (own - scope) : own - 128 - INTERFACE_LOCAL,
        (address.flags & DEPRECATED) === 0 ? 1 : 0,
        !outgoing || device === outgoing ? 1 : 0,
        labelOf(address.bytes) === label ? 1 : 0,
        commonBits(address.bytes, destination, address.prefixLength),
      ];
      if (!best || better(score, best.score)) best = { address, score };
    }
  }
  return best?.address.bytes;
}

function better(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! > b[i]!;
  return false;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if (a[i] !== b[i]) return false;
  return true;
}
