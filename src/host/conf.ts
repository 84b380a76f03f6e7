import type { ErrnoName } from '../netfilter/constants.ts';
import { NumberSetting, type Sysctl } from './sysctl.ts';

/**
 * Settings that IPv4 has for each interface, for all and as default for new ones, with the kernel's defaults
 * (net/ipv4/devinet.c ipv4_devconf, ipv4_devconf_dflt).
 */
export const CONF4 = {
  accept_local: 0,
  accept_redirects: 1,
  accept_source_route: 0,
  arp_accept: 0,
  arp_announce: 0,
  arp_evict_nocarrier: 1,
  arp_filter: 0,
  arp_ignore: 0,
  arp_notify: 0,
  bc_forwarding: 0,
  bootp_relay: 0,
  disable_policy: 0,
  disable_xfrm: 0,
  drop_gratuitous_arp: 0,
  drop_unicast_in_l2_multicast: 0,
  force_igmp_version: 0,
  forwarding: 0,
  igmpv2_unsolicited_report_interval: 10000,
  igmpv3_unsolicited_report_interval: 1000,
  ignore_routes_with_linkdown: 0,
  log_martians: 0,
  mc_forwarding: 0,
  medium_id: 0,
  promote_secondaries: 0,
  proxy_arp: 0,
  proxy_arp_pvlan: 0,
  route_localnet: 0,
  rp_filter: 0,
  secure_redirects: 1,
  send_redirects: 1,
  shared_media: 1,
  src_valid_mark: 0,
  tag: 0,
} as const;

/** The same for IPv6 (net/ipv6/addrconf.c ipv6_devconf). */
export const CONF6 = {
  accept_dad: 1,
  accept_ra: 1,
  accept_ra_defrtr: 1,
  accept_ra_from_local: 0,
  accept_ra_min_hop_limit: 1,
  accept_ra_min_lft: 0,
  accept_ra_mtu: 1,
  accept_ra_pinfo: 1,
  accept_ra_rt_info_max_plen: 0,
  accept_ra_rt_info_min_plen: 0,
  accept_ra_rtr_pref: 1,
  accept_redirects: 1,
  accept_source_route: 0,
  accept_untracked_na: 0,
  addr_gen_mode: 0,
  autoconf: 1,
  dad_transmits: 1,
  disable_ipv6: 0,
  disable_policy: 0,
  drop_unicast_in_l2_multicast: 0,
  drop_unsolicited_na: 0,
  enhanced_dad: 1,
  force_mld_version: 0,
  force_tllao: 0,
  forwarding: 0,
  force_forwarding: 0,
  hop_limit: 64,
  ignore_routes_with_linkdown: 0,
  ioam6_enabled: 0,
  ioam6_id: 65535,
  keep_addr_on_down: 0,
  max_addresses: 16,
  max_desync_factor: 600,
  mc_forwarding: 0,
  mldv1_unsolicited_report_interval: 10000,
  mldv2_unsolicited_report_interval: 1000,
  mtu: 1280,
  ndisc_evict_nocarrier: 1,
  ndisc_notify: 0,
  ndisc_tclass: 0,
  optimistic_dad: 0,
  proxy_ndp: 0,
  ra_honor_pio_life: 0,
  ra_honor_pio_pflag: 0,
  regen_max_retry: 3,
  router_probe_interval: 60,
  router_solicitation_delay: 1,
  router_solicitation_interval: 4,
  router_solicitation_max_interval: 3600,
  router_solicitations: -1,
  rpl_seg_enabled: 0,
  seg6_enabled: 0,
  seg6_require_hmac: 0,
  suppress_frag_ndisc: 1,
  temp_prefered_lft: 86400,
  temp_valid_lft: 604800,
  use_oif_addrs_only: 0,
  use_optimistic: 0,
  use_tempaddr: 0,
} as const;

/** The same for neighbours of both families, where there is no `all` (net/ipv4/arp.c arp_tbl, net/ipv6/ndisc.c nd_tbl). */
export const NEIGHBOUR_CONF = {
  base_reachable_time_ms: 30_000,
  delay_first_probe_time: 5,
  mcast_solicit: 3,
  proxy_delay: 80,
  retrans_time_ms: 1000,
  ucast_solicit: 3,
  unres_qlen_bytes: 212_992,
} as const;

/** Current values of one directory of settings. */
export type Conf<T> = { -readonly [K in keyof T]: number };
export type NeighbourConf = Conf<typeof NEIGHBOUR_CONF>;
export type Conf4 = Conf<typeof CONF4>;
export type Conf6 = Conf<typeof CONF6>;

/** Settings whose `all` sets every interface and the default as well. */
const SPREADS: ReadonlySet<string> = new Set(['forwarding', 'disable_ipv6']);
/** Settings that can only be read. */
const READ_ONLY: ReadonlySet<string> = new Set(['mc_forwarding']);

interface Directory<T> {
  readonly values: Conf<T>;
  /** Settings that were given a value of their own: a later change of the default passes them by. */
  readonly own: Set<keyof T>;
}

/** One family's settings of interfaces: `all`, `default`, and a directory for each interface. */
export class ConfTree<T extends Record<string, number>> {
  readonly all: Conf<T>;
  readonly default: Conf<T>;
  /** Called when a setting that others depend on was changed: which, where (`all`, `default`, a name), to what. */
  onChange: (name: keyof T, where: string, value: number) => void = () => {};
  readonly #root: string;
  readonly #sysctl: Sysctl;
  readonly #directories = new Map<string, Directory<T>>();

  /** `withAll`: the tree has a directory `all`. */
  constructor(sysctl: Sysctl, root: string, defaults: T, withAll = true) {
    this.#sysctl = sysctl;
    this.#root = root;
    this.all = withAll ? this.#directory('all', { ...defaults }) : { ...defaults };
    this.default = this.#directory('default', { ...defaults });
  }

  /** The settings of a new interface: the default's. */
  add(name: string): Conf<T> {
    return this.#directory(name, { ...this.default });
  }

  remove(name: string): void {
    this.#directories.delete(name);
    this.#sysctl.undefine(`${this.#root}/${name}`);
  }

  #directory(name: string, values: Conf<T>): Conf<T> {
    this.#directories.set(name, { values, own: new Set() });
    this.#sysctl.defineDirectory(`${this.#root}/${name}`, {
      names: () => Object.keys(values),
      make: (key) =>
        Object.hasOwn(values, key)
          ? {
              read: () => String(values[key]),
              number: () => values[key]!,
              write: (text) => this.#write(name, key, text),
            }
          : undefined,
    });
    return values;
  }

  #write(where: string, key: keyof T, text: string): ErrnoName | undefined {
    if (READ_ONLY.has(String(key))) return 'EACCES';
    const probe = new NumberSetting(0);
    const error = probe.write(text);
    if (error) return error;
    this.set(where, key, probe.value);
    return undefined;
  }

  /** Sets a value as the kernel does: `all` of some settings spreads, `default` reaches interfaces without one of their own. */
  set(where: string, key: keyof T, value: number): void {
    const directory = this.#directories.get(where);
    if (!directory) return;
    directory.values[key] = value;
    directory.own.add(key);
    if (where === 'all' && SPREADS.has(String(key))) {
      for (const other of this.#directories.values()) other.values[key] = value;
    } else if (where === 'default') {
      for (const [name, other] of this.#directories) {
        if (name !== 'all' && !other.own.has(key)) other.values[key] = value;
      }
    }
    this.onChange(key, where, value);
  }
}
