import type { Conntrack } from '../conntrack.ts';
import type { Helper } from '../helper.ts';
import { makeBroadcast } from './broadcast.ts';

/**
 * SNMP requests (net/netfilter/nf_conntrack_snmp.c). The addresses inside the messages are not translated, as
 * net/ipv4/netfilter/nf_nat_snmp_basic_main.c would do it.
 */
export function makeSnmp(conntrack: Conntrack): Helper {
  return makeBroadcast(conntrack, 'snmp', 161, 30);
}
