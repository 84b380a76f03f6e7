import {
  SCTP_ABORT,
  SCTP_COOKIE_ACK,
  SCTP_COOKIE_ECHO,
  SCTP_ERROR,
  SCTP_HEARTBEAT,
  SCTP_HEARTBEAT_ACK,
  SCTP_INIT,
  SCTP_INIT_ACK,
  SCTP_SHUTDOWN,
  SCTP_SHUTDOWN_ACK,
  SCTP_SHUTDOWN_COMPLETE,
} from '../../wire/sctp.ts';
import { NO_STATE, transitions } from './transitions.ts';

/** A tenth state, HEARTBEAT_ACKED, has a number, but nothing leads there, and from there everything leads to NONE. */
const STATES = 10;
/** Chunks that move the state, in the order of the table's rows. */
const CHUNKS = [
  SCTP_INIT,
  SCTP_INIT_ACK,
  SCTP_ABORT,
  SCTP_SHUTDOWN,
  SCTP_SHUTDOWN_ACK,
  SCTP_ERROR,
  SCTP_COOKIE_ECHO,
  SCTP_COOKIE_ACK,
  SCTP_SHUTDOWN_COMPLETE,
  SCTP_HEARTBEAT,
  SCTP_HEARTBEAT_ACK,
];

/** New state by direction, chunk and old state: NONE, CLOSED, COOKIE_WAIT, … (sctp_conntracks). */
const TABLE = transitions(
  [
    '112341172', // original: INIT
    '112345671', // INIT ACK
    '111111111', // ABORT
    '112355671', // SHUTDOWN
    '712347777', // SHUTDOWN ACK
    '112345671', // ERROR
    '113345671', // COOKIE ECHO
    '112445671', // COOKIE ACK
    '112345611', // SHUTDOWN COMPLETE
    '812345678', // HEARTBEAT
    '112345678', // HEARTBEAT ACK
    '-1234567-', // reply: INIT
    '-2234567-', // INIT ACK
    '-1111111-', // ABORT
    '-1236567-', // SHUTDOWN
    '-1234777-', // SHUTDOWN ACK
    '-1214567-', // ERROR, which may be that of a stale cookie
    '-1334567-', // COOKIE ECHO
    '-1244567-', // COOKIE ACK
    '-1234561-', // SHUTDOWN COMPLETE
    '-12345678', // HEARTBEAT
    '-12345674', // HEARTBEAT ACK
  ],
  STATES,
);

const ROW = new Int8Array(256).fill(-1);
CHUNKS.forEach((chunk, row) => {
  ROW[chunk] = row;
});

/** The state after a chunk, NO_STATE if it cannot come; chunks like DATA leave it as it is. */
export function nextSctpState(direction: number, old: number, chunk: number): number {
  const row = ROW[chunk]!;
  return row < 0 ? old : (TABLE[(direction * CHUNKS.length + row) * STATES + old] ?? NO_STATE);
}
