import type { Packet } from '../../netfilter/packet.ts';
import type { Services } from '../../netfilter/services.ts';
import { set16, set32 } from '../../wire/bytes.ts';
import { checksum, pseudoSum4, pseudoSum6 } from '../../wire/checksum.ts';
import { TCP_CHECKSUM_AT, TCP_LENGTH, TCP_OPTIONS_AT } from '../../wire/tcp.ts';
import type { Offers } from './offers.ts';

const TCP = 6;
const HEADER4 = 20;
const HEADER6 = 40;

/** What a segment of the proxy says. */
export interface Said {
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
}

/**
 * A segment that the proxy sends because of another: with its addresses and ports, or as an answer to it. IPv4's identification is
 * 0 and it may not be fragmented. (synproxy_build_ip, synproxy_send_*)
 */
export function buildSegment(
  services: Services,
  about: Packet,
  header: number,
  answers: boolean,
  said: Said,
  offers: Offers,
): Packet {
  const { family, bytes: from, network } = about;
  const packet = services.acquire();
  packet.family = family;
  packet.etherType = family === 4 ? 0x0800 : 0x86dd;
  packet.cause = about.id;
  const head = family === 4 ? HEADER4 : HEADER6;
  const length = TCP_LENGTH + offers.length;
  packet.resize(head + length);
  const { bytes, network: ip, end } = packet;
  bytes.fill(0, ip, end);
  const at = ip + head;
  packet.transport = at;
  const size = family === 4 ? 4 : 16;
  const source = family === 4 ? 12 : 8;
  if (family === 4) {
    bytes[ip] = 0x45;
    set16(bytes, ip + 2, head + length);
    bytes[ip + 6] = 0x40;
    bytes[ip + 8] = services.hopLimit(4);
    bytes[ip + 9] = TCP;
  } else {
    bytes[ip] = 0x60;
    set16(bytes, ip + 4, length);
    bytes[ip + 6] = TCP;
    bytes[ip + 7] = services.hopLimit(6);
  }
  const first = network + source;
  bytes.set(from.subarray(first, first + size), ip + source + (answers ? size : 0));
  bytes.set(from.subarray(first + size, first + 2 * size), ip + source + (answers ? 0 : size));
  bytes.set(from.subarray(header, header + 2), at + (answers ? 2 : 0));
  bytes.set(from.subarray(header + 2, header + 4), at + (answers ? 0 : 2));
  set32(bytes, at + 4, said.sequence);
  set32(bytes, at + 8, said.acknowledgment);
  bytes[at + 12] = (length / 4) << 4;
  bytes[at + 13] = said.flags;
  set16(bytes, at + 14, said.window);
  offers.write(bytes, at + TCP_OPTIONS_AT);
  const pseudo = family === 4 ? pseudoSum4(bytes, ip, TCP, length) : pseudoSum6(bytes, ip, TCP, length);
  set16(bytes, at + TCP_CHECKSUM_AT, checksum(bytes, at, end, pseudo));
  return packet;
}

/** Is a segment's checksum right? IPv4's goes over its header, too, which adds nothing to it. (nf_ip_checksum) */
export function checksumIsRight({ bytes, network, end, family }: Packet, header: number): boolean {
  const length = end - header;
  if (family === 6) return checksum(bytes, header, end, pseudoSum6(bytes, network, TCP, length)) === 0;
  return checksum(bytes, network, end, pseudoSum4(bytes, network, TCP, length)) === 0;
}
