import type { Host } from '../host/host.ts';

/**
 * What every host of a scenario starts from (conformance/FORMAT.md, "Base settings"). They differ from Linux's
 * defaults where a recording would otherwise not be repeatable.
 */
const BASE_SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['net.ipv4.ip_forward', '0'],
  ['net.ipv4.icmp_ratelimit', '0'],
  ['net.ipv4.icmp_ratemask', '0'],
  ['net.ipv4.icmp_echo_ignore_broadcasts', '1'],
  ['net.ipv4.icmp_errors_use_inbound_ifaddr', '0'],
  ['net.ipv4.ip_default_ttl', '64'],
  ['net.ipv4.conf.all.rp_filter', '0'],
  ['net.ipv4.conf.default.rp_filter', '0'],
  ['net.ipv4.conf.all.accept_source_route', '0'],
  ['net.ipv4.conf.default.accept_source_route', '0'],
  ['net.ipv4.conf.all.send_redirects', '0'],
  ['net.ipv4.conf.default.send_redirects', '0'],
  ['net.ipv4.conf.all.accept_redirects', '0'],
  ['net.ipv4.conf.default.accept_redirects', '0'],
  ['net.ipv4.conf.all.log_martians', '0'],
  ['net.ipv4.conf.default.log_martians', '0'],
  ['net.ipv6.icmp.ratelimit', '0'],
  ['net.ipv6.auto_flowlabels', '0'],
  ['net.ipv6.conf.all.forwarding', '0'],
  ['net.ipv6.conf.default.mldv2_unsolicited_report_interval', '1'],
  ['net.ipv6.conf.default.mldv1_unsolicited_report_interval', '1'],
  ['net.ipv6.conf.default.addr_gen_mode', '1'],
  ['net.ipv6.conf.default.accept_dad', '0'],
  ['net.ipv6.conf.default.dad_transmits', '0'],
  ['net.ipv6.conf.default.accept_ra', '0'],
  ['net.ipv6.conf.default.autoconf', '0'],
  ['net.ipv6.conf.default.router_solicitations', '0'],
  ['net.ipv6.conf.default.accept_redirects', '0'],
];

const IPV6_OFF: readonly (readonly [name: string, value: string])[] = [
  ['net.ipv6.conf.all.disable_ipv6', '1'],
  ['net.ipv6.conf.default.disable_ipv6', '1'],
];

/** Sets a host that has no interfaces but lo yet to the base settings; IPv6 is off unless `ipv6`. */
export function applyBaseSettings(host: Host, ipv6: boolean): void {
  for (const [name, value] of BASE_SETTINGS) host.sysctl.set(name, value);
  if (!ipv6) for (const [name, value] of IPV6_OFF) host.sysctl.set(name, value);
}
