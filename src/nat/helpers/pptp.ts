import type { Connection } from '../../conntrack/connection.ts';
import type { Expectation } from '../../conntrack/expectation.ts';
import { PPTP, type PptpRewriter, pptpState } from '../../conntrack/helpers/pptp.ts';
import type { Said } from '../../conntrack/helpers/rewriters.ts';
import { ORIGINAL, REPLY, Tuple } from '../../conntrack/tuple.ts';
import { ACCEPT, DROP, type Verdict } from '../../netfilter/verdict.ts';
import { tcpHeaderLength } from '../../wire/tcp.ts';
import type { Nat } from '../nat.ts';
import { DESTINATION, destinationWords, oneAddress, oneEnd, SOURCE, sourceWords } from '../range.ts';
import { mangleTcp } from './mangle.ts';

const GRE = 47;

/**
 * Rewrites the calls of PPTP's control connection and translates its tunnel (net/ipv4/netfilter/nf_nat_pptp.c). The
 * client's call becomes the port that its control connection has outside: so two clients differ.
 */
export function pptpRewriter(nat: Nat): PptpRewriter {
  const { conntrack } = nat;
  const tuple = new Tuple();

  function setCall(said: Said, at: number, call: number): Verdict {
    const data = said.offset + tcpHeaderLength(said.packet.bytes, said.offset);
    return mangleTcp(said, at - data, 2, Uint8Array.of(call >> 8, call)) ? ACCEPT : DROP;
  }

  return {
    fromClient(said: Said, message: number, body: number): Verdict {
      const state = pptpState(said.connection);
      switch (message) {
        case PPTP.OUT_CALL_REQUEST:
          state.natClientCall = state.clientCall;
          state.clientCall = said.connection.reply.destinationPart;
          return setCall(said, body, state.clientCall);
        case PPTP.IN_CALL_REPLY:
        case PPTP.CALL_CLEAR_REQUEST:
          return setCall(said, body, state.clientCall);
        default:
          return ACCEPT;
      }
    },
    fromServer(said: Said, message: number, body: number): Verdict {
      const { natClientCall } = pptpState(said.connection);
      switch (message) {
        case PPTP.OUT_CALL_REPLY:
          return setCall(said, body + 2, natClientCall);
        case PPTP.IN_CALL_CONNECT:
        case PPTP.WAN_ERROR_NOTIFY:
        case PPTP.CALL_DISCONNECT_NOTIFY:
        case PPTP.SET_LINK_INFO:
          return setCall(said, body, natClientCall);
        default:
          return ACCEPT;
      }
    },
    tunnel(connection: Connection, there: Expectation, back: Expectation): void {
      const state = pptpState(connection);
      there.saved.sourcePart = state.clientCall;
      there.tuple.sourcePart = state.natClientCall;
      there.tuple.destinationPart = state.serverCall;
      there.direction = ORIGINAL;
      back.saved.sourcePart = state.natClientCall;
      back.tuple.sourcePart = state.serverCall;
      back.tuple.destinationPart = state.clientCall;
      back.direction = REPLY;
    },
    began(connection: Connection, expectation: Expectation): void {
      const { master, direction, saved } = expectation;
      const state = pptpState(master);
      const there = direction === ORIGINAL;
      const other = master.handles[there ? REPLY : ORIGINAL];
      tuple.copyFrom(other);
      tuple.protocol = GRE;
      // Linux looks the calls of the other case up in the tunnel, which has none: so that expectation stays.
      tuple.sourcePart = there ? state.serverCall : 0;
      tuple.destinationPart = there ? state.clientCall : 0;
      const opposite = conntrack.expectations.find(tuple, connection.zone);
      if (opposite) conntrack.expectations.remove(opposite);
      const from = destinationWords(other);
      const to = sourceWords(other);
      const call = saved.sourcePart;
      nat.setup(connection, there ? oneEnd(from, call) : oneAddress(from), SOURCE);
      nat.setup(connection, there ? oneAddress(to) : oneEnd(to, call), DESTINATION);
    },
  };
}
