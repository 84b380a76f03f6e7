import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import type { Connection } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { logInvalid } from '../log.ts';
import { sequenceOffset } from '../sequence.ts';
import type { SettingCell } from '../settings.ts';
import { type Direction, ORIGINAL, REPLY } from '../tuple.ts';
import { before, type TcpSegment } from './tcp-segment.ts';
import { ACK, TCP_FLAG, TCP_SYN_RECV, TCP_SYN_SENT, type TcpData, type TcpSide } from './tcp-state.ts';

/** What the window says of a segment. */
/** It is in the window. */
export const IN_WINDOW = 1;
/** It may pass, but moves nothing. */
export const BESIDE_WINDOW = 0;
/** It belongs to no connection. */
export const OUT_OF_WINDOW = -1;

/** An acknowledgment may be that far behind, even if no window was so large. */
const SMALLEST_ACK_WINDOW = 66000;

/**
 * Follows the windows of both sides (Guido van Rooij, "Real stateful TCP packet filtering in IP Filter", 2000;
 * net/netfilter/nf_conntrack_proto_tcp.c tcp_in_window). A segment is in the window if
 *
 * 1. its sequence number is not beyond what the receiver allowed (`sender.maxEnd`),
 * 2. its end is not before what the receiver may still want (`sender.end - receiver.maxWindow`),
 * 3. what it acknowledges has been sent (`receiver.end`),
 * 4. and is not older than a window (`receiver.end - ackWindow`).
 */
export class TcpWindow {
  readonly #conntrack: Conntrack;
  readonly #liberal: SettingCell;

  constructor(conntrack: Conntrack) {
    this.#conntrack = conntrack;
    this.#liberal = conntrack.settings.flag('tcp_be_liberal', false);
  }

  /** Answers IN_WINDOW, BESIDE_WINDOW or OUT_OF_WINDOW, and moves the windows. */
  judge(
    connection: Connection,
    data: TcpData,
    direction: Direction,
    segment: TcpSegment,
    packet: Packet,
    state: HookState,
  ): number {
    const sender = data.sides[direction];
    const receiver = data.sides[direction === ORIGINAL ? REPLY : ORIGINAL];
    let { sequence, end, acknowledgment: ack, window } = segment;
    let sack = (receiver.flags & TCP_FLAG.SACK_PERMITTED) !== 0 ? segment.highestAcknowledged() : ack;
    if (connection.sequence !== undefined) {
      // The receiver's numbers are kept as it sent them; a helper's changes are taken back. (nf_ct_seq_offset)
      const offset = sequenceOffset(connection, direction === ORIGINAL ? REPLY : ORIGINAL, ack - 1);
      ack = (ack - offset) | 0;
      sack = (sack - offset) | 0;
    }

    if (sender.maxWindow === 0) {
      if (segment.syn) {
        begin(sender, receiver, segment, direction);
        if (!segment.ack) return IN_WINDOW;
      } else {
        pickUp(sender, receiver, segment, sack);
      }
    } else if (
      segment.syn &&
      before(sender.end, end) &&
      (connection.state === TCP_SYN_SENT || connection.state === TCP_SYN_RECV)
    ) {
      begin(sender, receiver, segment, direction);
      if (direction === REPLY && !segment.ack) return IN_WINDOW;
    }

    // Some stacks send resets with an ACK of 0.
    if (!segment.ack || (segment.rst && ack === 0)) {
      ack = receiver.end;
      sack = receiver.end;
    }
    // A reset that answers a SYN has no number of its own.
    if (segment.rst && sequence === 0 && connection.state === TCP_SYN_SENT) {
      sequence = sender.end;
      end = sender.end;
    }

    const oldestAck = (receiver.end - Math.max(sender.maxWindow, SMALLEST_ACK_WINDOW) - 1) | 0;
    const oldestEnd = (sender.end - receiver.maxWindow - 1) | 0;
    const ackSeen = before(sack, receiver.end + 1);
    if (!before(sequence, sender.maxEnd + 1)) {
      const overshot = (end - sender.maxEnd + 1) >>> 0;
      if (
        ackSeen &&
        receiver.maxWindow !== 0 &&
        before(oldestEnd, end) &&
        before(oldestAck, sack) &&
        overshot <= receiver.maxWindow
      ) {
        // Some stacks send a little more than was allowed: an acknowledgment of it must be believed later.
        sender.end = end;
        sender.flags |= TCP_FLAG.DATA_UNACKNOWLEDGED;
        return this.#refuse(packet, state, sender, BESIDE_WINDOW, OVERSHOT, overshot);
      }
      return this.#refuse(packet, state, sender, OUT_OF_WINDOW, SEQUENCE_OVER, sender.maxEnd + 1);
    }
    if (!ackSeen) return this.#refuse(packet, state, sender, OUT_OF_WINDOW, ACK_OVER, receiver.end + 1);
    if (receiver.maxWindow !== 0 && !before(oldestEnd, end)) {
      return this.#refuse(packet, state, sender, BESIDE_WINDOW, SEQUENCE_UNDER, oldestEnd);
    }
    if (!before(oldestAck, sack)) {
      return this.#refuse(packet, state, sender, BESIDE_WINDOW, ACK_UNDER, oldestAck);
    }

    if (!segment.syn) window = (window << sender.scale) >>> 0;
    moveSender(sender, segment.ack, ack, (window + sack - ack) >>> 0, end);
    moveReceiver(receiver, sender, ack, sack, window, end);
    if (segment.index === ACK) countRetransmission(data, direction, segment, sequence, ack, end);
    return IN_WINDOW;
  }

  /** A liberal side's segment passes all the same, silently. (nf_tcp_log_invalid) */
  #refuse(
    packet: Packet,
    state: HookState,
    sender: TcpSide,
    answer: number,
    why: (bound: number) => string,
    bound: number,
  ): number {
    if ((sender.flags & TCP_FLAG.BE_LIBERAL) !== 0 || this.#liberal.value !== 0) return IN_WINDOW;
    if (this.#conntrack.logInvalid.value !== 0)
      logInvalid(this.#conntrack, packet, state, 6, why(bound >>> 0));
    return answer;
  }
}

// What the kernel's log says, word for word.
const OVERSHOT = (bytes: number) => `${bytes} bytes more than expected`;
const SEQUENCE_OVER = (bound: number) => `SEQ is over upper bound ${bound} (over the window of the receiver)`;
const ACK_OVER = (bound: number) => `ACK is over upper bound ${bound} (ACKed data not seen yet)`;
const SEQUENCE_UNDER = (bound: number) =>
  `SEQ is under lower bound ${bound} (already ACKed data retransmitted)`;
const ACK_UNDER = (bound: number) => `ignored ACK under lower bound ${bound} (possible overly delayed)`;

/** A SYN says where a side begins, and what it can. (tcp_init_sender) */
function begin(sender: TcpSide, receiver: TcpSide, segment: TcpSegment, direction: Direction): void {
  sender.end = segment.end;
  sender.maxEnd = segment.end;
  sender.maxWindow = segment.window || 1;
  segment.readOptions(sender);
  // Windows are scaled only if both sides offered it (RFC 7323 section 2.2).
  if (direction === REPLY && (sender.flags & receiver.flags & TCP_FLAG.WINDOW_SCALE) === 0) {
    sender.scale = 0;
    receiver.scale = 0;
  }
}

/** The first segment of a side is one from the middle of the connection: its numbers are believed. */
function pickUp(sender: TcpSide, receiver: TcpSide, segment: TcpSegment, sack: number): void {
  sender.end = segment.end;
  sender.maxWindow = (segment.window << sender.scale) >>> 0 || 1;
  sender.maxEnd = (segment.end + sender.maxWindow) | 0;
  if (receiver.maxWindow === 0) {
    receiver.end = sack;
    receiver.maxEnd = sack;
  } else if (sack === ((receiver.end + 1) | 0)) {
    // Probably the answer to a keep-alive.
    receiver.end = sack;
  }
}

function moveSender(sender: TcpSide, hasAck: boolean, ack: number, window: number, end: number): void {
  if (sender.maxWindow < window) sender.maxWindow = window;
  if (before(sender.end, end)) {
    sender.end = end;
    sender.flags |= TCP_FLAG.DATA_UNACKNOWLEDGED;
  }
  if (!hasAck) return;
  if ((sender.flags & TCP_FLAG.MAXACK_SET) === 0) {
    sender.maxAcknowledgment = ack;
    sender.flags |= TCP_FLAG.MAXACK_SET;
  } else if (before(sender.maxAcknowledgment, ack)) {
    sender.maxAcknowledgment = ack;
  }
}

function moveReceiver(
  receiver: TcpSide,
  sender: TcpSide,
  ack: number,
  sack: number,
  window: number,
  end: number,
): void {
  if (receiver.maxWindow !== 0 && before(sender.maxEnd, end)) {
    receiver.maxWindow = (receiver.maxWindow + ((end - sender.maxEnd) | 0)) >>> 0;
  }
  const allowed = (sack + window) | 0;
  if (before(receiver.maxEnd - 1, allowed)) receiver.maxEnd = window === 0 ? (allowed + 1) | 0 : allowed;
  if (ack === receiver.end) receiver.flags &= ~TCP_FLAG.DATA_UNACKNOWLEDGED;
}

function countRetransmission(
  data: TcpData,
  direction: Direction,
  segment: TcpSegment,
  sequence: number,
  ack: number,
  end: number,
): void {
  if (
    data.lastDirection === direction &&
    data.lastSequence === sequence &&
    data.lastAcknowledgment === ack &&
    data.lastEnd === end &&
    data.lastWindow === segment.window
  ) {
    // Eight bits in Linux.
    data.retransmissions = (data.retransmissions + 1) & 0xff;
    return;
  }
  data.lastDirection = direction;
  data.lastSequence = sequence;
  data.lastAcknowledgment = ack;
  data.lastEnd = end;
  data.lastWindow = segment.window;
  data.retransmissions = 0;
}
