import type { Packet } from '../../netfilter/packet.ts';
import { get32, set32 } from '../../wire/bytes.ts';
import { updateChecksum32 } from '../../wire/checksum.ts';
import {
  setTcpChecksum,
  TCP_OPTION_END,
  TCP_OPTION_NOP,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTIONS_AT,
  tcpChecksum,
  tcpHeaderLength,
} from '../../wire/tcp.ts';
import { type Direction, REPLY } from '../tuple.ts';

const TIMESTAMP_LENGTH = 10;

/** Moves the server's timestamps, and what the client says of them. (synproxy_tstamp_adjust) */
export function adjustTimestamp(packet: Packet, at: number, direction: Direction, offset: number): void {
  if (offset === 0) return;
  const { bytes, end } = packet;
  const to = Math.min(at + tcpHeaderLength(bytes, at), end);
  for (let option = at + TCP_OPTIONS_AT; option < to; ) {
    const kind = bytes[option]!;
    if (kind === TCP_OPTION_END) return;
    if (kind === TCP_OPTION_NOP) {
      option++;
      continue;
    }
    const length = option + 1 < to ? bytes[option + 1]! : 0;
    if (length < 2 || option + length > to) return;
    if (kind === TCP_OPTION_TIMESTAMPS && length === TIMESTAMP_LENGTH) {
      const where = option + (direction === REPLY ? 2 : 6);
      const was = get32(bytes, where);
      const is = (was + (direction === REPLY ? -offset : offset)) | 0;
      set32(bytes, where, is);
      setTcpChecksum(bytes, at, updateChecksum32(tcpChecksum(bytes, at), was, is));
      return;
    }
    option += length;
  }
}
