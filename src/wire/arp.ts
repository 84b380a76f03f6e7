import { get16, get32, set16, set32 } from './bytes.ts';
import { BAD_FORMAT, CUT, OK } from './check.ts';
import { ETHERTYPE_IPV4 } from './protocols.ts';

/** ARP (RFC 826) for IPv4 over Ethernet. */

export const ARP_LENGTH = 28;
export const ARP_OPERATION_AT = 6;
export const ARP_SENDER_MAC_AT = 8;
export const ARP_SENDER_IP_AT = 14;
export const ARP_TARGET_MAC_AT = 18;
export const ARP_TARGET_IP_AT = 24;

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
/** Hardware type of Ethernet. */
export const ARP_ETHERNET = 1;
/** Hardware type of IEEE 802 networks; Linux takes it on Ethernet, too (net/ipv4/arp.c arp_process, RFC 1122). */
export const ARP_IEEE802 = 6;

/**
 * OK, CUT, or BAD_FORMAT if it is not about IPv4 over Ethernet with addresses of 6 and 4 bytes
 * (net/ipv4/arp.c arp_rcv, arp_process).
 */
export function checkArp(b: Uint8Array, o: number, end: number): number {
  if (o + 8 > end) return CUT;
  const hardware = get16(b, o);
  if (hardware !== ARP_ETHERNET && hardware !== ARP_IEEE802) return BAD_FORMAT;
  if (get16(b, o + 2) !== ETHERTYPE_IPV4 || b[o + 4] !== 6 || b[o + 5] !== 4) return BAD_FORMAT;
  return o + ARP_LENGTH > end ? CUT : OK;
}

export function arpHardwareType(b: Uint8Array, o: number): number {
  return get16(b, o);
}

export function arpProtocolType(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

/** {@link ARP_REQUEST}, {@link ARP_REPLY}, or another. */
export function arpOperation(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

export function setArpOperation(b: Uint8Array, o: number, operation: number): void {
  set16(b, o + 6, operation);
}

export function arpSenderIp(b: Uint8Array, o: number): number {
  return get32(b, o + 14);
}

export function setArpSenderIp(b: Uint8Array, o: number, address: number): void {
  set32(b, o + 14, address);
}

export function arpTargetIp(b: Uint8Array, o: number): number {
  return get32(b, o + 24);
}

export function setArpTargetIp(b: Uint8Array, o: number, address: number): void {
  set32(b, o + 24, address);
}
