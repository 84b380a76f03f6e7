/**
 * What /proc/net/ip_tables_matches and its kin list on Linux 6.18, newest registration first. `NAME*3` stands for three
 * lines: one for each revision.
 */
export const KERNEL_MATCHES: Readonly<Record<4 | 6, readonly string[]>> = {
  4: names(
    'u32 time string statistic state rateest quota pkttype cgroup*3 nfacct*2 limit helper devgroup cpu ' +
      'conntrack*3 connlabel connbytes comment bpf*2 connmark mark rpfilter ah tcpmss socket*4 sctp ' +
      'recent*2 realm policy physdev owner osf multiport mac length l2tp iprange ipcomp ttl hashlimit*3 esp ' +
      'ecn tos dscp dccp connlimit cluster addrtype*2 set*5 icmp udplite udp tcp',
  ),
  6: names(
    'u32 time string statistic state rateest quota pkttype cgroup*3 nfacct*2 limit helper devgroup cpu ' +
      'conntrack*3 connlabel connbytes comment bpf*2 connmark mark srh*2 rt rpfilter dst hbh mh ipv6header ' +
      'frag eui64 ah tcpmss socket*3 sctp recent*2 policy physdev owner multiport mac length l2tp iprange ' +
      'ipcomp hl hashlimit*3 esp ecn tos dscp dccp connlimit cluster addrtype set*4 icmp6 udplite udp tcp',
  ),
};

export const KERNEL_TARGETS: Readonly<Record<4 | 6, readonly string[]>> = {
  4: names(
    'NFQUEUE*4 AUDIT DNAT SNAT DNAT SNAT SYNPROXY REJECT ECN ERROR IDLETIMER*2 TRACE TEE TCPOPTSTRIP ' +
      'TCPMSS TPROXY*2 SECMARK*2 MASQUERADE REDIRECT RATEEST NFLOG NETMAP LOG HMARK TTL TOS DSCP CT*3 ' +
      'NOTRACK CONNSECMARK CLASSIFY CHECKSUM DNAT SNAT SET*4 CONNMARK*2 MARK',
  ),
  6: names(
    'NFQUEUE*4 AUDIT DNAT SNAT DNAT SNAT SYNPROXY REJECT DNPT SNPT ERROR IDLETIMER*2 TRACE TEE ' +
      'TCPOPTSTRIP TCPMSS TPROXY SECMARK*2 MASQUERADE REDIRECT RATEEST NFLOG NETMAP LOG HMARK HL TOS DSCP ' +
      'CT*3 NOTRACK CONNSECMARK CLASSIFY CHECKSUM SET*3 CONNMARK*2 MARK',
  ),
};

function names(text: string): readonly string[] {
  return text.split(' ').flatMap((word) => {
    const [name, count] = word.split('*');
    return Array<string>(Number(count ?? 1)).fill(name!);
  });
}
