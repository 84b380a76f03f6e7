import type { Connection } from '../connection.ts';

/** States of a tracked TCP connection (enum tcp_conntrack), as in `connection.state`; all are in {@link TCP_STATE_NAMES}. */
export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECV = 2;
export const TCP_ESTABLISHED = 3;
export const TCP_FIN_WAIT = 4;
export const TCP_LAST_ACK = 6;
export const TCP_TIME_WAIT = 7;
export const TCP_CLOSE = 8;
/** A SYN went each way: simultaneous open. */
export const TCP_SYN_SENT2 = 9;

/** As the conntrack command writes them, by number. */
export const TCP_STATE_NAMES: readonly string[] = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
];

/** Name behind `nf_conntrack_tcp_timeout_` and seconds, by state. SYN_SENT2 has SYN_SENT's sysctl in Linux: none of its own. */
export const TCP_TIMEOUTS: readonly (readonly [name: string | undefined, seconds: number])[] = [
  [undefined, 120],
  ['syn_sent', 120],
  ['syn_recv', 60],
  ['established', 432000],
  ['fin_wait', 120],
  ['close_wait', 60],
  ['last_ack', 30],
  ['time_wait', 120],
  ['close', 10],
  [undefined, 120],
  ['max_retrans', 300],
  ['unacknowledged', 300],
];

/** What a segment is, by its flags: the rows of the transition table, and what the kernel's log calls its index. */
export const SYN = 0;
export const SYN_ACK = 1;
export const FIN = 2;
export const ACK = 3;
export const RST = 4;
export const NOTHING = 5;

/** Flags of a side, and of `lastFlags` (include/uapi/linux/netfilter/nf_conntrack_tcp.h). */
export const TCP_FLAG = {
  /** It offered window scaling. */
  WINDOW_SCALE: 0x01,
  SACK_PERMITTED: 0x02,
  /** It sent the first FIN. */
  CLOSE_INIT: 0x04,
  /** Its segments are not judged by their place in the window. */
  BE_LIBERAL: 0x08,
  /** It sent data that was not acknowledged. */
  DATA_UNACKNOWLEDGED: 0x10,
  /** `maxAcknowledgment` holds. */
  MAXACK_SET: 0x20,
  /** A SYN passed in LAST_ACK: an answering ACK may be a challenge (RFC 5961). */
  EXPECT_CHALLENGE_ACK: 0x40,
  SIMULTANEOUS_OPEN: 0x80,
} as const;

/** What was seen of one side (struct ip_ct_tcp_state). Sequence numbers are signed 32-bit. */
export class TcpSide {
  /** Highest sequence number sent, plus one. */
  end = 0;
  /** Highest sequence number the other side allows. */
  maxEnd = 0;
  /** Largest window it announced, in bytes, unsigned; 0: nothing was seen of it. */
  maxWindow = 0;
  /** Highest acknowledgment it sent, if the flag MAXACK_SET says so. */
  maxAcknowledgment = 0;
  /** Shift of its window; 0–14. */
  scale = 0;
  /** Bits of {@link TCP_FLAG}. */
  flags = 0;

  /** Forgets everything but that it is treated liberally. (nf_ct_tcp_state_reset) */
  forget(): void {
    this.end = 0;
    this.maxEnd = 0;
    this.maxWindow = 0;
    this.maxAcknowledgment = 0;
    this.scale = 0;
    this.flags &= TCP_FLAG.BE_LIBERAL;
  }
}

/** What the tracker keeps of a connection beside its state (struct ip_ct_tcp). */
export class TcpData {
  /** By direction. */
  readonly sides: readonly [TcpSide, TcpSide] = [new TcpSide(), new TcpSide()];
  /** How often the last ACK came again; counts to 255 and begins anew. */
  retransmissions = 0;
  /** What the last segment was (SYN to NOTHING), and its direction. */
  lastIndex: number = NOTHING;
  lastDirection = 0;
  lastSequence = 0;
  lastAcknowledgment = 0;
  lastEnd = 0;
  /** As it stood in the header. */
  lastWindow = 0;
  /** Options of a SYN that was let through although the connection was thought to exist. */
  lastScale = 0;
  lastFlags = 0;
}

/** The tracker's data of a connection; empty ones for a connection that was made without a packet. */
export function tcpData(connection: Connection): TcpData {
  const data = connection.protocolData;
  if (data instanceof TcpData) return data;
  const made = new TcpData();
  connection.protocolData = made;
  return made;
}

/**
 * Sets the state of a connection by hand, as `conntrack -I` and `-U --state` do: what goes with it is that windows are
 * not judged, and from TIME_WAIT on that a SYN opens it again. `state` is a number of {@link TCP_STATE_NAMES}.
 */
export function setTcpState(connection: Connection, state: number): void {
  const flags =
    TCP_FLAG.SACK_PERMITTED | TCP_FLAG.BE_LIBERAL | (state >= TCP_TIME_WAIT ? TCP_FLAG.CLOSE_INIT : 0);
  connection.state = state;
  for (const side of tcpData(connection).sides) side.flags |= flags;
}
