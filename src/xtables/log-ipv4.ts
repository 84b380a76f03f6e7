import type { Packet } from '../netfilter/packet.ts';
import type { PacketLogOptions } from './log-line.ts';
import {
  end,
  hexBytes,
  incomplete,
  type LogText,
  logTcp,
  logUdp,
  read16,
  read32,
  text,
} from './log-transport.ts';

const HEADER = 20;
const ICMP_HEADER = 8;
const AH_HEADER = 12;
const ESP_HEADER = 8;
/** Bytes that ICMP messages of a type must have (dump_ipv4_packet required_len). */
const LEAST = new Map([
  [0, 4],
  [3, 28],
  [4, 28],
  [5, 28],
  [8, 4],
  [11, 28],
  [12, 28],
  [13, 20],
  [14, 20],
  [17, 12],
  [18, 12],
]);

function dotted({ bytes }: Packet, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

const hex2 = (value: number): string => value.toString(16).padStart(2, '0').toUpperCase();

/** A packet in the words of the kernel log (dump_ipv4_packet). `outer`: it is not quoted in an ICMP error. */
export function logIpv4(packet: Packet, at: number, options: PacketLogOptions, outer: boolean): LogText {
  const { bytes } = packet;
  if (at + HEADER > packet.end) return end('TRUNCATED');
  const field = read16(packet, at + 6);
  const offset = field & 0x1fff;
  const tos = bytes[at + 1]!;
  const length = (bytes[at]! & 15) * 4;
  let line =
    `SRC=${dotted(packet, at + 12)} DST=${dotted(packet, at + 16)} LEN=${read16(packet, at + 2)} ` +
    `TOS=0x${hex2(tos & 0x1e)} PREC=0x${hex2(tos & 0xe0)} TTL=${bytes[at + 8]} ID=${read16(packet, at + 4)} `;
  if (field & 0x8000) line += 'CE ';
  if (field & 0x4000) line += 'DF ';
  if (field & 0x2000) line += 'MF ';
  if (offset) line += `FRAG:${offset} `;
  if (options.ipOptions && length > HEADER) {
    if (at + length > packet.end) return end(`${line}TRUNCATED`);
    line += `OPT (${hexBytes(packet, at + HEADER, at + length)}) `;
  }
  const rest = transport(packet, bytes[at + 9]!, at + length, offset !== 0, options, outer);
  return { line: line + rest.line, ended: rest.ended };
}

function transport(
  packet: Packet,
  protocol: number,
  at: number,
  fragment: boolean,
  options: PacketLogOptions,
  outer: boolean,
): LogText {
  switch (protocol) {
    case 1:
      return icmp(packet, at, fragment, options, outer);
    case 6:
      return logTcp(packet, at, fragment, options);
    case 17:
      return logUdp(packet, at, fragment, 'UDP');
    case 136:
      return logUdp(packet, at, fragment, 'UDPLITE');
    case 50:
      if (fragment) return text('PROTO=ESP ');
      if (at + ESP_HEADER > packet.end) return text(`PROTO=ESP ${incomplete(packet, at)}`);
      return text(`PROTO=ESP SPI=0x${read32(packet, at).toString(16)} `);
    case 51:
      // A later fragment of AH is the only one whose protocol is not told.
      if (fragment) return text('');
      if (at + AH_HEADER > packet.end) return text(`PROTO=AH ${incomplete(packet, at)}`);
      return text(`PROTO=AH SPI=0x${read32(packet, at + 4).toString(16)} `);
    default:
      return text(`PROTO=${protocol} `);
  }
}

function icmp(
  packet: Packet,
  at: number,
  fragment: boolean,
  options: PacketLogOptions,
  outer: boolean,
): LogText {
  if (fragment) return text('PROTO=ICMP ');
  if (at + ICMP_HEADER > packet.end) return text(`PROTO=ICMP ${incomplete(packet, at)}`);
  const type = packet.bytes[at]!;
  const code = packet.bytes[at + 1]!;
  const line = `PROTO=ICMP TYPE=${type} CODE=${code} `;
  if (packet.end - at < (LEAST.get(type) ?? 0)) return text(line + incomplete(packet, at));
  if (type === 0 || type === 8)
    return text(`${line}ID=${read16(packet, at + 4)} SEQ=${read16(packet, at + 6)} `);
  if (type === 12) return text(`${line}PARAMETER=${packet.bytes[at + 4]} `);
  if (type !== 3 && type !== 4 && type !== 5 && type !== 11) return text(line);
  const gateway = type === 5 ? `GATEWAY=${dotted(packet, at + 4)} ` : '';
  // Only once: what is quoted in a quoted error is not looked at.
  const quoted = outer ? `[${logIpv4(packet, at + ICMP_HEADER, options, false).line}] ` : '';
  const mtu = type === 3 && code === 4 ? `MTU=${read16(packet, at + 6)} ` : '';
  return text(line + gateway + quoted + mtu);
}
