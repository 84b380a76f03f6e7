import type { Setting, Sysctl } from '../sysctl.ts';

/** Linux's defaults of the settings that the IPv4 path reads, for those that no one has defined yet. */
const DEFAULTS = {
  ip_default_ttl: 64,
  ip_no_pmtu_disc: 0,
  ip_forward_use_pmtu: 0,
  ip_nonlocal_bind: 0,
  route_min_adv_mss: 256,
  route_min_pmtu: 552,
  route_mtu_expires: 600,
  fwmark_reflect: 0,
  icmp_echo_ignore_all: 0,
  icmp_echo_ignore_broadcasts: 1,
  icmp_echo_enable_probe: 0,
  icmp_errors_use_inbound_ifaddr: 0,
  icmp_ignore_bogus_error_responses: 1,
  icmp_ratelimit: 1000,
  icmp_ratemask: 6168,
  icmp_msgs_per_sec: 1000,
  icmp_msgs_burst: 50,
  ipfrag_high_thresh: 4194304,
  ipfrag_time: 30,
  ipfrag_max_dist: 64,
  tcp_ecn: 2,
  tcp_reflect_tos: 0,
  tcp_sack: 1,
  tcp_synack_retries: 5,
  tcp_timestamps: 1,
  tcp_window_scaling: 1,
} as const;

/** The settings of `net.ipv4` that the path reads, without looking a name up for each packet; `route_…` are those of `route`. */
export type Settings4 = { readonly [Name in keyof typeof DEFAULTS]: number };

export function settings4(sysctl: Sysctl): Settings4 {
  const result = {};
  for (const [name, value] of Object.entries(DEFAULTS)) {
    const path = `net/ipv4/${name.replace(/^route_/, 'route/')}`;
    const setting: Setting = sysctl.setting(path) ?? sysctl.defineNumber(path, value);
    Object.defineProperty(result, name, { enumerable: true, get: () => setting.number() });
  }
  return result as Settings4;
}
