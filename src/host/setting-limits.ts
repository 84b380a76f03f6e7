import { type Limits, NumberSetting, type Sysctl } from './sysctl.ts';

/** Numbers that a setting takes, both ends included; `step`: what lies between is rounded up (times in jiffies of 4 ms). */
interface Range {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** `DIRECTORY/: NAME NAME …`. */
  readonly names: string;
}

/** What Linux 6.18 takes and refuses (EINVAL), tried on one. */
const RANGES: readonly Range[] = [
  {
    min: -31,
    max: 31,
    names: `
      net/ipv4/: tcp_adv_win_scale`,
  },
  {
    min: -8589934,
    max: 8589934,
    names: `
      net/ipv4/: ipfrag_time tcp_fin_timeout tcp_keepalive_intvl tcp_keepalive_time net/ipv6/: idgen_delay
      ip6frag_time net/ipv6/route/: gc_interval gc_min_interval gc_timeout mtu_expires net/mptcp/:
      add_addr_timeout close_timeout`,
  },
  {
    min: -2147483648,
    max: 2147483647,
    names: `
      net/core/: xfrm_acq_expires xfrm_larval_drop net/ipv4/: icmp_ratemask igmp_max_memberships
      igmp_max_msf tcp_base_mss tcp_challenge_ack_limit tcp_fastopen tcp_limit_output_bytes
      tcp_max_tw_buckets tcp_probe_threshold xfrm4_gc_thresh net/ipv4/route/: min_adv_mss net/ipv6/:
      idgen_retries max_dst_opts_length max_dst_opts_number max_hbh_length max_hbh_opts_number
      seg6_flowlabel xfrm6_gc_thresh net/ipv6/route/: gc_elasticity gc_thresh max_size min_adv_mss
      net/unix/: max_dgram_qlen`,
  },
  {
    min: 0,
    max: 1,
    names: `
      net/core/: tstamp_allow_data txrehash net/ipv4/: icmp_echo_enable_probe icmp_echo_ignore_all
      icmp_echo_ignore_broadcasts icmp_errors_use_inbound_ifaddr icmp_ignore_bogus_error_responses
      ip_autobind_reuse ip_forward_update_priority nexthop_compat_mode raw_l3mdev_accept tcp_autocorking
      tcp_backlog_ack_defer tcp_ecn_fallback tcp_l3mdev_accept tcp_migrate_req
      tcp_no_ssthresh_metrics_save tcp_plb_enabled tcp_reflect_tos tcp_shrink_window udp_l3mdev_accept
      net/ipv6/icmp/: error_anycast_as_unicast net/ipv6/route/: skip_notify_on_dev_down net/mptcp/:
      allow_join_initial_addr_port checksum_enabled enabled pm_type`,
  },
  {
    min: 0,
    max: 127,
    names: `
      net/ipv4/: tcp_syn_linear_timeouts`,
  },
  {
    min: 0,
    max: 16777215,
    names: `
      net/ipv6/: ioam6_id`,
  },
  {
    min: 0,
    max: 16777216,
    names: `
      net/ipv4/: tcp_child_ehash_entries tcp_probe_interval`,
  },
  {
    min: 0,
    max: 2,
    names: `
      net/ipv4/: fib_notify_on_flag_change tcp_ecn tcp_ecn_option tcp_tw_reuse net/ipv6/:
      fib_notify_on_flag_change`,
  },
  {
    min: 0,
    max: 2147483647,
    names: `
      net/core/: optmem_max somaxconn net/ipv4/: icmp_msgs_burst icmp_msgs_per_sec ipfrag_max_dist
      tcp_fastopen_blackhole_timeout_sec net/mptcp/: blackhole_timeout`,
  },
  {
    min: 0,
    max: 255,
    names: `
      net/ipv4/: fwmark_reflect igmp_link_local_mcast_reports ip_dynaddr ip_early_demux
      ip_forward_use_pmtu ip_no_pmtu_disc tcp_abort_on_overflow tcp_comp_sack_nr tcp_dsack tcp_early_demux
      tcp_fack tcp_frto tcp_fwmark_accept tcp_keepalive_probes tcp_moderate_rcvbuf tcp_mtu_probing
      tcp_no_metrics_save tcp_orphan_retries tcp_plb_suspend_rto_sec tcp_recovery tcp_retrans_collapse
      tcp_retries1 tcp_retries2 tcp_rfc1337 tcp_sack tcp_slow_start_after_idle tcp_stdurg
      tcp_synack_retries tcp_syncookies tcp_thin_linear_timeouts tcp_timestamps tcp_tso_rtt_log
      tcp_tso_win_divisor tcp_window_scaling tcp_workaround_signed_windows udp_early_demux net/ipv6/:
      anycast_src_echo_reply bindv6only flowlabel_consistency flowlabel_state_ranges fwmark_reflect
      net/ipv6/icmp/: echo_ignore_all echo_ignore_anycast echo_ignore_multicast net/mptcp/:
      syn_retrans_before_tcp_fallback`,
  },
  {
    min: 0,
    max: 1000,
    names: `
      net/ipv4/: tcp_pacing_ca_ratio tcp_pacing_ss_ratio tcp_plb_cong_thresh`,
  },
  {
    min: 0,
    max: 3,
    names: `
      net/ipv4/: fib_multipath_hash_policy tcp_ecn_option_beacon net/ipv6/: auto_flowlabels
      fib_multipath_hash_policy`,
  },
  {
    min: 0,
    max: 31,
    names: `
      net/ipv4/: tcp_app_win tcp_plb_idle_rehash_rounds tcp_plb_rehash_rounds`,
  },
  {
    min: 0,
    max: 32768,
    names: `
      net/ipv4/: ip_unprivileged_port_start`,
  },
  {
    min: 0,
    max: 4,
    names: `
      net/ipv4/: tcp_early_retrans`,
  },
  {
    min: 0,
    max: 4294967295,
    names: `
      net/core/: xfrm_aevent_etime xfrm_aevent_rseqth net/ipv4/: tcp_notsent_lowat net/mptcp/:
      stale_loss_cnt`,
  },
  {
    min: 0,
    max: 2147483647,
    step: 4,
    names: `
      net/ipv4/: icmp_ratelimit tcp_invalid_ratelimit net/ipv6/icmp/: ratelimit net/ipv6/route/:
      gc_min_interval_ms`,
  },
  {
    min: 0,
    max: Number.POSITIVE_INFINITY,
    names: `
      net/ipv4/: tcp_comp_sack_delay_ns tcp_comp_sack_slack_ns`,
  },
  {
    min: 0,
    max: 65536,
    names: `
      net/ipv4/: udp_child_hash_entries`,
  },
  {
    min: 0,
    max: 86400,
    names: `
      net/ipv4/: tcp_min_rtt_wlen`,
  },
  {
    min: 0,
    max: 7,
    names: `
      net/ipv6/: flowlabel_reflect`,
  },
  {
    min: 1,
    max: 127,
    names: `
      net/ipv4/: tcp_syn_retries`,
  },
  {
    min: 1,
    max: 2147483647,
    names: `
      net/ipv4/: igmp_qrv tcp_max_reordering tcp_reordering tcp_rto_min_us udp_rmem_min udp_wmem_min`,
  },
  {
    min: 1,
    max: 255,
    names: `
      net/ipv4/: ip_default_ttl tcp_min_tso_segs tcp_pingpong_thresh`,
  },
  {
    min: 1,
    max: 60000,
    names: `
      net/ipv4/: tcp_tw_reuse_delay`,
  },
  {
    min: 1000,
    max: 120000,
    names: `
      net/ipv4/: tcp_rto_max_ms`,
  },
  {
    min: 48,
    max: 65535,
    names: `
      net/ipv4/: tcp_min_snd_mss tcp_mtu_probe_floor`,
  },
];

/** What settings take, by path: Linux refuses anything else. */
export const SETTING_LIMITS: ReadonlyMap<string, Limits> = new Map(
  RANGES.flatMap(({ names, ...limits }) => {
    let directory = '';
    const found: [string, Limits][] = [];
    for (const word of names.trim().split(/\s+/)) {
      if (word.endsWith(':')) directory = word.slice(0, -1);
      else found.push([directory + word, limits]);
    }
    return found;
  }),
);

/** The thresholds of reassembly bound each other: the low one is never above the high one. */
export function limitThresholds(sysctl: Sysctl): void {
  for (const name of ['net/ipv4/ipfrag', 'net/ipv6/ip6frag', 'net/netfilter/nf_conntrack_frag6']) {
    const low = sysctl.setting(`${name}_low_thresh`);
    const high = sysctl.setting(`${name}_high_thresh`);
    if (!(low instanceof NumberSetting) || !(high instanceof NumberSetting)) continue;
    const any = { min: 0, max: Number.POSITIVE_INFINITY };
    low.limit({ ...any, accepts: (value) => value <= high.number() });
    high.limit({ ...any, accepts: (value) => value >= low.number() });
  }
}
