import type { Packet } from '../netfilter/packet.ts';
import { ROUTE_TYPE, type Services } from '../netfilter/services.ts';
import { set16 } from '../wire/bytes.ts';
import { checksum, pseudoSum4 } from '../wire/checksum.ts';
import { isReset, TCP_HEADER, writeReset } from './reject-tcp.ts';

const HEADER = 20;
const TCP = 6;
const UDP = 17;
const GRE = 47;
const UNCHECKED: ReadonlySet<number> = new Set([50, 51, 132, 136, 33]);

/** Is the checksum of a packet one that can be verified over all of it? (nf_reject_verify_csum) */
export function isChecked(packet: Packet, protocol: number, at: number): boolean {
  if (UNCHECKED.has(protocol)) return false;
  const { bytes, end } = packet;
  // UDP without a checksum and GRE without one have nothing to verify.
  if (protocol === UDP) return at + 8 > end || bytes[at + 6] !== 0 || bytes[at + 7] !== 0;
  if (protocol === GRE) return at + 4 > end || (bytes[at]! & 0x80) !== 0;
  return true;
}

/** May the sender be told? Not about later fragments, nor if the checksum is wrong (nf_send_unreach). */
export function checksumFits4(packet: Packet): boolean {
  const { bytes, network, end } = packet;
  if (((bytes[network + 6]! & 0x1f) | bytes[network + 7]!) !== 0) return false;
  const protocol = bytes[network + 9]!;
  const at = network + (bytes[network]! & 15) * 4;
  if (!isChecked(packet, protocol, at)) return true;
  const pseudo = protocol === TCP || protocol === UDP ? pseudoSum4(bytes, network, protocol, end - at) : 0;
  // Over the IP header, too, which adds nothing unless its own checksum is wrong: options that were filled in on the way
  // make it so until the packet leaves.
  return checksum(bytes, network, end, pseudo) === 0;
}

/** Answers a TCP segment with a reset (net/ipv4/netfilter/nf_reject_ipv4.c nf_send_reset). */
export function sendReset4(about: Packet, services: Services): void {
  const { bytes, network, end, route } = about;
  const from = network + (bytes[network]! & 15) * 4;
  if (bytes[network + 9] !== TCP || from + TCP_HEADER > end) return;
  if (!checksumFits4(about) || isReset(bytes, from)) return;
  if (route && (route.type === ROUTE_TYPE.BROADCAST || route.type === ROUTE_TYPE.MULTICAST)) return;
  const answer = services.acquire();
  answer.family = 4;
  answer.cause = about.id;
  answer.mark = services.replyMark(4, about.mark);
  answer.resize(HEADER + TCP_HEADER);
  answer.transport = answer.network + HEADER;
  const { bytes: out, network: at, transport } = answer;
  out.fill(0, at, answer.end);
  out[at] = 0x45;
  out[at + 3] = HEADER + TCP_HEADER;
  // Don't fragment; identification 0; the TTL is the route's.
  out[at + 6] = 0x40;
  out[at + 9] = TCP;
  out.set(bytes.subarray(network + 16, network + 20), at + 12);
  out.set(bytes.subarray(network + 12, network + 16), at + 16);
  writeReset(answer, about, from);
  set16(out, transport + 16, checksum(out, transport, answer.end, pseudoSum4(out, at, TCP, TCP_HEADER)));
  services.attach(answer, about);
  services.sendLocal(answer);
}
