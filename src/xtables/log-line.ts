import type { Hook } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { logIpv4 } from './log-ipv4.ts';
import { logIpv6 } from './log-ipv6.ts';

/** What a log line shows beside the usual (NF_LOG_* flags). */
export interface PacketLogOptions {
  readonly tcpSequence: boolean;
  readonly tcpOptions: boolean;
  readonly ipOptions: boolean;
  readonly uid: boolean;
  readonly macDecode: boolean;
}

/** What TRACE shows: NF_LOG_DEFAULT_MASK. */
export const DEFAULT_LOG: PacketLogOptions = {
  tcpSequence: true,
  tcpOptions: true,
  ipOptions: true,
  uid: true,
  macDecode: false,
};

/** Where the packet stands. */
export interface LogPlace {
  readonly hook: Hook;
  readonly inDevice: number;
  readonly outDevice: number;
}

const ETHERNET = 14;
const LOOPBACK = 'lo';

/** A line of the kernel log about a packet, without level (net/netfilter/nf_log_syslog.c). */
export function formatPacketLog(
  packet: Packet,
  { inDevice, outDevice }: LogPlace,
  prefix: string,
  options: PacketLogOptions,
  services: Services,
): string {
  const { interfaces } = services;
  const name = (device: number) => (device === 0 ? '' : interfaces.nameOf(device));
  const mac = inDevice === 0 ? '' : macText(packet, name(outDevice || inDevice), options);
  const head = `${prefix}IN=${name(inDevice)} OUT=${name(outDevice)} ${mac}`;
  const text =
    packet.family === 4
      ? logIpv4(packet, packet.network, options, true)
      : logIpv6(packet, packet.network, options, true);
  return head + text.line + (text.ended ? '' : ownerAndMark(packet, options));
}

function ownerAndMark({ sender, mark }: Packet, { uid }: PacketLogOptions): string {
  const owner =
    uid && sender && !sender.kernel && sender.full !== false ? `UID=${sender.uid} GID=${sender.gid} ` : '';
  return owner + (mark !== 0 ? `MARK=0x${mark.toString(16)} ` : '');
}

/** The Ethernet header: in one row, or with --log-macdecode in its parts (dump_mac_header). */
function macText({ bytes, link, network }: Packet, device: string, { macDecode }: PacketLogOptions): string {
  const there = link >= 0 && network - link >= ETHERNET;
  const pairs = (from: number, length: number) =>
    Array.from(bytes.subarray(from, from + length), (byte) => byte.toString(16).padStart(2, '0')).join(':');
  if (macDecode && device !== LOOPBACK && there) {
    const type = ((bytes[link + 12]! << 8) | bytes[link + 13]!).toString(16).padStart(4, '0');
    return `MACSRC=${pairs(link + 6, 6)} MACDST=${pairs(link, 6)} MACPROTO=${type} `;
  }
  return `MAC=${there ? pairs(link, ETHERNET) : ''} `;
}
