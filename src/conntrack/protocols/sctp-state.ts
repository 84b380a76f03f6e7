import type { Connection } from '../connection.ts';

/** States of an association (enum sctp_conntrack), as in `connection.state`; all are in {@link SCTP_STATE_NAMES}. */
export const SCTP_NONE = 0;
export const SCTP_CLOSED = 1;
export const SCTP_ESTABLISHED = 4;
export const SCTP_SHUTDOWN_SENT = 5;
export const SCTP_SHUTDOWN_ACK_SENT = 7;

/** As the conntrack command writes them, by number. */
export const SCTP_STATE_NAMES: readonly string[] = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
];

/** Name behind `nf_conntrack_sctp_timeout_` and seconds, by state from CLOSED on. */
export const SCTP_TIMEOUTS: readonly (readonly [name: string, seconds: number])[] = [
  ['closed', 10],
  ['cookie_wait', 3],
  ['cookie_echoed', 3],
  ['established', 210],
  ['shutdown_sent', 3],
  ['shutdown_recd', 3],
  ['shutdown_ack_sent', 3],
  ['heartbeat_sent', 30],
];

/** What the tracker keeps of an association beside its state (struct ip_ct_sctp). */
export class SctpData {
  /** Verification tags that packets of each direction must carry, signed 32-bit; 0: not known yet. */
  readonly tags: [number, number] = [0, 0];
  /** Directions that sent an INIT since the last COOKIE ACK. */
  readonly inits: [boolean, boolean] = [false, false];
  /** A heartbeat had another tag than expected, and of which direction it was. */
  heartbeatFailed = false;
  lastDirection = 0;
}

/** The tracker's data of a connection; empty ones for a connection that was made without a packet. */
export function sctpData(connection: Connection): SctpData {
  const data = connection.protocolData;
  if (data instanceof SctpData) return data;
  const made = new SctpData();
  connection.protocolData = made;
  return made;
}

/**
 * Sets state and verification tags of an association by hand, as `conntrack -I` and `-U` do. `state` is a number of
 * {@link SCTP_STATE_NAMES}; the tags are `--orig-vtag` and `--reply-vtag` as they are written: that command hands them
 * over in the order of bytes of its own machine, so that 1 means 0x01000000 on the wire.
 */
export function setSctpState(connection: Connection, state: number, original: number, reply: number): void {
  const data = sctpData(connection);
  connection.state = state;
  data.tags[0] = swapped(original);
  data.tags[1] = swapped(reply);
}

/** Four bytes in the opposite order, signed 32-bit. */
export function swapped(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}
