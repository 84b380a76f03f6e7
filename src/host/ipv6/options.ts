import type { Packet } from '../../netfilter/packet.ts';

import { isMulticast6 } from '../../wire/address.ts';
import { DESTINATION, HEADER_LENGTH, MAX_PAYLOAD, PAYLOAD_LENGTH } from './headers.ts';
import { JUMBO, ROUTER_ALERT } from './state.ts';

const PAD1 = 0;
const PADN = 1;
const ROUTER_ALERT_OPTION = 5;
const CALIPSO = 7;
const IOAM = 49;
const JUMBO_PAYLOAD = 0xc2;
/** More padding than this in a row is refused, since nothing needs it (RFC 4942 section 2.1.9.5). */
const MAX_PADDING = 7;

/** What the walk over options came to: 0: all read; else the packet ends here. */
export const OPTIONS_READ = 0;
/** Dropped without a word. */
export const OPTIONS_BAD = 1;
/** A parameter problem is to be sent: see {@link optionProblem}. */
export const OPTIONS_PROBLEM = 2;

/** What the parameter problem says. Reused: read it before the next call. */
export const optionProblem = { code: 0, pointer: 0 };

/** ICMPv6 parameter problem codes (RFC 4443 section 3.4). */
const ERRONEOUS_FIELD = 0;
const UNRECOGNISED_OPTION = 2;

/**
 * Reads hop-by-hop or destination options, whose header begins at `packet.transport` and is known to lie within the
 * packet. `most` is the number of options (padding aside) that may be there; if negative, unknown ones are refused too.
 * (net/ipv6/exthdrs.c ip6_parse_tlv)
 */
export function readOptions(packet: Packet, hopByHop: boolean, most: number): number {
  const bytes = packet.bytes;
  const limit = Math.abs(most);
  let left = ((bytes[packet.transport + 1]! + 1) << 3) - 2;
  let at = packet.transport + 2;
  let options = 0;
  let padding = 0;
  while (left > 0) {
    const type = bytes[at]!;
    if (type === PAD1) {
      if (++padding > MAX_PADDING) return OPTIONS_BAD;
      at++;
      left--;
      continue;
    }
    if (left < 2) return OPTIONS_BAD;
    const length = bytes[at + 1]! + 2;
    if (length > left) return OPTIONS_BAD;
    if (type === PADN) {
      padding += length;
      if (padding > MAX_PADDING) return OPTIONS_BAD;
      for (let i = 2; i < length; i++) if (bytes[at + i] !== 0) return OPTIONS_BAD;
    } else {
      if (++options > limit) return OPTIONS_BAD;
      const verdict = hopByHop ? hopByHopOption(packet, at, most < 0) : unknownOption(packet, at, most < 0);
      if (verdict !== OPTIONS_READ) return verdict;
      padding = 0;
    }
    at += length;
    left -= length;
  }
  return OPTIONS_READ;
}

function hopByHopOption(packet: Packet, at: number, strict: boolean): number {
  const { bytes } = packet;
  switch (bytes[at]) {
    case ROUTER_ALERT_OPTION:
      if (bytes[at + 1] !== 2) return OPTIONS_BAD;
      packet.flags |= ROUTER_ALERT;
      return OPTIONS_READ;
    case IOAM:
      // Looked at only where ioam6_enabled is set, but its alignment is always checked.
      return ((at - packet.network) & 3) === 0 ? OPTIONS_READ : OPTIONS_BAD;
    case JUMBO_PAYLOAD:
      return jumboPayload(packet, at);
    case CALIPSO:
      // No domain of interpretation is defined, so that no label can be valid (net/ipv6/calipso.c).
      return OPTIONS_BAD;
    default:
      return unknownOption(packet, at, strict);
  }
}

/** RFC 2675; net/ipv6/exthdrs.c ipv6_hop_jumbo. */
function jumboPayload(packet: Packet, at: number): number {
  const { bytes, network } = packet;
  if (bytes[at + 1] !== 4 || ((at - network) & 3) !== 2) return OPTIONS_BAD;
  const length =
    ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0;
  if (length <= MAX_PAYLOAD) return problem(ERRONEOUS_FIELD, at + 2 - network);
  if (bytes[network + PAYLOAD_LENGTH] !== 0 || bytes[network + PAYLOAD_LENGTH + 1] !== 0) {
    return problem(ERRONEOUS_FIELD, at - network);
  }
  if (length > packet.length - HEADER_LENGTH) return OPTIONS_BAD;
  packet.end = network + HEADER_LENGTH + length;
  packet.flags |= JUMBO;
  return OPTIONS_READ;
}

/** The two highest bits of an option's type say what to do if it is unknown (RFC 8200 section 4.2). */
function unknownOption(packet: Packet, at: number, strict: boolean): number {
  if (strict) return OPTIONS_BAD;
  const action = packet.bytes[at]! >> 6;
  if (action === 0) return OPTIONS_READ;
  if (action === 1 || (action === 3 && isMulticast6(packet.bytes, packet.network + DESTINATION))) {
    return OPTIONS_BAD;
  }
  return problem(UNRECOGNISED_OPTION, at - packet.network);
}

function problem(code: number, pointer: number): number {
  optionProblem.code = code;
  optionProblem.pointer = pointer;
  return OPTIONS_PROBLEM;
}
