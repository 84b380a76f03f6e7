import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { TCP_LENGTH, tcpFlags, tcpHeaderLength } from '../../wire/tcp.ts';
import { type Connection, infoDirection, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { EVENT } from '../events.ts';
import { logInvalid } from '../log.ts';
import type { SettingCell } from '../settings.ts';
import { AGAIN, INVALID, TRACKED, type Tracker } from '../tracker.ts';
import { type Direction, REPLY } from '../tuple.ts';
import { checksumIsBad } from './checksum.ts';
import { readPorts } from './ports.ts';
import {
  answersIgnoredSyn,
  isChallenge,
  isClosing,
  isProxyKeepAlive,
  judgeReset,
  noteIgnored,
  RESET_BELIEVED,
  RESET_INVALID,
  RESET_KEEPS_STATE,
  reopens,
  takeIgnoredSyn,
} from './tcp-exceptions.ts';
import { TcpSegment } from './tcp-segment.ts';
import {
  ACK,
  FIN,
  RST,
  SYN,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_FLAG,
  TCP_LAST_ACK,
  TCP_NONE,
  TCP_STATE_NAMES,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_SYN_SENT2,
  TCP_TIME_WAIT,
  TcpData,
  tcpData,
} from './tcp-state.ts';
import { nextTcpState, tcpFlagsAreValid } from './tcp-table.ts';
import { TcpTimeouts } from './tcp-timeouts.ts';
import { BESIDE_WINDOW, OUT_OF_WINDOW, TcpWindow } from './tcp-window.ts';
import { IGNORED, NO_STATE } from './transitions.ts';

const TCP = 6;
const SECOND = 1e6;
/** Jiffies a second, in which the kernel's log gives a timeout. */
const HZ = 250;
/** A connection that ends that soon anyway is not shortened; seconds. */
const SHORT = 120;

/** TCP (net/netfilter/nf_conntrack_proto_tcp.c). */
export function makeTcp(conntrack: Conntrack): Tracker {
  return new TcpTracker(conntrack);
}

class TcpTracker implements Tracker {
  readonly protocol = TCP;
  readonly name = 'tcp';
  readonly allowsClash = false;
  readonly readTuple = readPorts;
  readonly #conntrack: Conntrack;
  readonly #window: TcpWindow;
  readonly #loose: SettingCell;
  readonly #ignoreInvalidReset: SettingCell;
  readonly #timeouts: TcpTimeouts;
  readonly #segment = new TcpSegment();

  constructor(conntrack: Conntrack) {
    const { settings } = conntrack;
    this.#conntrack = conntrack;
    this.#window = new TcpWindow(conntrack);
    this.#loose = settings.flag('tcp_loose', true);
    this.#ignoreInvalidReset = settings.flag('tcp_ignore_invalid_rst', false);
    this.#timeouts = new TcpTimeouts(settings);
  }

  stateName(connection: Connection): string | undefined {
    return TCP_STATE_NAMES[connection.state];
  }

  canEarlyDrop(connection: Connection): boolean {
    return isClosing(connection.state);
  }

  /** Windows move while nobody watches. (nf_ct_tcp_fixup) */
  resume(connection: Connection): void {
    if (connection.state !== TCP_ESTABLISHED) return;
    const { sides } = tcpData(connection);
    sides[0].maxWindow = 0;
    sides[1].maxWindow = 0;
  }

  track(packet: Packet, offset: number, connection: Connection, info: number, state: HookState): number {
    if (offset + TCP_LENGTH > packet.end) return INVALID;
    const wrong = this.#wrong(packet, offset, state);
    if (wrong !== undefined) return this.#invalid(packet, state, wrong);
    const segment = this.#segment.read(packet, offset);
    if (!connection.confirmed && !this.#start(connection, packet, state)) return INVALID;

    const data = tcpData(connection);
    const direction = infoDirection(info);
    let old = connection.state;
    let next = this.#next(connection, data, direction);
    let judged = true;
    switch (next) {
      case REOPENED:
        this.#conntrack.remove(connection);
        return AGAIN;
      case CHALLENGED:
        data.lastFlags &= ~TCP_FLAG.EXPECT_CHALLENGE_ACK;
        this.#invalid(packet, state, 'challenge-ack ignored');
        return TRACKED;
      case NO_STATE:
        if (isProxyKeepAlive(connection, data, direction, segment)) return TRACKED;
        this.#note(packet, state, direction, 'invalid', old);
        return INVALID;
      case IGNORED:
        if (!answersIgnoredSyn(data, direction, segment)) {
          noteIgnored(old, data, direction, segment);
          this.#note(packet, state, direction, 'ignored', old);
          return TRACKED;
        }
        takeIgnoredSyn(data, direction);
        old = TCP_SYN_SENT;
        next = TCP_SYN_RECV;
        break;
      case TCP_CLOSE: {
        if (segment.index !== RST) break;
        const believeOld = this.#ignoreInvalidReset.value !== 0;
        const answer = judgeReset(connection, data, direction, segment, believeOld);
        if (answer === RESET_INVALID) return this.#invalid(packet, state, 'invalid rst');
        if (answer === RESET_KEEPS_STATE) next = old;
        judged = answer !== RESET_BELIEVED;
      }
    }
    if (judged) {
      const answer = this.#window.judge(connection, data, direction, segment, packet, state);
      if (answer === BESIDE_WINDOW) return TRACKED;
      if (answer === OUT_OF_WINDOW) {
        this.#shorten(connection, data, direction, packet, state);
        return INVALID;
      }
    }
    this.#move(connection, data, direction, old, next);
    this.#refresh(connection, data, old, packet, info);
    return TRACKED;
  }

  /** What is wrong with a header, as the kernel's log says it. (tcp_error) */
  #wrong(packet: Packet, offset: number, state: HookState): string | undefined {
    const { bytes, end } = packet;
    const length = tcpHeaderLength(bytes, offset);
    if (length < TCP_LENGTH || offset + length > end) return 'truncated packet';
    if (checksumIsBad(this.#conntrack, packet, offset, state, TCP)) return 'bad checksum';
    return tcpFlagsAreValid(tcpFlags(bytes, offset)) ? undefined : 'invalid tcp flag combination';
  }

  #invalid(packet: Packet, state: HookState, why: string): number {
    logInvalid(this.#conntrack, packet, state, TCP, why);
    return INVALID;
  }

  #note(packet: Packet, state: HookState, direction: Direction, what: string, old: number): void {
    if (this.#conntrack.logInvalid.value === 0) return;
    const text = `packet (index ${this.#segment.index}) in dir ${direction} ${what}, state ${TCP_STATE_NAMES[old]}`;
    logInvalid(this.#conntrack, packet, state, TCP, text);
  }

  /** The first segment of a connection; false if none may begin with it. (tcp_new) */
  #start(connection: Connection, packet: Packet, state: HookState): boolean {
    const segment = this.#segment;
    const next = nextTcpState(0, segment.index, TCP_NONE);
    if (next === NO_STATE) {
      this.#invalid(packet, state, 'invalid new');
      return false;
    }
    if (next !== TCP_SYN_SENT && this.#loose.value === 0) return false;
    const data = new TcpData();
    connection.protocolData = data;
    connection.state = TCP_NONE;
    const [sender, receiver] = data.sides;
    sender.end = segment.end;
    sender.maxWindow = segment.window || 1;
    if (next === TCP_SYN_SENT) {
      sender.maxEnd = segment.end;
      segment.readOptions(sender);
      return true;
    }
    sender.maxEnd = (segment.end + sender.maxWindow) | 0;
    // Nobody knows how its windows are scaled.
    sender.flags = TCP_FLAG.SACK_PERMITTED | TCP_FLAG.BE_LIBERAL;
    receiver.flags = sender.flags;
    return true;
  }

  /** The state that the segment leads to, if the window agrees; or REOPENED, CHALLENGED, IGNORED, NO_STATE. */
  #next(connection: Connection, data: TcpData, direction: Direction): number {
    const { index } = this.#segment;
    const old = connection.state;
    const next = nextTcpState(direction, index, old);
    switch (next) {
      case TCP_SYN_SENT:
        if (old < TCP_TIME_WAIT) return next;
        return reopens(data, direction) ? REOPENED : IGNORED;
      case TCP_SYN_SENT2:
        data.lastFlags |= TCP_FLAG.SIMULTANEOUS_OPEN;
        return next;
      case TCP_SYN_RECV:
        return direction === REPLY && index === ACK && (data.lastFlags & TCP_FLAG.SIMULTANEOUS_OPEN) !== 0
          ? TCP_ESTABLISHED
          : next;
      case TCP_TIME_WAIT:
        return old === TCP_LAST_ACK && isChallenge(data, direction, index) ? CHALLENGED : next;
      default:
        return next;
    }
  }

  /** A segment in the window, or one that is believed without. */
  #move(connection: Connection, data: TcpData, direction: Direction, old: number, next: number): void {
    data.lastIndex = this.#segment.index;
    data.lastDirection = direction;
    connection.state = next;
    if (old === next) return;
    if (next === TCP_FIN_WAIT) data.sides[direction].flags |= TCP_FLAG.CLOSE_INIT;
    this.#conntrack.events.note(connection, EVENT.PROTOINFO);
  }

  /** Puts the end off, by how well the two sides are heard. `old` is the state before. */
  #refresh(connection: Connection, data: TcpData, old: number, packet: Packet, info: number): void {
    const { index } = this.#segment;
    const { state, status } = connection;
    let seconds = this.#timeouts.after(connection, data, index);
    if ((status & STATUS.SEEN_REPLY) === 0) {
      if (index === RST) {
        this.#conntrack.kill(connection, info, packet);
        return;
      }
      // SYNs alone, again and again, keep nothing alive.
      if (index === SYN && old === TCP_SYN_SENT) return;
      if (state === TCP_ESTABLISHED) {
        seconds = Math.min(seconds, this.#timeouts.unacknowledged(connection));
      }
    } else if (
      (status & STATUS.ASSURED) === 0 &&
      state === TCP_ESTABLISHED &&
      (old === TCP_SYN_RECV || old === TCP_ESTABLISHED)
    ) {
      connection.status |= STATUS.ASSURED;
      this.#conntrack.events.note(connection, EVENT.ASSURED);
    }
    this.#conntrack.refresh(connection, info, packet, seconds * SECOND);
  }

  /**
   * A FIN or reset out of the window, answered by another: the connection is probably gone, whatever was seen of it.
   * (nf_tcp_handle_invalid)
   */
  #shorten(
    connection: Connection,
    data: TcpData,
    direction: Direction,
    packet: Packet,
    state: HookState,
  ): void {
    const { index } = this.#segment;
    const { status } = connection;
    if ((status & STATUS.ASSURED) === 0 || (status & STATUS.FIXED_TIMEOUT) !== 0) return;
    if (index !== RST && index !== FIN) return;
    const { lastIndex } = data;
    if (data.lastDirection === direction || (lastIndex !== FIN && lastIndex !== RST)) {
      data.lastIndex = index;
      data.lastDirection = direction;
      return;
    }
    const left = (connection.timeout - this.#conntrack.services.timers.now) / SECOND;
    const timeout = this.#timeouts.unacknowledged(connection);
    if (left < SHORT || left <= timeout) return;
    if (this.#conntrack.logInvalid.value !== 0) {
      const what = `packet (index ${index}, dir ${direction}) response for index ${lastIndex}`;
      this.#invalid(packet, state, `${what} lower timeout to ${timeout * HZ}`);
    }
    this.#conntrack.expireIn(connection, timeout * SECOND);
  }
}

/** What a segment leads to, where it is no state: the connection begins anew; it is a challenge. */
const REOPENED = 252;
const CHALLENGED = 251;
