import { get16, get32, set16, set32 } from './bytes.ts';
import { BAD_HEADER_LENGTH, CUT, HEADER_CUT, OK } from './check.ts';
import { OptionWalk } from './options.ts';

/** TCP header (RFC 9293 section 3.1) and options. */

/** Without options. */
export const TCP_LENGTH = 20;
export const TCP_SOURCE_PORT_AT = 0;
export const TCP_DESTINATION_PORT_AT = 2;
export const TCP_SEQUENCE_AT = 4;
export const TCP_ACKNOWLEDGMENT_AT = 8;
export const TCP_FLAGS_AT = 13;
export const TCP_WINDOW_AT = 14;
export const TCP_CHECKSUM_AT = 16;
export const TCP_URGENT_AT = 18;
export const TCP_OPTIONS_AT = 20;

export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_PSH = 0x08;
export const TCP_ACK = 0x10;
export const TCP_URG = 0x20;
export const TCP_ECE = 0x40;
export const TCP_CWR = 0x80;
/** Accurate ECN, once the nonce sum: in {@link tcpFlags9}. */
export const TCP_AE = 0x100;

export const TCP_OPTION_END = 0;
export const TCP_OPTION_NOP = 1;
export const TCP_OPTION_MSS = 2;
export const TCP_OPTION_WINDOW_SCALE = 3;
export const TCP_OPTION_SACK_PERMITTED = 4;
export const TCP_OPTION_SACK = 5;
export const TCP_OPTION_TIMESTAMPS = 8;
export const TCP_OPTION_MD5 = 19;
export const TCP_OPTION_FAST_OPEN = 34;
export const TCP_OPTION_MPTCP = 30;
/** The largest shift that counts (RFC 7323 section 2.3). */
export const TCP_MAX_WINDOW_SCALE = 14;

/** OK, CUT, BAD_HEADER_LENGTH or HEADER_CUT. */
export function checkTcp(b: Uint8Array, o: number, end: number): number {
  if (o + TCP_LENGTH > end) return CUT;
  const length = (b[o + 12]! >> 4) << 2;
  if (length < TCP_LENGTH) return BAD_HEADER_LENGTH;
  return o + length > end ? HEADER_CUT : OK;
}

export function tcpSourcePort(b: Uint8Array, o: number): number {
  return get16(b, o);
}

export function setTcpSourcePort(b: Uint8Array, o: number, port: number): void {
  set16(b, o, port);
}

export function tcpDestinationPort(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

export function setTcpDestinationPort(b: Uint8Array, o: number, port: number): void {
  set16(b, o + 2, port);
}

/** Signed 32-bit; differences (`(a - b) | 0`) order sequence numbers. */
export function tcpSequence(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

export function setTcpSequence(b: Uint8Array, o: number, sequence: number): void {
  set32(b, o + 4, sequence);
}

/** Signed 32-bit. */
export function tcpAcknowledgment(b: Uint8Array, o: number): number {
  return get32(b, o + 8);
}

export function setTcpAcknowledgment(b: Uint8Array, o: number, acknowledgment: number): void {
  set32(b, o + 8, acknowledgment);
}

/** With options, in bytes: 20 to 60 in a checked header. */
export function tcpHeaderLength(b: Uint8Array, o: number): number {
  return (b[o + 12]! >> 4) << 2;
}

/** The four bits between header length and flags, the lowest of which is {@link TCP_AE}. */
export function tcpReserved(b: Uint8Array, o: number): number {
  return b[o + 12]! & 15;
}

/** FIN to CWR. */
export function tcpFlags(b: Uint8Array, o: number): number {
  return b[o + 13]!;
}

/** FIN to CWR and AE. */
export function tcpFlags9(b: Uint8Array, o: number): number {
  return get16(b, o + 12) & 0x1ff;
}

export function setTcpFlags(b: Uint8Array, o: number, flags: number): void {
  b[o + 13] = flags;
}

export function tcpWindow(b: Uint8Array, o: number): number {
  return get16(b, o + 14);
}

export function setTcpWindow(b: Uint8Array, o: number, window: number): void {
  set16(b, o + 14, window);
}

export function tcpChecksum(b: Uint8Array, o: number): number {
  return get16(b, o + 16);
}

export function setTcpChecksum(b: Uint8Array, o: number, check: number): void {
  set16(b, o + 16, check);
}

export function tcpUrgent(b: Uint8Array, o: number): number {
  return get16(b, o + 18);
}

export function setTcpUrgent(b: Uint8Array, o: number, urgent: number): void {
  set16(b, o + 18, urgent);
}

/** Bytes of payload in a segment that ends at `end`. */
export function tcpPayloadLength(b: Uint8Array, o: number, end: number): number {
  return end - o - ((b[o + 12]! >> 4) << 2);
}

/** Offset of the first option of this kind in a checked header, or -1; looks no further than a broken option. */
export function findTcpOption(b: Uint8Array, o: number, kind: number): number {
  for (walk.start(b, o + TCP_LENGTH, o + tcpHeaderLength(b, o)); walk.next(); ) {
    if (walk.kind === kind) return walk.at;
  }
  return -1;
}

const walk = new OptionWalk();

/** The options that TCP stacks look at. One object, reused. A kind of a wrong length is passed over, as in Linux. */
export class TcpOptions {
  /** Maximum segment size, -1 if not said. */
  mss = -1;
  /** Window shift as it stands there, which may be above {@link TCP_MAX_WINDOW_SCALE}; -1 if not said. */
  windowScale = -1;
  sackPermitted = false;
  /** Offset of the first SACK block (two 32-bit edges), and number of blocks. */
  sackAt = 0;
  sackBlocks = 0;
  /** The two timestamps, signed 32-bit, if `hasTimestamps`. */
  hasTimestamps = false;
  timestamp = 0;
  timestampEcho = 0;
  /** The list ended in an option that does not fit. */
  broken = false;

  /** Reads the options of a checked header; of options given twice the last counts (tcp_parse_options). */
  read(b: Uint8Array, o: number): this {
    this.mss = -1;
    this.windowScale = -1;
    this.sackPermitted = false;
    this.sackAt = 0;
    this.sackBlocks = 0;
    this.hasTimestamps = false;
    this.timestamp = 0;
    this.timestampEcho = 0;
    for (walk.start(b, o + TCP_LENGTH, o + tcpHeaderLength(b, o)); walk.next(); ) {
      this.#take(b, walk.kind, walk.at, walk.length);
    }
    this.broken = walk.broken;
    return this;
  }

  #take(b: Uint8Array, kind: number, at: number, length: number): void {
    if (kind === TCP_OPTION_MSS && length === 4) {
      this.mss = get16(b, at + 2);
    } else if (kind === TCP_OPTION_WINDOW_SCALE && length === 3) {
      this.windowScale = b[at + 2]!;
    } else if (kind === TCP_OPTION_SACK_PERMITTED && length === 2) {
      this.sackPermitted = true;
    } else if (kind === TCP_OPTION_SACK && length >= 10 && (length & 7) === 2) {
      this.sackAt = at + 2;
      this.sackBlocks = (length - 2) >> 3;
    } else if (kind === TCP_OPTION_TIMESTAMPS && length === 10) {
      this.hasTimestamps = true;
      this.timestamp = get32(b, at + 2);
      this.timestampEcho = get32(b, at + 6);
    }
  }
}
