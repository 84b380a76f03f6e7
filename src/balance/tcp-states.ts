import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../wire/tcp.ts';

/** States of a balanced connection, by the names that Linux lists (net/netfilter/ipvs/ip_vs_proto_tcp.c). */
export const STATE_NAMES = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
  'UDP',
] as const;
export const STATE = {
  NONE: 0,
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT: 4,
  TIME_WAIT: 5,
  CLOSE: 6,
  CLOSE_WAIT: 7,
  LAST_ACK: 8,
  LISTEN: 9,
  SYNACK: 10,
  UDP: 11,
} as const;

/** Seconds that a connection stays in each state without a packet. */
export const TIMEOUTS: readonly number[] = [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120, 300];

/** States that count as active connections. */
const ACTIVE: ReadonlySet<number> = new Set([
  STATE.ESTABLISHED,
  STATE.SYN_SENT,
  STATE.SYN_RECV,
  STATE.SYNACK,
]);

export function isActive(state: number): boolean {
  return ACTIVE.has(state);
}

/**
 * The state after a segment: rows by what the segment is (SYN, FIN, ACK, RST), columns by the state before it, in the
 * order of {@link STATE}, each entry as a digit of base 16. The balancer sees both ways, so a client's SYN makes SYN_RECV, and its next ACK ESTABLISHED.
 */
const FROM_CLIENT = ['31133333333', '67255567895', '11214567691', '66636666893'].map(row);
const FROM_BACKEND = ['21232222293', '54254565895', '11214567811', '66266566666'].map(row);

function row(digits: string): Uint8Array {
  return Uint8Array.from(digits, (digit) => Number.parseInt(digit, 16));
}

/** The next state of a TCP connection in `state` for a segment with these flags. */
export function nextTcpState(state: number, flags: number, fromClient: boolean): number {
  const table = fromClient ? FROM_CLIENT : FROM_BACKEND;
  if ((flags & TCP_RST) !== 0) return table[3]![state]!;
  if ((flags & TCP_SYN) !== 0) return table[0]![state]!;
  if ((flags & TCP_FIN) !== 0) return table[1]![state]!;
  if ((flags & TCP_ACK) !== 0) return table[2]![state]!;
  return STATE.CLOSE;
}
