import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { get16, get32 } from '../../wire/bytes.ts';
import { TCP_LENGTH, tcpHeaderLength } from '../../wire/tcp.ts';
import { type Connection, INFO_ESTABLISHED, INFO_ESTABLISHED_REPLY, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { Expectation } from '../expectation.ts';
import type { Helper } from '../helper.ts';
import { ORIGINAL, REPLY, Tuple } from '../tuple.ts';
import type { Helpers } from './index.ts';
import type { Said } from './rewriters.ts';

/** What NAT adds: see {@link Rewriters}. `body` is where the message's own fields begin. */
export interface PptpRewriter {
  fromClient(said: Said, message: number, body: number): Verdict;
  fromServer(said: Said, message: number, body: number): Verdict;
  /** Fits the two expectations to the calls that were rewritten. */
  tunnel(connection: Connection, original: Expectation, reply: Expectation): void;
  /** The tunnel's first packet has come. */
  began(connection: Connection, expectation: Expectation): void;
}

/** Control messages (RFC 2637 section 2). */
export const PPTP = {
  START_SESSION_REQUEST: 1,
  START_SESSION_REPLY: 2,
  STOP_SESSION_REQUEST: 3,
  STOP_SESSION_REPLY: 4,
  ECHO_REQUEST: 5,
  ECHO_REPLY: 6,
  OUT_CALL_REQUEST: 7,
  OUT_CALL_REPLY: 8,
  IN_CALL_REQUEST: 9,
  IN_CALL_REPLY: 10,
  IN_CALL_CONNECT: 11,
  CALL_CLEAR_REQUEST: 12,
  CALL_DISCONNECT_NOTIFY: 13,
  WAN_ERROR_NOTIFY: 14,
  SET_LINK_INFO: 15,
} as const;

/** Session's states; their order counts. */
const NO_SESSION = 0;
const SESSION_ERROR = 1;
const STOP_REQUESTED = 2;
const SESSION_REQUESTED = 3;
const SESSION = 4;

type Call = 'none' | 'outRequest' | 'outConfirmed' | 'inRequest' | 'inReply' | 'inConfirmed' | 'clearRequest';

const GRE = 47;
const TCP = 6;
const MAGIC = 0x1a2b3c4d;
/** Length, type and magic number, then the kind of message. */
const HEADER = 12;
const CONTROL = 1;
/** Shortest bodies by kind of message; echoes may have none. */
const SHORTEST = [0, 144, 144, 4, 4, 0, 0, 156, 20, 208, 12, 16, 4, 136, 28, 12];
const ACCEPTED = 1;

/** What the helper knows of a control connection (struct nf_ct_pptp_master). */
export class PptpState {
  session = NO_SESSION;
  call: Call = 'none';
  /** The server's (PAC) and the client's (PNS) number for the call; with NAT the client's as the server sees it. */
  serverCall = 0;
  clientCall = 0;
  /** For NAT: the client's own number. (struct nf_nat_pptp) */
  natClientCall = 0;
}

/** The helper's notes on a control connection. */
export function pptpState(connection: Connection): PptpState {
  const help = connection.help!;
  if (!(help.data instanceof PptpState)) help.data = new PptpState();
  return help.data as PptpState;
}

const tuple = new Tuple();

/** PPTP's tunnels (RFC 2637; net/netfilter/nf_conntrack_pptp.c). The client is taken to be the one that connected. */
export function makePptp(conntrack: Conntrack, helpers: Helpers): Helper {
  const { expectations } = conntrack;
  const translated = (connection: Connection) =>
    helpers.rewriters.pptp !== undefined && (connection.status & STATUS.NAT_MASK) !== 0
      ? helpers.rewriters.pptp
      : undefined;

  /** The tunnel has begun in one direction: the other is no more expected. */
  function began(connection: Connection, expectation: Expectation): void {
    const { master } = expectation;
    const rewriter = translated(master);
    if (rewriter) {
      rewriter.began(connection, expectation);
      return;
    }
    if (!conntrack.invert(expectation.tuple, tuple)) return;
    const other = expectations.find(tuple, connection.zone);
    if (other) expectations.remove(other);
  }

  function expectTunnel(connection: Connection, serverCall: number, clientCall: number): void {
    const { original, reply } = connection;
    const there = new Expectation(connection).to(original, GRE, serverCall).from(original, clientCall);
    const back = new Expectation(connection).to(reply, GRE, clientCall).from(reply, serverCall);
    there.onConnection = began;
    back.onConnection = began;
    translated(connection)?.tunnel(connection, there, back);
    if (expectations.insert(there) !== 0) return;
    if (expectations.insert(back) !== 0) {
      expectations.remove(there);
      return;
    }
    const { greCalls } = helpers;
    if (greCalls.note(connection, ORIGINAL, there.tuple)) {
      if (greCalls.note(connection, REPLY, back.tuple)) return;
      greCalls.forget(connection);
    }
    expectations.remove(back);
    expectations.remove(there);
  }

  /** Ends a tunnel, or stops to expect it. */
  function end(connection: Connection): void {
    const state = pptpState(connection);
    helpers.greCalls.forget(connection);
    for (const handle of connection.handles) {
      const client = handle.direction === ORIGINAL;
      tuple.copyFrom(handle);
      tuple.protocol = GRE;
      tuple.sourcePart = client ? state.clientCall : state.serverCall;
      tuple.destinationPart = client ? state.serverCall : state.clientCall;
      const sibling = conntrack.findHandle(tuple, connection.zone);
      if (sibling) {
        conntrack.remove(sibling.connection);
        continue;
      }
      const expectation = expectations.find(tuple, connection.zone);
      if (expectation) expectations.remove(expectation);
    }
  }

  /** False if the message does not belong here. */
  function fromServer(
    connection: Connection,
    state: PptpState,
    message: number,
    bytes: Uint8Array,
    body: number,
  ) {
    switch (message) {
      case PPTP.START_SESSION_REPLY:
        if (state.session < SESSION_REQUESTED) return false;
        state.session = bytes[body + 2] === ACCEPTED ? SESSION : SESSION_ERROR;
        return true;
      case PPTP.STOP_SESSION_REPLY:
        if (state.session > STOP_REQUESTED) return false;
        state.session = bytes[body] === ACCEPTED ? NO_SESSION : SESSION_ERROR;
        return true;
      case PPTP.OUT_CALL_REPLY: {
        if (state.session !== SESSION) return false;
        if (state.call !== 'outRequest' && state.call !== 'outConfirmed') return false;
        const serverCall = get16(bytes, body);
        const clientCall = get16(bytes, body + 2);
        if (state.clientCall !== clientCall) return false;
        if (bytes[body + 4] === ACCEPTED) {
          state.call = 'outConfirmed';
          state.serverCall = serverCall;
          expectTunnel(connection, serverCall, clientCall);
        } else {
          state.call = 'none';
        }
        return true;
      }
      case PPTP.IN_CALL_REQUEST:
        if (state.session !== SESSION) return false;
        state.call = 'inRequest';
        state.serverCall = get16(bytes, body);
        return true;
      case PPTP.IN_CALL_CONNECT: {
        if (state.session !== SESSION) return false;
        if (state.call !== 'inReply' && state.call !== 'inConfirmed') return false;
        const clientCall = get16(bytes, body);
        if (state.clientCall !== clientCall) return false;
        state.call = 'inConfirmed';
        expectTunnel(connection, state.serverCall, clientCall);
        return true;
      }
      case PPTP.CALL_DISCONNECT_NOTIFY:
        state.call = 'none';
        end(connection);
        return true;
      case PPTP.WAN_ERROR_NOTIFY:
      case PPTP.SET_LINK_INFO:
      case PPTP.ECHO_REQUEST:
      case PPTP.ECHO_REPLY:
        return true;
      default:
        return false;
    }
  }

  function fromClient(state: PptpState, message: number, bytes: Uint8Array, body: number): boolean {
    switch (message) {
      case PPTP.START_SESSION_REQUEST:
        if (state.session !== NO_SESSION) return false;
        state.session = SESSION_REQUESTED;
        return true;
      case PPTP.STOP_SESSION_REQUEST:
        state.session = STOP_REQUESTED;
        return true;
      case PPTP.OUT_CALL_REQUEST:
        if (state.session !== SESSION) return false;
        state.call = 'outRequest';
        state.clientCall = get16(bytes, body);
        return true;
      case PPTP.IN_CALL_REPLY:
        if (state.call !== 'inRequest' && state.call !== 'inReply') return false;
        if (state.serverCall !== get16(bytes, body + 2)) return false;
        if (bytes[body + 4] === ACCEPTED) {
          state.call = 'inReply';
          state.clientCall = get16(bytes, body);
        } else {
          state.call = 'none';
        }
        return true;
      case PPTP.CALL_CLEAR_REQUEST:
        if (state.session !== SESSION) return false;
        state.call = 'clearRequest';
        return true;
      case PPTP.SET_LINK_INFO:
      case PPTP.ECHO_REQUEST:
      case PPTP.ECHO_REPLY:
        return true;
      default:
        return false;
    }
  }

  return {
    name: 'pptp',
    families: [4],
    protocol: TCP,
    policies: [{ maxExpected: 2, timeout: 300 }],
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      if (info !== INFO_ESTABLISHED && info !== INFO_ESTABLISHED_REPLY) return ACCEPT;
      const { bytes } = packet;
      if (offset + TCP_LENGTH > packet.end) return ACCEPT;
      const data = offset + tcpHeaderLength(bytes, offset);
      const body = data + HEADER;
      if (body > packet.end) return ACCEPT;
      if (get16(bytes, data + 2) !== CONTROL || get32(bytes, data + 4) !== MAGIC) return ACCEPT;
      const message = get16(bytes, data + 8);
      if (packet.end - body < (SHORTEST[message] ?? 0)) return ACCEPT;
      const state = pptpState(connection);
      const said: Said = { packet, offset, connection, info };
      if (info === INFO_ESTABLISHED) {
        if (!fromClient(state, message, bytes, body)) return ACCEPT;
        return translated(connection)?.fromClient(said, message, body) ?? ACCEPT;
      }
      if (!fromServer(connection, state, message, bytes, body)) return ACCEPT;
      return translated(connection)?.fromServer(said, message, body) ?? ACCEPT;
    },
    destroy(connection: Connection): void {
      end(connection);
    },
  };
}
