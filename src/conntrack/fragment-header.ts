import { ipv6ExtensionLength, isIpv6Extension } from '../wire/ipv6-extensions.ts';
import { IPPROTO_FRAGMENT, IPPROTO_NONE } from '../wire/protocols.ts';

/** Where a fragment header lies. Reused: read it before the next call. */
export interface FragmentHeader {
  /** Offset in the buffer. */
  at: number;
  /** Offset, counted from the IPv6 header, of the next header field that names it. */
  fieldAt: number;
}

const FRAGMENT_HEADER = 8;
const found: FragmentHeader = { at: 0, fieldAt: 0 };

/** The first fragment header of the packet at `network`; undefined if it has none. (find_prev_fhdr) */
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
  if (at + FRAGMENT_HEADER > end) return undefined;
  found.at = at;
  found.fieldAt = fieldAt;
  return found;
}
