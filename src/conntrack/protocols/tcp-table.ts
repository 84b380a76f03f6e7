import { NO_STATE, transitions } from './transitions.ts';

const STATES = 10;
const KINDS = 6;

/** New state by direction, kind of segment and old state: NONE, SYN_SENT, SYN_RECV, … (tcp_conntracks). */
const TABLE = transitions(
  [
    '11.....119', // original: SYN. Again in TIME_WAIT or CLOSE, it begins anew; in between somebody is out of step.
    '--2------2', // SYN and ACK: only the answer to the other side's SYN
    '--4466678-', // FIN
    '3-3355778-', // ACK. Without a state, of a connection that began before anybody watched
    '-888888888', // RST
    '----------', // none of them
    '-9-----1-9', // reply: SYN
    '-2.......2', // SYN and ACK
    '--4466678-', // FIN
    '-.2355778.', // ACK. In SYN_SENT perhaps of a connection that only the other side remembers
    '-888888888', // RST
    '----------', // none of them
  ],
  STATES,
);

/** The state after a segment; NO_STATE or IGNORED where it leads to none. */
export function nextTcpState(direction: number, index: number, old: number): number {
  return TABLE[(direction * KINDS + index) * STATES + old] ?? NO_STATE;
}

/** Combinations of URG, ACK, RST, SYN and FIN that make sense; PSH, ECE and CWR are always allowed. */
const LOOKED_AT = 0x37;
const VALID = new Uint8Array(LOOKED_AT + 1);
for (const flags of [0x02, 0x22, 0x12, 0x04, 0x14, 0x11, 0x31, 0x10, 0x30]) VALID[flags] = 1;

/** Whether a segment may have these flags (FIN to CWR). */
export function tcpFlagsAreValid(flags: number): boolean {
  return VALID[flags & LOOKED_AT] === 1;
}
