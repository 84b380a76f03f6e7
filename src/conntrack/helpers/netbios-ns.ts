import type { Conntrack } from '../conntrack.ts';
import type { Helper } from '../helper.ts';
import { makeBroadcast } from './broadcast.ts';

/** NetBIOS name requests (RFC 1002; net/netfilter/nf_conntrack_netbios_ns.c). */
export function makeNetbiosNs(conntrack: Conntrack): Helper {
  return makeBroadcast(conntrack, 'netbios-ns', 137, 3);
}
