import { get32, set16, set32 } from '../wire/bytes.ts';

const END = 0;
const NO_OPERATION = 1;
const MAXIMUM_SEGMENT = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const TIMESTAMP = 8;
const MD5_SIGNATURE = 19;
const AUTHENTICATION = 29;
const LARGEST_SCALE = 14;
const SIGNATURE_LENGTH = 18;
const AUTHENTICATION_HEADER = 4;

/** What a SYN offers (RFC 9293, RFC 7323, RFC 2018). */
export interface TcpOffers {
  /** Whether and which window scale; -1: none. */
  windowScale: number;
  sack: boolean;
  timestamp: boolean;
  timestampValue: number;
}

/** Reads the options between `from` and `to`; what is malformed ends the reading. (net/ipv4/tcp_input.c tcp_parse_options) */
export function readOffers(bytes: Uint8Array, from: number, to: number): TcpOffers {
  const offers: TcpOffers = { windowScale: -1, sack: false, timestamp: false, timestampValue: 0 };
  eachOption(bytes, from, to, (kind, at, length) => {
    if (kind === WINDOW_SCALE && length === 3) {
      offers.windowScale = Math.min(bytes[at + 2]!, LARGEST_SCALE);
    } else if (kind === SACK_PERMITTED && length === 2) {
      offers.sack = true;
    } else if (kind === TIMESTAMP && length === 10) {
      offers.timestamp = true;
      offers.timestampValue = get32(bytes, at + 2);
    }
    return false;
  });
  return offers;
}

/**
 * Whether a segment is signed (RFC 2385), or its options are broken where a signature could be: no socket here has a
 * key, so it gets no answer. What is shorter than a signature is not looked at. A TCP-AO option (RFC 5925) that is well
 * formed counts only for IPv4. (net/ipv4/tcp_input.c tcp_do_parse_auth_options, tcp_v4_send_reset without CONFIG_TCP_AO)
 */
export function isSigned(bytes: Uint8Array, from: number, to: number, ipv4 = false): boolean {
  let signed = false;
  let authenticated = false;
  for (let at = from; to - at >= SIGNATURE_LENGTH; ) {
    const kind = bytes[at]!;
    if (kind === END) break;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const length = bytes[at + 1]!;
    if (length < 2 || length > to - at) return true;
    if (kind === MD5_SIGNATURE) {
      if (length !== SIGNATURE_LENGTH || signed || authenticated) return true;
      signed = true;
    } else if (kind === AUTHENTICATION) {
      if (length <= AUTHENTICATION_HEADER || signed || authenticated) return true;
      authenticated = true;
    }
    at += length;
  }
  return signed || (ipv4 && authenticated);
}

/** The options of a SYN+ACK, in Linux's order and padding (net/ipv4/tcp_output.c tcp_options_write). */
export function answerOptions(
  segmentSize: number,
  offers: TcpOffers,
  windowScale: number,
  timestamp: number,
): Uint8Array {
  const bytes = new Uint8Array(40);
  bytes[0] = MAXIMUM_SEGMENT;
  bytes[1] = 4;
  set16(bytes, 2, segmentSize);
  let at = 4;
  if (offers.sack || offers.timestamp) {
    bytes[at++] = offers.sack && offers.timestamp ? SACK_PERMITTED : NO_OPERATION;
    bytes[at++] = offers.sack && offers.timestamp ? 2 : NO_OPERATION;
    bytes[at++] = offers.timestamp ? TIMESTAMP : SACK_PERMITTED;
    bytes[at++] = offers.timestamp ? 10 : 2;
    if (offers.timestamp) {
      set32(bytes, at, timestamp);
      set32(bytes, at + 4, offers.timestampValue);
      at += 8;
    }
  }
  if (offers.windowScale >= 0) {
    bytes.set([NO_OPERATION, WINDOW_SCALE, 3, windowScale], at);
    at += 4;
  }
  return bytes.subarray(0, at);
}

/** Calls `each` with every well-formed option until one answers true; answers whether one did. */
function eachOption(
  bytes: Uint8Array,
  from: number,
  to: number,
  each: (kind: number, at: number, length: number) => boolean,
): boolean {
  for (let at = from; at < to; ) {
    const kind = bytes[at]!;
    if (kind === END) return false;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < to ? bytes[at + 1]! : 0;
    if (length < 2 || length > to - at) return false;
    if (each(kind, at, length)) return true;
    at += length;
  }
  return false;
}
