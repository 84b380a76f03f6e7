import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { complement, pseudo6, sum } from '../wire/checksum.ts';
import { HEADER_LENGTH, NEXT_HEADER, skipExtensions } from '../wire/ipv6.ts';
import { isReset, TCP_HEADER, writeReset } from './reject-tcp.ts';
import { isChecked } from './reject4.ts';

const TCP = 6;
const SOURCE = 8;
const DESTINATION = 24;

/** May the sender be told? Not about later fragments, nor if the checksum is wrong (reject6_csum_ok). */
export function checksumFits6(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  const found = skipExtensions(bytes, network + HEADER_LENGTH, end, bytes[network + NEXT_HEADER]!);
  if (!found || found.offset >= end || (found.fragment & 0xfff8) !== 0) return false;
  const { offset, nextHeader } = found;
  if (!isChecked(packet, nextHeader, offset)) return true;
  return complement(sum(bytes, offset, end) + pseudo6(bytes, network, nextHeader, end - offset)) === 0;
}

/** Neither `::` nor multicast. */
function isUnicast(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0xff) return false;
  for (let i = 0; i < 16; i++) if (bytes[at + i] !== 0) return true;
  return false;
}

/** Answers a TCP segment with a reset (net/ipv6/netfilter/nf_reject_ipv6.c nf_send_reset6). */
export function sendReset6(about: Packet, services: Services): void {
  const { bytes, network, end } = about;
  if (!isUnicast(bytes, network + SOURCE) || !isUnicast(bytes, network + DESTINATION)) return;
  const found = skipExtensions(bytes, network + HEADER_LENGTH, end, bytes[network + NEXT_HEADER]!);
  if (!found || found.nextHeader !== TCP || (found.fragment & 0xfff8) !== 0) return;
  const from = found.offset;
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
  const checksum = complement(sum(out, transport, answer.end) + pseudo6(out, at, TCP, TCP_HEADER));
  out[transport + 16] = checksum >> 8;
  out[transport + 17] = checksum;
  services.sendLocal(answer);
}
