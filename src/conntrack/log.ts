import type { HookState } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Conntrack } from './conntrack.ts';

/** `net.netfilter.nf_conntrack_log_invalid` for every protocol (IPPROTO_RAW). */
const EVERY_PROTOCOL = 255;

/** Logs a packet that belongs to no connection, if its protocol's are to be logged. (nf_l4proto_log_invalid) */
export function logInvalid(
  conntrack: Conntrack,
  packet: Packet,
  state: HookState,
  protocol: number,
  why: string,
): void {
  const wanted = conntrack.logInvalid.value;
  if (wanted === 0 || (wanted !== protocol && wanted !== EVERY_PROTOCOL)) return;
  conntrack.services.logPacket(packet, state, `nf_ct_proto_${protocol}: ${why} `);
}
