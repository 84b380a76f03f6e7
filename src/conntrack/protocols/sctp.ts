import { PREROUTING } from '../../netfilter/constants.ts';
import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import {
  SCTP_ABORT,
  SCTP_COOKIE_ACK,
  SCTP_COOKIE_ECHO,
  SCTP_DATA,
  SCTP_HEARTBEAT,
  SCTP_HEARTBEAT_ACK,
  SCTP_INIT,
  SCTP_INIT_ACK,
  SCTP_LENGTH,
  SCTP_SHUTDOWN_ACK,
  SCTP_SHUTDOWN_COMPLETE,
  sctpChecksumFits,
  sctpTag,
} from '../../wire/sctp.ts';
import { type Connection, infoDirection, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { EVENT } from '../events.ts';
import { logInvalid } from '../log.ts';
import type { SettingCell } from '../settings.ts';
import { INVALID, TRACKED, type Tracker } from '../tracker.ts';
import { type Direction, ORIGINAL, REPLY } from '../tuple.ts';
import { readPorts } from './ports.ts';
import { TrackedChunks } from './sctp-chunks.ts';
import {
  SCTP_CLOSED,
  SCTP_ESTABLISHED,
  SCTP_NONE,
  SCTP_SHUTDOWN_ACK_SENT,
  SCTP_SHUTDOWN_SENT,
  SCTP_STATE_NAMES,
  SCTP_TIMEOUTS,
  SctpData,
  sctpData,
  swapped,
} from './sctp-state.ts';
import { nextSctpState } from './sctp-table.ts';
import { NO_STATE } from './transitions.ts';

const SCTP = 132;
const SECOND = 1e6;
/** The tag is the receiver's own, not that of who sends (RFC 9260 section 8.5.1). */
const FLAG_T = 1;
/** Not one of the 256 types that a chunk can have. */
const TYPES = 256;

/** Chunks whose tag is checked by rules of their own, or not at all. */
const OWN_TAG_RULES = [
  SCTP_INIT,
  SCTP_SHUTDOWN_COMPLETE,
  SCTP_COOKIE_ECHO,
  SCTP_ABORT,
  SCTP_SHUTDOWN_ACK,
  SCTP_HEARTBEAT,
  SCTP_HEARTBEAT_ACK,
];
/** Chunks that never begin an association (RFC 9260 section 8.4). */
const NEVER_FIRST = [SCTP_ABORT, SCTP_SHUTDOWN_COMPLETE, SCTP_COOKIE_ACK];

/** What a chunk does. */
const MOVES = 0;
/** It passes, but does not put the end off. */
const MOVES_WITHOUT_TIME = 1;
/** It passes, and is left out. */
const SKIPPED = 2;
const REFUSED = 3;

/** SCTP (net/netfilter/nf_conntrack_proto_sctp.c). */
export function makeSctp(conntrack: Conntrack): Tracker {
  return new SctpTracker(conntrack);
}

class SctpTracker implements Tracker {
  readonly protocol = SCTP;
  readonly name = 'sctp';
  readonly allowsClash = false;
  readonly readTuple = readPorts;
  readonly #conntrack: Conntrack;
  /** Seconds, by state; that of none is CLOSED's. */
  readonly #timeouts: readonly SettingCell[];
  readonly #chunks = new TrackedChunks();
  /** Which types of chunks the packet in hand has. */
  readonly #has = new Uint8Array(TYPES);

  constructor(conntrack: Conntrack) {
    this.#conntrack = conntrack;
    const cells = SCTP_TIMEOUTS.map(([name, seconds]) =>
      conntrack.settings.timeout(`sctp_timeout_${name}`, seconds),
    );
    this.#timeouts = [cells[0]!, ...cells, { value: 0 }];
  }

  stateName(connection: Connection): string | undefined {
    return SCTP_STATE_NAMES[connection.state];
  }

  canEarlyDrop(connection: Connection): boolean {
    return connection.state >= SCTP_SHUTDOWN_SENT && connection.state <= SCTP_SHUTDOWN_ACK_SENT;
  }

  track(packet: Packet, offset: number, connection: Connection, info: number, state: HookState): number {
    const wrong = this.#wrong(packet, offset, state);
    if (wrong !== undefined) return this.#invalid(packet, state, wrong);
    if (!this.#readChunks(packet, offset, state)) return INVALID;
    const tag = sctpTag(packet.bytes, offset);
    if (!connection.confirmed && !this.#start(connection, packet, offset, tag)) return INVALID;

    const data = sctpData(connection);
    const direction = infoDirection(info);
    if (tag !== data.tags[direction] && !this.#hasOneOf(OWN_TAG_RULES)) {
      if (this.#conntrack.logInvalid.value === 0) return INVALID;
      const what = `${hexOf(tag)} vs ${hexOf(data.tags[direction])} for dir ${direction}`;
      return this.#invalid(packet, state, `verification tag check failed ${what}`);
    }
    const chunks = this.#chunks.start(packet.bytes, offset, packet.end);
    let timed = true;
    while (chunks.next()) {
      const answer = this.#take(connection, data, direction, tag, !timed, packet, state);
      if (answer === REFUSED) return INVALID;
      if (answer !== MOVES) timed = false;
    }
    if (timed) {
      const own = connection.timeouts?.[connection.state];
      const seconds = own ?? this.#timeouts[connection.state]!.value;
      this.#conntrack.refresh(connection, info, packet, seconds * SECOND);
    }
    return TRACKED;
  }

  /** What is wrong with a packet, as the kernel's log says it. (sctp_error) */
  #wrong(packet: Packet, offset: number, state: HookState): string | undefined {
    if (offset + SCTP_LENGTH > packet.end) return 'nf_ct_sctp: short packet ';
    if (state.hook !== PREROUTING || this.#conntrack.checksum.value === 0) return undefined;
    return sctpChecksumFits(packet.bytes, offset, packet.end) ? undefined : 'nf_ct_sctp: bad CRC ';
  }

  #invalid(packet: Packet, state: HookState, why: string): number {
    logInvalid(this.#conntrack, packet, state, SCTP, why);
    return INVALID;
  }

  #hasOneOf(types: readonly number[]): boolean {
    for (let i = 0; i < types.length; i++) if (this.#has[types[i]!] === 1) return true;
    return false;
  }

  /** Notes which chunks there are; false if they cannot stand together, or there are none. (do_basic_checks) */
  #readChunks(packet: Packet, offset: number, state: HookState): boolean {
    const has = this.#has.fill(0);
    const chunks = this.#chunks.start(packet.bytes, offset, packet.end);
    let alone = 0;
    while (chunks.next()) {
      const { type, count, length } = chunks;
      if (type === SCTP_INIT || type === SCTP_INIT_ACK || type === SCTP_SHUTDOWN_COMPLETE) alone = 1;
      const first = alone === 1 || type === SCTP_COOKIE_ACK || type === SCTP_COOKIE_ECHO;
      if ((first && count !== 0) || length === 0) {
        // The length as a little-endian machine prints it.
        const shown = ((length & 0xff) << 8) | (length >> 8);
        const what = `chunk num ${count}, type ${type}, len ${shown} flag ${alone}`;
        this.#invalid(packet, state, `do_basic_checks failed. ${what}\n`);
        return false;
      }
      has[type] = 1;
    }
    return chunks.count > 0;
  }

  /** The first packet of an association; false if none may begin with it. (sctp_new) */
  #start(connection: Connection, packet: Packet, offset: number, tag: number): boolean {
    if (this.#hasOneOf(NEVER_FIRST)) return false;
    const data = new SctpData();
    connection.protocolData = data;
    connection.state = SCTP_NONE;
    const chunks = this.#chunks.start(packet.bytes, offset, packet.end);
    while (chunks.next()) {
      const { type } = chunks;
      const next = nextSctpState(ORIGINAL, SCTP_NONE, type);
      if (next === SCTP_NONE || next === NO_STATE) return false;
      if (type === SCTP_INIT) {
        if (tag !== 0 || !chunks.hasInit) return false;
        data.tags[REPLY] = chunks.initTag;
      } else if (type === SCTP_HEARTBEAT) {
        data.tags[ORIGINAL] = tag;
      } else if (type === SCTP_SHUTDOWN_ACK) {
        data.tags[REPLY] = tag;
      }
    }
    return true;
  }

  /** Checks the tag for the chunk in hand and moves the state. */
  #take(
    connection: Connection,
    data: SctpData,
    direction: Direction,
    tag: number,
    untimed: boolean,
    packet: Packet,
    hookState: HookState,
  ): number {
    const chunks = this.#chunks;
    const { type } = chunks;
    const other = direction === ORIGINAL ? REPLY : ORIGINAL;
    const answer = this.#checkTag(data, direction, other, tag, untimed);
    if (answer !== MOVES) return answer;
    const old = connection.state;
    const next = nextSctpState(direction, old, type);
    if (next === NO_STATE) {
      this.#invalid(packet, hookState, `Invalid, old_state ${old}, dir ${direction}, type ${type}`);
      return REFUSED;
    }
    let timed = MOVES;
    if (type === SCTP_INIT) {
      if (!chunks.hasInit) return REFUSED;
      const { initTag } = chunks;
      // The repetition of an INIT asks for nothing new.
      if (old === SCTP_NONE || initTag !== data.tags[other]) {
        if (data.inits[direction]) data.inits[other] = false;
        data.inits[direction] = true;
        data.tags[other] = initTag;
      }
      // INITs alone, again and again, keep nothing alive.
      if (next === SCTP_CLOSED && old === SCTP_CLOSED && connection.confirmed) timed = MOVES_WITHOUT_TIME;
    } else if (type === SCTP_INIT_ACK) {
      if (!chunks.hasInit || !mayAcknowledge(data, direction, other, chunks.initTag)) return REFUSED;
      data.tags[other] = chunks.initTag;
    }
    connection.state = next;
    if (old === next) return timed;
    this.#conntrack.events.note(connection, EVENT.PROTOINFO);
    if (next === SCTP_ESTABLISHED && (connection.status & STATUS.ASSURED) === 0) {
      connection.status |= STATUS.ASSURED;
      this.#conntrack.events.note(connection, EVENT.ASSURED);
    }
    return timed;
  }

  /** The rules of RFC 9260 section 8.5.1, and those of the kernel for heartbeats over further paths. */
  #checkTag(data: SctpData, direction: Direction, other: Direction, tag: number, untimed: boolean): number {
    const { tags } = data;
    const { type, flags } = this.#chunks;
    switch (type) {
      case SCTP_INIT:
        return tag === 0 ? MOVES : REFUSED;
      case SCTP_ABORT:
      case SCTP_SHUTDOWN_COMPLETE:
        return tag === tags[(flags & FLAG_T) === 0 ? direction : other] ? MOVES : REFUSED;
      case SCTP_COOKIE_ECHO:
        return tag === tags[direction] ? MOVES : REFUSED;
      case SCTP_COOKIE_ACK:
        data.inits[0] = false;
        data.inits[1] = false;
        return MOVES;
      case SCTP_HEARTBEAT:
      case SCTP_HEARTBEAT_ACK:
        break;
      default:
        return MOVES;
    }
    if (tags[direction] === 0) {
      tags[direction] = tag;
      return MOVES;
    }
    if (tag === tags[direction]) {
      data.heartbeatFailed = false;
      return MOVES;
    }
    if (this.#has[SCTP_DATA] === 1 || untimed) return REFUSED;
    if (type === SCTP_HEARTBEAT) {
      data.heartbeatFailed = true;
      data.lastDirection = direction;
      return SKIPPED;
    }
    // The answer to a heartbeat with an unknown tag: both sides have begun anew.
    if (!data.heartbeatFailed || data.lastDirection === direction) return REFUSED;
    data.heartbeatFailed = false;
    tags[direction] = tag;
    tags[other] = 0;
    return MOVES;
  }
}

/** Whether an INIT ACK may set this tag: not against one that is known, unless the other side asks anew. */
function mayAcknowledge(data: SctpData, direction: Direction, other: Direction, tag: number): boolean {
  const known = data.tags[other];
  if (known === tag) return true;
  if (!data.inits[other] && known !== 0) return false;
  return !(data.inits[direction] && data.inits[other]);
}

/** Four bytes in network order as a little-endian machine prints them. */
function hexOf(tag: number): string {
  return (swapped(tag) >>> 0).toString(16);
}
