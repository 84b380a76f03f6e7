import type { Host } from '../../host/host.ts';
import type { Family } from '../../netfilter/constants.ts';
import { connectionFile, expectationFile } from './conntrack.ts';
import { addressFile6, arpFile, routeFile, routeFile6 } from './devices.ts';
import { KERNEL_MATCHES, KERNEL_TARGETS } from './extensions.ts';

/** The files of /proc/net that the host has, by path. */
export const NET_FILES: ReadonlyMap<string, (host: Host) => string> = new Map<string, (host: Host) => string>(
  [
    ['/proc/net/arp', arpFile],
    ['/proc/net/if_inet6', addressFile6],
    ['/proc/net/ipv6_route', routeFile6],
    ['/proc/net/route', routeFile],
    ['/proc/net/nf_conntrack', connectionFile],
    ['/proc/net/nf_conntrack_expect', expectationFile],
    ['/proc/net/stat/synproxy', synproxyFile],
    ['/proc/net/ip_tables_names', (host) => tableNames(host, 4)],
    ['/proc/net/ip6_tables_names', (host) => tableNames(host, 6)],
    ['/proc/net/ip_tables_matches', () => lines(KERNEL_MATCHES[4])],
    ['/proc/net/ip6_tables_matches', () => lines(KERNEL_MATCHES[6])],
    ['/proc/net/ip_tables_targets', () => lines(KERNEL_TARGETS[4])],
    ['/proc/net/ip6_tables_targets', () => lines(KERNEL_TARGETS[6])],
  ],
);

/** Counts of the proxy of handshakes, of the one processor that there is (net/netfilter/nf_synproxy_core.c). */
function synproxyFile({ conntrack }: Host): string {
  const { received, invalid, valid, retransmitted, reopened } = conntrack.synProxy.counts;
  const numbers = [0, received, invalid, valid, retransmitted, reopened];
  const names = 'entries\t\tsyn_received\tcookie_invalid\tcookie_valid\tcookie_retrans\tconn_reopened';
  return lines([names, numbers.map((count) => (count >>> 0).toString(16).padStart(8, '0')).join('\t')]);
}

/** The newest first (net/netfilter/x_tables.c, xt_register_table adds at the head). */
function tableNames(host: Host, family: Family): string {
  return lines(
    host.xtables
      .tables(family)
      .map(({ name }) => name)
      .reverse(),
  );
}

function lines(names: readonly string[]): string {
  return names.map((name) => `${name}\n`).join('');
}
