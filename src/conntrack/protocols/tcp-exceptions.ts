/**
 * Segments of which the transition table alone cannot tell what they do: those of two sides of which one is out of
 * step with what was seen (net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet).
 */
import { type Connection, STATUS } from '../connection.ts';
import { type Direction, ORIGINAL, REPLY } from '../tuple.ts';
import { before, type TcpSegment } from './tcp-segment.ts';
import {
  ACK,
  RST,
  SYN,
  SYN_ACK,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_FLAG,
  TCP_LAST_ACK,
  TCP_SYN_SENT,
  type TcpData,
  TcpSide,
} from './tcp-state.ts';

/** The connection is ending: it may be dropped early, and resets are believed. (tcp_can_early_drop) */
export function isClosing(state: number): boolean {
  return state >= TCP_FIN_WAIT && state <= TCP_CLOSE;
}

/** A SYN in TIME_WAIT or CLOSE begins a new connection: one side closed this one, or reset it just now. */
export function reopens(data: TcpData, direction: Direction): boolean {
  if (((data.sides[0].flags | data.sides[1].flags) & TCP_FLAG.CLOSE_INIT) !== 0) return true;
  return data.lastDirection === direction && data.lastIndex === RST;
}

/** An ACK in LAST_ACK that answers the other side's SYN, and is no acknowledgment of the FIN (RFC 5961 section 4). */
export function isChallenge(data: TcpData, direction: Direction, index: number): boolean {
  return (
    index === ACK &&
    data.lastDirection !== direction &&
    data.lastIndex === SYN &&
    (data.lastFlags & TCP_FLAG.EXPECT_CHALLENGE_ACK) !== 0
  );
}

/**
 * A keep-alive of a client behind a proxy of handshakes, whose server has not answered yet: the proxy sends its SYN again.
 * It carries the number before the one that comes next.
 */
export function isProxyKeepAlive(
  { proxy, state }: Connection,
  data: TcpData,
  direction: Direction,
  { index, sequence }: TcpSegment,
): boolean {
  return (
    proxy !== undefined &&
    state === TCP_SYN_SENT &&
    index === ACK &&
    direction === ORIGINAL &&
    data.lastDirection === ORIGINAL &&
    ((data.sides[ORIGINAL].end - 1) | 0) === sequence
  );
}

/** A SYN and ACK that answers a SYN which was let through as ignored: both sides agree, and what was seen is old. */
export function answersIgnoredSyn(data: TcpData, direction: Direction, segment: TcpSegment): boolean {
  return (
    segment.index === SYN_ACK &&
    data.lastIndex === SYN &&
    data.lastDirection !== direction &&
    segment.acknowledgment === data.lastEnd
  );
}

/** Gets in step with both sides: what was noted of the ignored SYN now holds. */
export function takeIgnoredSyn(data: TcpData, direction: Direction): void {
  const side = data.sides[direction === ORIGINAL ? REPLY : ORIGINAL];
  side.end = data.lastEnd;
  side.maxEnd = data.lastEnd;
  side.maxWindow = data.lastWindow || 1;
  side.scale = data.lastScale;
  data.lastFlags &= ~TCP_FLAG.EXPECT_CHALLENGE_ACK;
  side.flags = data.lastFlags;
  data.sides[direction].forget();
}

const options = new TcpSide();

/** Notes a segment that is let through without effect, in case the other side's answer shows what it was. */
export function noteIgnored(state: number, data: TcpData, direction: Direction, segment: TcpSegment): void {
  data.lastIndex = segment.index;
  data.lastDirection = direction;
  data.lastSequence = segment.sequence;
  data.lastEnd = segment.end;
  data.lastWindow = segment.window;
  if (segment.index === SYN && direction === ORIGINAL) {
    options.forget();
    segment.readOptions(options);
    data.lastFlags = options.flags;
    data.lastScale = options.scale;
    if (state === TCP_LAST_ACK) data.lastFlags |= TCP_FLAG.EXPECT_CHALLENGE_ACK;
  }
  // Perhaps a challenge: the reset that it provokes will carry this number.
  if (state === TCP_SYN_SENT && segment.index === ACK && direction === REPLY) {
    data.lastAcknowledgment = segment.acknowledgment;
  }
}

/** What a reset does. */
/** It closes the connection if it is in the window. */
export const RESET_JUDGED = 0;
/** It closes it, whatever the window says. */
export const RESET_BELIEVED = 1;
/** It may be forged: in the window it may pass, but the other side decides (RFC 5961 section 3). */
export const RESET_KEEPS_STATE = 2;
export const RESET_INVALID = 3;

/** Judges a reset by what the other side acknowledged, and by what it may be an answer to. */
export function judgeReset(
  connection: Connection,
  data: TcpData,
  direction: Direction,
  segment: TcpSegment,
  believeOld: boolean,
): number {
  const { state, status } = connection;
  if (isClosing(state)) return RESET_BELIEVED;
  const { lastIndex } = data;
  const { sequence } = segment;
  const assured = (status & STATUS.ASSURED) !== 0;
  const other = data.sides[direction === ORIGINAL ? REPLY : ORIGINAL];
  // After a SYN that was let through, the acknowledgment may be an old connection's.
  if ((other.flags & TCP_FLAG.MAXACK_SET) !== 0 && lastIndex !== SYN) {
    const established = state === TCP_ESTABLISHED && assured;
    if (sequence === 0 && !established) return RESET_JUDGED;
    if (before(sequence, other.maxAcknowledgment) && !believeOld) return RESET_INVALID;
    if (!established || sequence === other.maxAcknowledgment) return RESET_JUDGED;
    // It follows data at once.
    const inTrain = lastIndex === ACK && data.lastDirection === direction && sequence === data.lastEnd;
    return inTrain ? RESET_JUDGED : RESET_KEEPS_STATE;
  }
  const answersSyn =
    (status & STATUS.SEEN_REPLY) !== 0 && lastIndex === SYN && data.lastDirection !== direction;
  const answers = answersSyn || (!assured && lastIndex === ACK);
  if (answers && segment.acknowledgment === data.lastEnd) return RESET_BELIEVED;
  // The answer to a challenge.
  if (state === TCP_SYN_SENT && lastIndex === ACK && data.lastDirection === REPLY) {
    return sequence === data.lastAcknowledgment ? RESET_BELIEVED : RESET_JUDGED;
  }
  return RESET_JUDGED;
}
