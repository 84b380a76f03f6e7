import type { Packet } from '../netfilter/packet.ts';
import { isIpv6Extension } from '../wire/ipv6-extensions.ts';
import type { PacketLogOptions } from './log-line.ts';
import { end, incomplete, type LogText, logTcp, logUdp, read16, read32, text } from './log-transport.ts';

const HEADER = 40;
const ICMP_HEADER = 8;
const FRAGMENT = 44;
const ESP = 50;
const AUTHENTICATION = 51;
const NONE = 59;

/** All eight groups with all their digits. */
function address(packet: Packet, at: number): string {
  return Array.from({ length: 8 }, (_, group) =>
    read16(packet, at + group * 2)
      .toString(16)
      .padStart(4, '0'),
  ).join(':');
}

/** A packet in the words of the kernel log (dump_ipv6_packet). `outer`: it is not quoted in an ICMPv6 error. */
export function logIpv6(packet: Packet, at: number, options: PacketLogOptions, outer: boolean): LogText {
  if (at + HEADER > packet.end) return end('TRUNCATED');
  const first = read32(packet, at);
  const head =
    `SRC=${address(packet, at + 8)} DST=${address(packet, at + 24)} LEN=${read16(packet, at + 4) + HEADER} ` +
    `TC=${(first >>> 20) & 0xff} HOPLIMIT=${packet.bytes[at + 7]} FLOWLBL=${first & 0xfffff} `;
  const rest = headers(packet, at + HEADER, packet.bytes[at + 6]!, options, outer);
  return { line: head + rest.line, ended: rest.ended };
}

/** The extension headers and what is behind them. */
function headers(
  packet: Packet,
  from: number,
  first: number,
  options: PacketLogOptions,
  outer: boolean,
): LogText {
  const { bytes } = packet;
  const { ipOptions } = options;
  let at = from;
  let next = first;
  let line = '';
  let fragment = false;
  while (next !== NONE && (isIpv6Extension(next) || next === ESP)) {
    if (at + 2 > packet.end) return end(`${line}TRUNCATED`);
    if (ipOptions) line += 'OPT ( ';
    let length = (bytes[at + 1]! + 1) * 8;
    if (next === FRAGMENT) {
      if (at + 8 > packet.end) return end(`${line}TRUNCATED `);
      const field = read16(packet, at + 2);
      line += `FRAG:${field & 0xfff8} ${field & 1 ? 'INCOMPLETE ' : ''}ID:${read32(packet, at + 4)
        .toString(16)
        .padStart(8, '0')} `;
      if (field & 0xfff8) fragment = true;
      length = 8;
    } else if (next === AUTHENTICATION || next === ESP) {
      const security = securityHeader(packet, at, next, fragment, ipOptions);
      line += security.line;
      if (security.ended) return end(line);
      length = (bytes[at + 1]! + 2) * 4;
    } else if (fragment) {
      return end(ipOptions ? `${line})` : line);
    }
    if (ipOptions) line += ') ';
    next = bytes[at]!;
    at += length;
  }
  const rest = transport(packet, next, at, fragment, options, outer);
  return { line: line + rest.line, ended: rest.ended };
}

function securityHeader(
  packet: Packet,
  at: number,
  header: number,
  fragment: boolean,
  shown: boolean,
): LogText {
  if (!shown) return { line: '', ended: header === ESP };
  const name = header === ESP ? 'ESP ' : 'AH ';
  if (fragment) return end(`${name})`);
  if (at + (header === ESP ? 8 : 12) > packet.end) return end(`${name}${incomplete(packet, at)})`);
  const spi = `SPI=0x${read32(packet, header === ESP ? at : at + 4).toString(16)} `;
  return { line: name + spi + (header === ESP ? ')' : ''), ended: header === ESP };
}

function transport(
  packet: Packet,
  next: number,
  at: number,
  fragment: boolean,
  options: PacketLogOptions,
  outer: boolean,
): LogText {
  switch (next) {
    case 6:
      return logTcp(packet, at, fragment, options);
    case 17:
      return logUdp(packet, at, fragment, 'UDP');
    case 136:
      return logUdp(packet, at, fragment, 'UDPLITE');
    case 58:
      return icmp(packet, at, fragment, options, outer);
    default:
      return text(`PROTO=${next} `);
  }
}

function icmp(
  packet: Packet,
  at: number,
  fragment: boolean,
  options: PacketLogOptions,
  outer: boolean,
): LogText {
  if (fragment) return text('PROTO=ICMPv6 ');
  if (at + ICMP_HEADER > packet.end) return end(`PROTO=ICMPv6 ${incomplete(packet, at)}`);
  const type = packet.bytes[at]!;
  const line = `PROTO=ICMPv6 TYPE=${type} CODE=${packet.bytes[at + 1]} `;
  if (type === 128 || type === 129) {
    return text(`${line}ID=${read16(packet, at + 4)} SEQ=${read16(packet, at + 6)} `);
  }
  if (type < 1 || type > 4) return text(line);
  const pointer =
    type === 4
      ? `POINTER=${read32(packet, at + 4)
          .toString(16)
          .padStart(8, '0')} `
      : '';
  const quoted = outer ? `[${logIpv6(packet, at + ICMP_HEADER, options, false).line}] ` : '';
  return text(line + pointer + quoted + (type === 2 ? `MTU=${read32(packet, at + 4)} ` : ''));
}
