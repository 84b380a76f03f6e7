import { ACCEPT, DROP, type Verdict } from '../../../netfilter/verdict.ts';
import { type Connection, STATUS } from '../../connection.ts';
import { Expectation } from '../../expectation.ts';
import { EXPECT_ALREADY } from '../../expectations.ts';
import { Tuple } from '../../tuple.ts';
import { spells } from '../payload.ts';
import { SipAddress } from './address.ts';
import { FOUND } from './headers.ts';
import type { SipMessage } from './message.ts';
import { CONNECTION, findSdpLine, MEDIA, VERSION } from './sdp.ts';
import type { Sip } from './sip.ts';
import { readNumber } from './values.ts';

const UDP = 17;
/** Kinds of media that are followed, and their expectations' classes. */
const KINDS = [
  { name: 'audio ', class: 1 },
  { name: 'video ', class: 2 },
  { name: 'image ', class: 3 },
] as const;

/** A call is over, or described anew: nothing of its media is expected any more. (flush_expectations) */
export function dropMedia(sip: Sip, connection: Connection): void {
  const { expectations } = sip.conntrack;
  for (const expectation of [...connection.help!.expectations]) {
    if (expectation.class !== 0) expectations.remove(expectation);
  }
}

/** Expects the media that a message's session description names (RFC 4566). (process_sdp) */
export function readDescription(sip: Sip, message: SipMessage): Verdict {
  const { place, address, connection } = message;
  if (findSdpLine(message, 0, VERSION) !== FOUND) return ACCEPT;
  const description = place.at;
  const session = new SipAddress(address.family);
  const hasSession = findSdpLine(message, description, CONNECTION, MEDIA) === FOUND;
  if (hasSession) session.copyFrom(address);
  const stream = new SipAddress(address.family);
  let from = description;
  let streams = 0;
  while (streams < KINDS.length && findSdpLine(message, from, MEDIA) === FOUND) {
    from = place.at;
    let { length } = place;
    const { bytes, start } = message;
    const kind = KINDS.find(({ name }) => spells(bytes, start + from, start + from + length, name));
    if (kind === undefined) {
      from += length;
      continue;
    }
    from += kind.name.length;
    length -= kind.name.length;
    const port = readNumber(bytes, start + from, message.limit) ?? 0;
    // An inactive stream.
    if (port === 0) continue;
    if (port < 1024 || port > 65535) return sip.drop(message, `wrong port ${port}`);
    const own = findSdpLine(message, from, CONNECTION, MEDIA) === FOUND;
    if (!own && !hasSession) return sip.drop(message, 'cannot parse SDP message');
    stream.copyFrom(own ? address : session);
    if (expectMedia(sip, message, stream, port, kind.class, from, length) !== ACCEPT) {
      return sip.drop(message, 'cannot add expectation for voice');
    }
    const rewriter = own ? sip.rewriter(connection) : undefined;
    if (rewriter && !rewriter.mediaAddress(message, from, stream)) {
      return sip.drop(message, 'cannot mangle SDP');
    }
    streams++;
  }
  const rewriter = streams > 0 ? sip.rewriter(connection) : undefined;
  return rewriter === undefined || rewriter.session(message, description, stream) ? ACCEPT : DROP;
}

const wanted = new Tuple();

/** Expects a medium's two streams, data and control. `address` becomes what they have outside. (set_expected_rtp_rtcp) */
function expectMedia(
  sip: Sip,
  message: SipMessage,
  address: SipAddress,
  port: number,
  kind: number,
  at: number,
  length: number,
): Verdict {
  const { connection, there, back } = message;
  const { expectations } = sip.conntrack;
  // Media go between the same two hosts (sip_direct_media).
  if (!address.isSourceOf(there)) return ACCEPT;
  wanted.copyFrom(back);
  wanted.sourcePart = 0;
  wanted.protocol = UDP;
  address.toDestinationOf(wanted);
  wanted.destinationPart = port;
  let direct = false;
  let known = false;
  // The same medium may be known of another connection. If both are translated they may reach each other directly.
  while (!known) {
    const other = expectations.find(wanted, connection.zone);
    if (
      other === undefined ||
      other.master === connection ||
      other.master.help?.helper !== connection.help?.helper ||
      other.class !== kind
    ) {
      break;
    }
    if (!direct && moved(other) && (connection.status & STATUS.NAT_MASK) !== 0) {
      wanted.copyDestination(other.saved);
      address.destinationOf(wanted);
      direct = true;
    } else known = true;
  }
  const even = wanted.destinationPart & 0xfffe;
  const rewriter = sip.rewriter(connection);
  if (direct && rewriter && !rewriter.mediaPort(message, at, length, even)) return DROP;
  if (known) return ACCEPT;
  const stream = (streamPort: number) => {
    const expectation = new Expectation(connection, kind).to(wanted, UDP, streamPort).from(back);
    return expectation;
  };
  const rtp = stream(even);
  const rtcp = stream(even + 1);
  if (rewriter && !direct) return rewriter.media(message, rtp, rtcp, at, length, address);
  const first = expectations.insert(rtp, true);
  if (first !== 0 && first !== EXPECT_ALREADY) return DROP;
  const second = expectations.insert(rtcp, true);
  if (second === 0 || second === EXPECT_ALREADY) return ACCEPT;
  if (first === 0) expectations.remove(rtp);
  return DROP;
}

/** It was said with another destination than it has. */
function moved({ saved, tuple }: Expectation): boolean {
  return (
    saved.destinationPart !== tuple.destinationPart ||
    saved.dst0 !== tuple.dst0 ||
    saved.dst1 !== tuple.dst1 ||
    saved.dst2 !== tuple.dst2 ||
    saved.dst3 !== tuple.dst3
  );
}
