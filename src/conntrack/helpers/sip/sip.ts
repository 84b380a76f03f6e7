import type { HookState } from '../../../netfilter/hooks.ts';
import type { Packet } from '../../../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../../../netfilter/verdict.ts';
import { UDP_LENGTH } from '../../../wire/udp.ts';
import { type Connection, INFO_ESTABLISHED, INFO_ESTABLISHED_REPLY, STATUS } from '../../connection.ts';
import type { Conntrack } from '../../conntrack.ts';
import type { Expectation } from '../../expectation.ts';
import type { ExpectationPolicy, Helper } from '../../helper.ts';
import { dropByHelper } from '../drop.ts';
import type { Helpers } from '../index.ts';
import { findText, isLetter, spellsAnyCase, tcpPayload } from '../payload.ts';
import type { SipAddress } from './address.ts';
import { dropMedia, readDescription } from './description.ts';
import { CONTENT_LENGTH, CSEQ, FOUND, findHeader, findUri, VIA_UDP } from './headers.ts';
import { SipMessage } from './message.ts';
import { registerRequest, registerResponse } from './register.ts';
import { digitsEnd, readNumber } from './values.ts';

/**
 * What NAT adds: see {@link Rewriters}. A message's `length` follows what is rewritten. Where a boolean is answered it
 * is false if the packet could not be rewritten.
 */
export interface SipRewriter {
  /** The addresses in first line and headers. */
  message(message: SipMessage): boolean;
  /** A segment has changed its length by this much. */
  sequence(message: SipMessage, difference: number): void;
  /** A registered contact, at `at`. */
  expect(message: SipMessage, expectation: Expectation, at: number, length: number): Verdict;
  /** Address in the `c=` of the media described at `media`. */
  mediaAddress(message: SipMessage, media: number, address: SipAddress): boolean;
  /** Port of an `m=`. */
  mediaPort(message: SipMessage, at: number, length: number, port: number): boolean;
  /** Owner and `c=` of the whole session. */
  session(message: SipMessage, description: number, address: SipAddress): boolean;
  /** Expects both streams of a medium; sets the address that they have outside. */
  media(
    message: SipMessage,
    rtp: Expectation,
    rtcp: Expectation,
    at: number,
    length: number,
    address: SipAddress,
  ): Verdict;
}

/** Seconds that a control connection and a registration are kept. */
export const SIP_TIMEOUT = 3600;
const TCP = 6;
const UDP = 17;
const VERSION = 'sip/2.0 ';
const BLANK = 32;
/** `SIP/2.0 200` */
const SHORTEST = 11;

const POLICIES: readonly ExpectationPolicy[] = [
  { name: 'signalling', maxExpected: 1, timeout: 180 },
  { name: 'audio', maxExpected: 4, timeout: 180 },
  { name: 'video', maxExpected: 4, timeout: 180 },
  { name: 'image', maxExpected: 2, timeout: 180 },
];

/** What the helper knows of a control connection (struct nf_ct_sip_master). */
export class SipState {
  registerSequence = 0;
  inviteSequence = 0;
  /** Port at which a phone awaits answers that it has not sent from; 0: the same. */
  forcedPort = 0;
}

/** The helper's notes on a control connection. */
export function sipState(connection: Connection): SipState {
  const help = connection.help!;
  if (!(help.data instanceof SipState)) help.data = new SipState();
  return help.data as SipState;
}

/** What the parts of the helper share. */
export interface Sip {
  readonly conntrack: Conntrack;
  /** NAT's part, for a connection that is translated. */
  rewriter(connection: Connection): SipRewriter | undefined;
  drop(message: SipMessage, why: string): Verdict;
}

function makeSip(conntrack: Conntrack, helpers: Helpers): Sip {
  return {
    conntrack,
    rewriter: (connection) =>
      (connection.status & STATUS.NAT_MASK) !== 0 ? helpers.rewriters.sip : undefined,
    drop: (message, why) => dropByHelper(conntrack, message.packet, why),
  };
}

interface Method {
  readonly name: string;
  readonly request?: (sip: Sip, message: SipMessage, sequence: number) => Verdict;
  readonly response?: (sip: Sip, message: SipMessage, sequence: number, code: number) => Verdict;
}

/** A provisional or successful answer describes media; any other to the same request ends them. */
function mediaResponse(sip: Sip, message: SipMessage, sequence: number, code: number): Verdict {
  if (code >= 100 && code <= 299) return readDescription(sip, message);
  if (sipState(message.connection).inviteSequence === sequence) dropMedia(sip, message.connection);
  return ACCEPT;
}

const METHODS: readonly Method[] = [
  {
    name: 'invite',
    request: (sip, message, sequence) => {
      dropMedia(sip, message.connection);
      const verdict = readDescription(sip, message);
      if (verdict === ACCEPT) sipState(message.connection).inviteSequence = sequence;
      return verdict;
    },
    response: mediaResponse,
  },
  { name: 'update', request: readDescription, response: mediaResponse },
  { name: 'ack', request: readDescription },
  { name: 'prack', request: readDescription, response: mediaResponse },
  {
    name: 'bye',
    request: (sip, message) => {
      dropMedia(sip, message.connection);
      return ACCEPT;
    },
  },
  { name: 'register', request: registerRequest, response: registerResponse },
];

/** The number of CSeq; undefined if there is none. */
function sequenceOf(sip: Sip, message: SipMessage): number | Verdict {
  if (findHeader(message, 0, CSEQ) !== FOUND) return -1 - sip.drop(message, 'cannot parse cseq');
  const sequence = readNumber(message.bytes, message.start + message.place.at, message.limit);
  return sequence ?? -1 - sip.drop(message, 'cannot get cseq');
}

/** Whether a request's first line is of this method: a blank and the letter of a URI follow its name. */
function beginsWith({ bytes, start, limit }: SipMessage, name: string): boolean {
  const end = start + name.length;
  if (!spellsAnyCase(bytes, start, limit, name) || end + 2 > limit) return false;
  return bytes[end] === BLANK && isLetter(bytes[end + 1]!);
}

function request(sip: Sip, message: SipMessage): Verdict {
  // Some phones send from a high port, but listen at the one that Via names.
  const { there, connection } = message;
  if (
    findUri(message, VIA_UDP) === FOUND &&
    message.port !== there.sourcePart &&
    message.address.isSourceOf(there)
  ) {
    sipState(connection).forcedPort = message.port;
  }
  const method = METHODS.find((known) => known.request && beginsWith(message, known.name));
  if (method?.request === undefined) return ACCEPT;
  const sequence = sequenceOf(sip, message);
  return sequence < 0 ? -1 - sequence : method.request(sip, message, sequence);
}

function response(sip: Sip, message: SipMessage): Verdict {
  if (message.length < SHORTEST) return ACCEPT;
  const { bytes, start, limit } = message;
  const code = readNumber(bytes, start + VERSION.length, limit) ?? 0;
  if (code === 0) return sip.drop(message, 'cannot get code');
  const sequence = sequenceOf(sip, message);
  if (sequence < 0) return -1 - sequence;
  const at = start + message.place.end + 1;
  const method = METHODS.find((known) => known.response && spellsAnyCase(bytes, at, limit, known.name));
  return method?.response?.(sip, message, sequence, code) ?? ACCEPT;
}

function readMessage(sip: Sip, message: SipMessage): Verdict {
  const answers = spellsAnyCase(message.bytes, message.start, message.limit, VERSION);
  const verdict = answers ? response(sip, message) : request(sip, message);
  if (verdict !== ACCEPT) return verdict;
  const rewriter = sip.rewriter(message.connection);
  if (rewriter === undefined || rewriter.message(message)) return ACCEPT;
  return sip.drop(message, 'cannot NAT SIP message');
}

/** Calls and their media, over UDP (RFC 3261; net/netfilter/nf_conntrack_sip.c). */
export function makeSipUdp(conntrack: Conntrack, helpers: Helpers): Helper {
  const sip = makeSip(conntrack, helpers);
  return {
    name: 'sip',
    families: [4, 6],
    protocol: UDP,
    policies: POLICIES,
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      const start = offset + UDP_LENGTH;
      if (start >= packet.end) return ACCEPT;
      conntrack.expireIn(connection, SIP_TIMEOUT * 1e6);
      const length = packet.end - start;
      if (length < SHORTEST) return ACCEPT;
      return readMessage(sip, new SipMessage(packet, offset, connection, info, start, length));
    },
  };
}

/** Calls and their media, over TCP: a segment may hold several whole messages. */
export function makeSipTcp(conntrack: Conntrack, helpers: Helpers): Helper {
  const sip = makeSip(conntrack, helpers);
  return {
    name: 'sip',
    families: [4, 6],
    protocol: TCP,
    policies: POLICIES,
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      if (info !== INFO_ESTABLISHED && info !== INFO_ESTABLISHED_REPLY) return ACCEPT;
      const start = tcpPayload(packet, offset);
      if (start < 0) return ACCEPT;
      conntrack.expireIn(connection, SIP_TIMEOUT * 1e6);
      if (packet.end - start < SHORTEST) return ACCEPT;
      const message = new SipMessage(packet, offset, connection, info, start, 0);
      let difference = 0;
      for (;;) {
        const length = messageLength(message);
        if (length < 0) break;
        if (length > packet.end - message.start) return ACCEPT;
        message.length = length;
        const verdict = readMessage(sip, message);
        if (verdict !== ACCEPT) return verdict;
        difference += message.length - length;
        message.start += message.length;
      }
      sip.rewriter(connection)?.sequence(message, difference);
      return ACCEPT;
    },
  };
}

/** Length of the message at `message.start`, as its headers say; -1 if they do not. */
function messageLength(message: SipMessage): number {
  const { packet, start, place, bytes } = message;
  message.length = packet.end - start;
  if (findHeader(message, 0, CONTENT_LENGTH) !== FOUND) return -1;
  const content = readNumber(bytes, start + place.at, packet.end);
  if (content === undefined) return -1;
  const empty = findText(bytes, digitsEnd(bytes, start + place.at, packet.end), packet.end, '\r\n\r\n');
  return empty < 0 ? -1 : empty + 4 + content - start;
}
