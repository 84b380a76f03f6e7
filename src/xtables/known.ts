import type { Family } from '../netfilter/constants.ts';

/**
 * Names that iptables 1.8.9 on Linux has. Those not in the registry are refused as `not supported yet: match state`;
 * names that are not here either do not exist.
 */
const MATCHES = {
  both:
    'addrtype ah bpf cgroup cluster comment connbytes connlabel connlimit connmark conntrack cpu dccp devgroup dscp ' +
    'ecn esp hashlimit helper ipcomp iprange ipvs length limit mac mark multiport nfacct owner physdev pkttype policy ' +
    'quota rateest recent rpfilter sctp set socket state statistic string tcp tcpmss time tos u32 udp',
  4: 'icmp osf realm ttl',
  6: 'dst eui64 frag hbh hl icmp6 icmpv6 ipv6-icmp ipv6header mh rt srh',
};

const TARGETS = {
  both:
    'ACCEPT AUDIT CHECKSUM CLASSIFY CONNMARK CONNSECMARK CT DNAT DROP DSCP HMARK IDLETIMER LED LOG MARK MASQUERADE ' +
    'NETMAP NFLOG NFQUEUE NOTRACK QUEUE RATEEST REDIRECT REJECT RETURN SECMARK SET SNAT SYNPROXY TCPMSS TCPOPTSTRIP ' +
    'TEE TOS TPROXY TRACE',
  4: 'CLUSTERIP ECN TTL ULOG',
  6: 'DNPT HL SNPT',
};

function names(list: { both: string; 4: string; 6: string }, family: Family): ReadonlySet<string> {
  return new Set(`${list.both} ${list[family]}`.split(' '));
}

export const KNOWN = {
  match: { 4: names(MATCHES, 4), 6: names(MATCHES, 6) },
  target: { 4: names(TARGETS, 4), 6: names(TARGETS, 6) },
} as const;
