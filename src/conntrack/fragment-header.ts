import { Ipv6Walk, ipv6ExtensionLength, isIpv6Extension } from '../wire/ipv6-extensions.ts';
import {
  IPPROTO_FRAGMENT,
  IPPROTO_ICMPV6,
  IPPROTO_NONE,
  IPPROTO_TCP,
  IPPROTO_UDP,
} from '../wire/protocols.ts';

/** Where a fragment header lies. Reused: read it before the next call. */
export interface FragmentHeader {
  /** Offset in the buffer. */
  at: number;
  /** Offset, counted from the IPv6 header, of the next header field that names it. */
  fieldAt: number;
}

const found: FragmentHeader = { at: 0, fieldAt: 0 };

/** The first fragment header of the packet at `network`, which may be cut off; undefined if it has none. (find_prev_fhdr) */
export function findFragmentHeader(
  bytes: Uint8Array,
  network: number,
  end: number,
): FragmentHeader | undefined {
  let next = bytes[network + 6]!;
  let at = network + 40;
  let fieldAt = 6;
  while (next !== IPPROTO_FRAGMENT) {
    if (!isIpv6Extension(next) || next === IPPROTO_NONE || at + 2 > end) return undefined;
    const length = ipv6ExtensionLength(bytes, at, next);
    fieldAt = at - network;
    next = bytes[at]!;
    at += length;
    if (at > end) return undefined;
  }
  found.at = at;
  found.fieldAt = fieldAt;
  return found;
}

const walk = new Ipv6Walk();

/**
 * Is this a first fragment (or a packet's only one) without all of the headers, up to the transport's (RFC 8200 section
 * 4.5)? `at` is where its fragment header lies. (net/ipv6/reassembly.c ipv6frag_thdr_truncated)
 */
export function firstFragmentLacksHeaders(bytes: Uint8Array, at: number, end: number): boolean {
  if (!walk.skip(bytes, at, end, IPPROTO_FRAGMENT) || walk.fragmentOffset !== 0) return false;
  const { protocol, offset } = walk;
  let length = 1;
  if (protocol === IPPROTO_TCP) length = 20;
  else if (protocol === IPPROTO_UDP || protocol === IPPROTO_ICMPV6) length = 8;
  return offset + length > end;
}
