import { transportOf } from '../../conntrack/transport.ts';
import { get16 } from '../../wire/bytes.ts';
import { tcpAcknowledgment, tcpFlags, tcpPayloadLength, tcpSequence } from '../../wire/tcp.ts';
import { numberOf, type SeenEnd } from './ends.ts';

/** Protocols whose headers begin with two ports: TCP, DCCP, UDP, SCTP, UDP-Lite. */
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

/** What of an IP packet a conversation and its expectations look at. */
export interface PacketView {
  readonly bytes: Uint8Array;
  readonly family: 4 | 6;
  /** -1 if it has no whole transport header. */
  readonly protocol: number;
  /** Where the transport header begins. */
  readonly offset: number;
  readonly source: SeenEnd;
  readonly destination: SeenEnd;
}

/** Undefined if the bytes are no IP packet. */
export function viewOf(bytes: Uint8Array): PacketView | undefined {
  const family = bytes[0]! >> 4 === 6 ? 6 : 4;
  if (bytes.length < (family === 4 ? 20 : 40)) return undefined;
  const transport = transportOf(bytes, 0, bytes.length, family);
  const { protocol = -1, offset = -1 } = transport ?? {};
  const hasPorts = WITH_PORTS.has(protocol) && offset + 4 <= bytes.length;
  const [from, to, size] = family === 4 ? [12, 16, 4] : [8, 24, 16];
  const end = (at: number, port: number): SeenEnd => ({
    address: { family, value: numberOf(bytes.subarray(at, at + size)) },
    port: hasPorts ? get16(bytes, offset + port) : undefined,
  });
  return { bytes, family, protocol, offset, source: end(from, 0), destination: end(to, 2) };
}

export const TCP_FIN = 1;
export const TCP_SYN = 2;
export const TCP_ACK = 16;

/** A TCP segment's flags and numbers; `next` is the sequence number behind it. */
export function tcpView({ bytes, offset }: PacketView): {
  flags: number;
  acknowledgment: number;
  next: number;
} {
  const flags = tcpFlags(bytes, offset);
  const counted = (flags & TCP_SYN ? 1 : 0) + (flags & TCP_FIN ? 1 : 0);
  const length = tcpPayloadLength(bytes, offset, bytes.length);
  return {
    flags,
    acknowledgment: tcpAcknowledgment(bytes, offset) >>> 0,
    next: (tcpSequence(bytes, offset) + length + counted) >>> 0,
  };
}
