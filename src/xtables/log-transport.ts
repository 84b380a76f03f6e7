import type { Packet } from '../netfilter/packet.ts';
import type { PacketLogOptions } from './log-line.ts';

/** Part of a log line; `ended`: the packet is cut off here, and nothing follows, neither owner nor mark. */
export interface LogText {
  readonly line: string;
  readonly ended: boolean;
}

export const text = (line: string): LogText => ({ line, ended: false });
export const end = (line: string): LogText => ({ line, ended: true });

export function read16({ bytes }: Packet, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function read32({ bytes }: Packet, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function hexBytes({ bytes }: Packet, from: number, to: number): string {
  return Array.from(bytes.subarray(from, to), (byte) =>
    byte.toString(16).padStart(2, '0').toUpperCase(),
  ).join('');
}

/** Where a header is said to begin beyond the end, the kernel's unsigned number of bytes left wraps around. */
export function incomplete({ end: last }: Packet, at: number): string {
  return `INCOMPLETE [${(last - at) >>> 0} bytes] `;
}

const TCP_HEADER = 20;
const UDP_HEADER = 8;
/** Of the four bits behind the data offset three are reserved; the last one is Accurate ECN's. */
const RESERVED = 0x0e;
const ACCURATE_ECN = 0x01;
/** In the order in which they are printed, with their bits. */
const TCP_FLAGS: readonly (readonly [string, number])[] = [
  ['CWR', 0x80],
  ['ECE', 0x40],
  ['URG', 0x20],
  ['ACK', 0x10],
  ['PSH', 0x08],
  ['RST', 0x04],
  ['SYN', 0x02],
  ['FIN', 0x01],
];

/** nf_log_dump_tcp_header */
export function logTcp(packet: Packet, at: number, fragment: boolean, options: PacketLogOptions): LogText {
  if (fragment) return text('PROTO=TCP ');
  if (at + TCP_HEADER > packet.end) return end(`PROTO=TCP ${incomplete(packet, at)}`);
  const { bytes } = packet;
  let line = `PROTO=TCP SPT=${read16(packet, at)} DPT=${read16(packet, at + 2)} `;
  if (options.tcpSequence) line += `SEQ=${read32(packet, at + 4)} ACK=${read32(packet, at + 8)} `;
  line += `WINDOW=${read16(packet, at + 14)} RES=0x${((bytes[at + 12]! & RESERVED) << 2).toString(16).padStart(2, '0')} `;
  if (bytes[at + 12]! & ACCURATE_ECN) line += 'AE ';
  const flags = bytes[at + 13]!;
  for (const [name, bit] of TCP_FLAGS) if (flags & bit) line += `${name} `;
  line += `URGP=${read16(packet, at + 18)} `;
  const length = (bytes[at + 12]! >> 4) * 4;
  if (options.tcpOptions && length > TCP_HEADER) {
    if (at + length > packet.end) return end(`${line}OPT (TRUNCATED)`);
    line += `OPT (${hexBytes(packet, at + TCP_HEADER, at + length)}) `;
  }
  return text(line);
}

/** nf_log_dump_udp_header, also for UDP-Lite */
export function logUdp(packet: Packet, at: number, fragment: boolean, name: string): LogText {
  if (fragment) return text(`PROTO=${name} `);
  if (at + UDP_HEADER > packet.end) return end(`PROTO=${name} ${incomplete(packet, at)}`);
  return text(
    `PROTO=${name} SPT=${read16(packet, at)} DPT=${read16(packet, at + 2)} LEN=${read16(packet, at + 4)} `,
  );
}
