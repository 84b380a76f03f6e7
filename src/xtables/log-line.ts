import type { HookState } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';

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

/** A line of the kernel log about a packet, without level (net/netfilter/nf_log_syslog.c). */
export function formatPacketLog(
  packet: Packet,
  state: HookState,
  prefix: string,
  _options: PacketLogOptions,
  services: Services,
): string {
  const { interfaces } = services;
  const name = (device: number) => (device === 0 ? '' : interfaces.nameOf(device));
  return `${prefix}IN=${name(state.inDevice)} OUT=${name(state.outDevice)} LEN=${packet.length} `;
}
