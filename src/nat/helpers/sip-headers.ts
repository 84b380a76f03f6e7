import type { Conntrack } from '../../conntrack/conntrack.ts';
import { dropByHelper } from '../../conntrack/helpers/drop.ts';
import { spellsAnyCase } from '../../conntrack/helpers/payload.ts';
import { SipAddress } from '../../conntrack/helpers/sip/address.ts';
import {
  CONTACT,
  FOUND,
  FROM,
  findAddressParameter,
  findNumberParameter,
  findRequestUri,
  findUri,
  HeaderWalk,
  TO,
  VIA_TCP,
  VIA_UDP,
} from '../../conntrack/helpers/sip/headers.ts';
import type { SipMessage } from '../../conntrack/helpers/sip/message.ts';
import { sipState } from '../../conntrack/helpers/sip/sip.ts';
import { REPLY, type Tuple } from '../../conntrack/tuple.ts';
import { setUdpDestinationPort } from '../../wire/udp.ts';
import { mangleUdp } from './mangle.ts';
import { endpointText, mangleMessage } from './sip-mangle.ts';

const TCP = 6;
const NOTHING = new Uint8Array(0);

/** Rewrites the address and port that were found, if they are one of this connection's ends. (map_addr) */
function rewriteEnd(message: SipMessage): boolean {
  const { there, back, address, port, place, connection } = message;
  const outside = new SipAddress(address.family);
  let outsidePort: number;
  if (address.isSourceOf(there) && port === there.sourcePart) {
    outside.destinationOf(back);
    outsidePort = back.destinationPart;
  } else if (address.isDestinationOf(there) && port === there.destinationPart) {
    outside.sourceOf(back);
    outsidePort = sipState(connection).forcedPort || back.sourcePart;
  } else return true;
  if (outside.equals(address) && outsidePort === port) return true;
  return mangleMessage(message, place.at, place.length, endpointText(outside, outsidePort));
}

/** The addresses in a message's first line and headers. False, and said in the log, if it cannot be. (nf_nat_sip) */
export function rewriteHeaders(conntrack: Conntrack, message: SipMessage): boolean {
  const fail = (why: string): boolean => {
    dropByHelper(conntrack, message.packet, why);
    return false;
  };
  const request = !spellsAnyCase(message.bytes, message.start, message.limit, 'sip/2.0');
  if (request && findRequestUri(message) && !rewriteEnd(message)) return fail('cannot mangle SIP message');
  const problem = rewriteVia(message, request);
  if (problem !== undefined) return fail(problem);
  const walk = new HeaderWalk();
  while (findUri(message, CONTACT, walk) === FOUND) {
    if (!rewriteEnd(message)) return fail('cannot mangle contact');
  }
  for (const header of [FROM, TO]) {
    if (findUri(message, header) === FOUND && !rewriteEnd(message)) return fail('cannot mangle SIP from/to');
  }
  const { forcedPort } = sipState(message.connection);
  if (message.direction !== REPLY || forcedPort === 0) return true;
  // The phone awaits answers at another port than it sends from.
  setUdpDestinationPort(message.bytes, message.offset, forcedPort);
  return mangleUdp(message, 0, 0, NOTHING) || fail('cannot mangle packet');
}

/** The topmost Via and its parameters. Answers why that could not be. */
function rewriteVia(message: SipMessage, request: boolean): string | undefined {
  const { there, back, address, place, connection } = message;
  const via = connection.original.protocol === TCP ? VIA_TCP : VIA_UDP;
  if (findUri(message, via) !== FOUND) return undefined;
  const ours = request
    ? address.isSourceOf(there) && message.port === there.sourcePart
    : address.isDestinationOf(there) && message.port === there.destinationPart;
  if (!ours) return undefined;
  const before = message.length;
  const { end: viaEnd } = place;
  if (!rewriteEnd(message)) return 'cannot mangle Via header';
  const end = viaEnd + message.length - before;
  // RFC 2361: where an answer is to go, and where the request came from.
  if (
    findAddressParameter(message, end, 'maddr=', true) &&
    address.isSourceOf(there) &&
    !address.isDestinationOf(back) &&
    !mangleMessage(message, place.at, place.length, bracketed(back))
  ) {
    return 'cannot mangle maddr';
  }
  if (
    findAddressParameter(message, end, 'received=', false) &&
    address.isDestinationOf(there) &&
    !address.isSourceOf(back) &&
    !mangleMessage(message, place.at, place.length, String(new SipAddress(back.family).sourceOf(back)))
  ) {
    return 'cannot mangle received';
  }
  // RFC 3581: the port it came from.
  const port = findNumberParameter(message, end, 'rport=');
  if (
    port !== undefined &&
    port >= 1024 &&
    port === there.destinationPart &&
    port !== back.sourcePart &&
    !mangleMessage(message, place.at, place.length, String(back.sourcePart))
  ) {
    return 'cannot mangle rport';
  }
  return undefined;
}

function bracketed(tuple: Tuple): string {
  const address = new SipAddress(tuple.family).destinationOf(tuple);
  return tuple.family === 4 ? String(address) : `[${address}]`;
}
