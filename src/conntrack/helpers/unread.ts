import type { Family } from '../../netfilter/constants.ts';
import { ACCEPT } from '../../netfilter/verdict.ts';
import type { HelperFactory } from '../helper.ts';

const TCP = 6;
const UDP = 17;

/**
 * Helpers that connections may be given, so that rulesets load, but that read nothing here: those of H.323
 * (net/netfilter/nf_conntrack_h323_main.c) and of SNMP's traps (net/ipv4/netfilter/nf_nat_snmp_basic_main.c).
 */
export const UNREAD: readonly HelperFactory[] = [
  unread('RAS', UDP, [4, 6]),
  unread('Q.931', TCP, [4, 6]),
  // Linux registers it with UDP, though H.245 is spoken over TCP.
  unread('H.245', UDP, [4, 6]),
  unread('snmp_trap', UDP, [4]),
];

function unread(name: string, protocol: number, families: readonly Family[]): HelperFactory {
  return () => ({ name, families, protocol, policies: [], reads: false, help: () => ACCEPT });
}
