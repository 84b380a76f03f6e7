import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { set16 } from '../wire/bytes.ts';
import { checksum, pseudoSum6 } from '../wire/checksum.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';
import { isReset, TCP_HEADER, writeReset } from './reject-tcp.ts';
import { isChecked } from './reject4.ts';
import { isUnicast6 } from './unicast6.ts';

const TCP = 6;
const HEADER_LENGTH = 40;
const NEXT_HEADER = 6;
const SOURCE = 8;
const DESTINATION = 24;

const WALK = new Ipv6Walk();

/** May the sender be told? Not about later fragments, nor if the checksum is wrong (reject6_csum_ok). */
export function checksumFits6(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  if (!WALK.skip(bytes, network + HEADER_LENGTH, end, bytes[network + NEXT_HEADER]!)) return false;
  const { offset, protocol, fragmentOffset } = WALK;
  if (offset >= end || fragmentOffset !== 0) return false;
  if (!isChecked(packet, protocol, offset)) return true;
  return checksum(bytes, offset, end, pseudoSum6(bytes, network, protocol, end - offset)) === 0;
}

/** Answers a TCP segment with a reset (net/ipv6/netfilter/nf_reject_ipv6.c nf_send_reset6). */
export function sendReset6(about: Packet, services: Services): void {
  const { bytes, network, end } = about;
  if (!isUnicast6(bytes, network + SOURCE) || !isUnicast6(bytes, network + DESTINATION)) return;
  if (!WALK.skip(bytes, network + HEADER_LENGTH, end, bytes[network + NEXT_HEADER]!)) return;
  if (WALK.protocol !== TCP || WALK.fragmentOffset !== 0) return;
  const from = WALK.offset;
  if (from + TCP_HEADER > end || isReset(bytes, from) || !checksumFits6(about)) return;
  const answer = services.acquire();
  answer.family = 6;
  answer.etherType = 0x86dd;
  answer.cause = about.id;
  answer.mark = services.replyMark(6, about.mark);
  answer.resize(HEADER_LENGTH + TCP_HEADER);
  answer.transport = answer.network + HEADER_LENGTH;
  const { bytes: out, network: at, transport } = answer;
  out.fill(0, at, answer.end);
  out[at] = 0x60;
  out[at + 5] = TCP_HEADER;
  out[at + NEXT_HEADER] = TCP;
  out.set(bytes.subarray(network + DESTINATION, network + DESTINATION + 16), at + SOURCE);
  out.set(bytes.subarray(network + SOURCE, network + SOURCE + 16), at + DESTINATION);
  writeReset(answer, about, from);
  set16(out, transport + 16, checksum(out, transport, answer.end, pseudoSum6(out, at, TCP, TCP_HEADER)));
  services.attach(answer, about);
  services.sendLocal(answer);
}
