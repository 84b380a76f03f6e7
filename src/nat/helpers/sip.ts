import type { Connection } from '../../conntrack/connection.ts';
import { infoDirection } from '../../conntrack/connection.ts';
import type { Expectation } from '../../conntrack/expectation.ts';
import { EXPECT_BUSY } from '../../conntrack/expectations.ts';
import { dropByHelper } from '../../conntrack/helpers/drop.ts';
import { SipAddress } from '../../conntrack/helpers/sip/address.ts';
import type { SipMessage } from '../../conntrack/helpers/sip/message.ts';
import { type SipRewriter, sipState } from '../../conntrack/helpers/sip/sip.ts';
import { moveSequence } from '../../conntrack/sequence.ts';
import { ORIGINAL, REPLY } from '../../conntrack/tuple.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { tcpSequence } from '../../wire/tcp.ts';
import type { Nat } from '../nat.ts';
import { DESTINATION, destinationWords, type NatRange, oneAddress, oneEnd, SOURCE } from '../range.ts';
import { rewriteHeaders } from './sip-headers.ts';
import {
  endpointText,
  mangleMessage,
  setMediaAddress,
  setMediaPort,
  setSessionAddresses,
} from './sip-mangle.ts';

const TCP = 6;

/** Rewrites SIP's messages and translates calls and their media (net/netfilter/nf_nat_sip.c). */
export function sipRewriter(nat: Nat): SipRewriter {
  const { conntrack } = nat;
  const { expectations } = conntrack;

  /** An expected call or medium has begun. (nf_nat_sip_expected) */
  function began(connection: Connection, expectation: Expectation): void {
    const { master, saved, direction } = expectation;
    nat.setup(connection, oneEnd(destinationWords(saved), saved.destinationPart), DESTINATION);
    const range = sourceOf(connection, expectation);
    if (range) {
      nat.setup(connection, range, SOURCE);
      return;
    }
    const source = new SipAddress(connection.original.family).sourceOf(connection.original);
    if (!source.isSourceOf(master.handles[direction])) return;
    const other = master.handles[direction === ORIGINAL ? REPLY : ORIGINAL];
    nat.setup(connection, oneAddress(destinationWords(other)), SOURCE);
  }

  /** A medium comes from where the master's other side has said that it awaits it: it is translated alike. */
  function sourceOf({ original }: Connection, { master, class: kind }: Expectation): NatRange | undefined {
    if (kind === 0) return undefined;
    const source = new SipAddress(original.family).sourceOf(original);
    const pair = master.help?.expectations.findLast(
      ({ tuple, saved }) =>
        tuple.family === original.family &&
        tuple.protocol === original.protocol &&
        source.isDestinationOf(saved) &&
        original.sourcePart === saved.destinationPart,
    );
    return pair && oneEnd(destinationWords(pair.tuple), pair.tuple.destinationPart);
  }

  /** The expectation's destination becomes what it is outside; what was said is saved. */
  function moveOutside(message: SipMessage, expectation: Expectation): void {
    const { tuple, saved } = expectation;
    saved.family = tuple.family;
    saved.copyDestination(tuple);
    outsideAddress(message, expectation).toDestinationOf(tuple);
    expectation.direction = message.direction === ORIGINAL ? REPLY : ORIGINAL;
    expectation.onConnection = began;
  }

  return {
    message: (message) => rewriteHeaders(conntrack, message),

    sequence({ packet, offset, connection, info }: SipMessage, difference: number): void {
      if (connection.original.protocol !== TCP) return;
      moveSequence(connection, infoDirection(info), tcpSequence(packet.bytes, offset), difference);
    },

    expect(message: SipMessage, expectation: Expectation, at: number, length: number): Verdict {
      const { there, back, connection, packet } = message;
      const { tuple, saved } = expectation;
      const own = sipState(connection).forcedPort || there.sourcePart;
      let port = tuple.destinationPart === own ? back.destinationPart : tuple.destinationPart;
      moveOutside(message, expectation);
      let error = EXPECT_BUSY;
      for (; port <= 0xffff && port !== 0; port++) {
        tuple.destinationPart = port;
        error = expectations.insert(expectation, true);
        if (error !== EXPECT_BUSY) break;
      }
      if (error !== 0) return dropByHelper(conntrack, packet, 'all ports in use for SIP');
      const outside = new SipAddress(tuple.family).destinationOf(tuple);
      if (outside.isDestinationOf(saved) && port === saved.destinationPart) return ACCEPT;
      if (mangleMessage(message, at, length, endpointText(outside, port))) return ACCEPT;
      const verdict = dropByHelper(conntrack, packet, 'cannot mangle packet');
      expectations.remove(expectation);
      return verdict;
    },

    mediaAddress: setMediaAddress,
    mediaPort: setMediaPort,
    session: setSessionAddresses,

    media(
      message: SipMessage,
      rtp: Expectation,
      rtcp: Expectation,
      at: number,
      length: number,
      address: SipAddress,
    ): Verdict {
      moveOutside(message, rtp);
      moveOutside(message, rtcp);
      address.destinationOf(rtp.tuple);
      let error = EXPECT_BUSY;
      let port = rtp.tuple.destinationPart;
      for (; port <= 0xffff && port !== 0; port += 2) {
        rtp.tuple.destinationPart = port;
        error = expectations.insert(rtp, true);
        if (error === EXPECT_BUSY) continue;
        if (error !== 0) break;
        rtcp.tuple.destinationPart = (port + 1) & 0xffff;
        error = expectations.insert(rtcp, true);
        if (error === 0) break;
        expectations.remove(rtp);
        if (error !== EXPECT_BUSY) break;
      }
      const { packet } = message;
      if (error !== 0) return dropByHelper(conntrack, packet, 'all ports in use for SDP media');
      if (port === rtp.saved.destinationPart || setMediaPort(message, at, length, port)) return ACCEPT;
      const verdict = dropByHelper(conntrack, packet, 'cannot mangle SDP message');
      expectations.remove(rtp);
      expectations.remove(rtcp);
      return verdict;
    },
  };
}

/** Where what is expected comes to: the address that the speaker has outside. */
function outsideAddress({ there, back }: SipMessage, { tuple }: Expectation): SipAddress {
  const own = new SipAddress(there.family).sourceOf(there);
  if (own.isDestinationOf(back)) return own.destinationOf(tuple);
  return own.destinationOf(back);
}
