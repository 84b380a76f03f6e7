import { ACCEPT, type Verdict } from '../../../netfilter/verdict.ts';
import { type Connection, STATUS } from '../../connection.ts';
import { EXPECT_INACTIVE, EXPECT_PERMANENT, Expectation } from '../../expectation.ts';
import { Tuple } from '../../tuple.ts';
import { spellsAnyCase } from '../payload.ts';
import type { SipAddress } from './address.ts';
import {
  BAD,
  CONTACT,
  EXPIRES,
  FOUND,
  findHeader,
  findNumberParameter,
  findParameter,
  findUri,
  HeaderWalk,
  NOT_THERE,
} from './headers.ts';
import type { SipMessage } from './message.ts';
import { type Sip, sipState } from './sip.ts';
import { readNumber } from './values.ts';

const TCP = 6;
const UDP = 17;
const SIGNALLING = 0;

/** Seconds of the Expires header; 0 if there is none. */
function expiry(message: SipMessage): number {
  if (findHeader(message, 0, EXPIRES) !== FOUND) return 0;
  return readNumber(message.bytes, message.start + message.place.at, message.limit) ?? 0;
}

/** Protocol that a contact is to be called by; 0 if it is not this connection's. (ct_sip_parse_transport) */
function transport(message: SipMessage, from: number): number {
  const { protocol } = message.connection.original;
  if (!findParameter(message, from, 'transport=')) return protocol;
  const at = message.start + message.place.at;
  const named = spellsAnyCase(message.bytes, at, message.limit, 'tcp')
    ? TCP
    : spellsAnyCase(message.bytes, at, message.limit, 'udp')
      ? UDP
      : 0;
  return named === protocol ? named : 0;
}

const contact = new Tuple();

/**
 * A client asks to be called at a contact: calls from its registrar are expected there, once that has agreed.
 * (process_register_request)
 */
export function registerRequest(sip: Sip, message: SipMessage, sequence: number): Verdict {
  const { connection, there, back, place, address } = message;
  if ((connection.status & STATUS.EXPECTED) !== 0) return ACCEPT;
  let expires = expiry(message);
  const found = findUri(message, CONTACT);
  if (found === BAD) return sip.drop(message, 'cannot parse contact');
  if (found === NOT_THERE) return ACCEPT;
  // Nobody registers another one.
  if (!address.isSourceOf(there)) return ACCEPT;
  const { at, length, end } = place;
  const { port } = message;
  const protocol = transport(message, end);
  if (protocol === 0) return ACCEPT;
  const own = findNumberParameter(message, end, 'expires=');
  if (own === BAD) return sip.drop(message, 'cannot parse expires');
  expires = own ?? expires;
  let verdict: Verdict = ACCEPT;
  if (expires !== 0) {
    contact.copyFrom(there);
    address.sourceOf(there).toDestinationOf(contact);
    // Calls come from the registrar alone (sip_direct_signalling).
    const expectation = new Expectation(connection, SIGNALLING).to(contact, protocol, port).from(back);
    expectation.helper = connection.help?.helper;
    expectation.flags = EXPECT_PERMANENT | EXPECT_INACTIVE;
    const rewriter = sip.rewriter(connection);
    if (rewriter) verdict = rewriter.expect(message, expectation, at, length);
    else if (sip.conntrack.expectations.insert(expectation) !== 0) {
      return sip.drop(message, 'cannot add expectation');
    }
  }
  if (verdict === ACCEPT) sipState(connection).registerSequence = sequence;
  return verdict;
}

/** The registrar agrees or not. (process_register_response) */
export function registerResponse(sip: Sip, message: SipMessage, sequence: number, code: number): Verdict {
  const { connection, there, place, address } = message;
  if (sipState(connection).registerSequence !== sequence || (code >= 100 && code <= 199)) return ACCEPT;
  if (code >= 200 && code <= 299) {
    const expires = expiry(message);
    const walk = new HeaderWalk();
    for (;;) {
      const found = findUri(message, CONTACT, walk);
      if (found === BAD) return sip.drop(message, 'cannot parse contact');
      if (found === NOT_THERE) break;
      if (!address.isDestinationOf(there)) continue;
      const { end } = place;
      const protocol = transport(message, end);
      if (protocol === 0) continue;
      const own = findNumberParameter(message, end, 'expires=');
      if (own === BAD) return sip.drop(message, 'cannot parse expires');
      const seconds = own ?? expires;
      if (seconds === 0) break;
      if (activate(sip, connection, address, protocol, message.port, seconds)) return ACCEPT;
    }
  }
  const registered = connection.help!.expectations.find((other) => other.class === SIGNALLING);
  if (registered) sip.conntrack.expectations.remove(registered);
  return ACCEPT;
}

/** Calls to a contact are expected from now on, for so many seconds. (refresh_signalling_expectation) */
function activate(
  sip: Sip,
  connection: Connection,
  address: SipAddress,
  protocol: number,
  port: number,
  seconds: number,
): boolean {
  const found = connection.help!.expectations.find(
    ({ class: kind, tuple }) =>
      kind === SIGNALLING &&
      address.isDestinationOf(tuple) &&
      tuple.protocol === protocol &&
      tuple.destinationPart === port,
  );
  if (found === undefined) return false;
  found.flags &= ~EXPECT_INACTIVE;
  sip.conntrack.expectations.refresh(found, seconds);
  return true;
}
