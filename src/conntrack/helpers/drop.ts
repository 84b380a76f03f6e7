import type { Packet } from '../../netfilter/packet.ts';
import { DROP, type Verdict } from '../../netfilter/verdict.ts';
import { connectionOf } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';

/** Says in the log why a helper drops a packet, and drops it. (nf_ct_helper_log) */
export function dropByHelper(conntrack: Conntrack, packet: Packet, why: string): Verdict {
  const name = connectionOf(packet)?.help?.helper?.name ?? '';
  conntrack.services.logPacket(packet, undefined, `nf_ct_${name}: dropping packet: ${why} `);
  return DROP;
}
