import { ListSetting, NumberSetting, type Setting, type Sysctl, TextSetting } from './sysctl.ts';

/**
 * Settings of Linux 6.18 that nothing on the way of a packet through this host reads, or that count only once they are
 * changed: they are there, hold what is written to them, and begin with Linux's values. `!` stands behind a name that can
 * only be read, `,` between the numbers of a list, `+` between words.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  'net/bridge': `
    bridge-nf-call-arptables=1 bridge-nf-call-ip6tables=1 bridge-nf-call-iptables=1
    bridge-nf-filter-pppoe-tagged=0 bridge-nf-filter-vlan-tagged=0 bridge-nf-pass-vlan-input-dev=0`,
  'net/core': `
    optmem_max=131072 rmem_default!=212992 rmem_max!=4194304 rps_default_mask=0 somaxconn=4096
    tstamp_allow_data=1 txrehash=1 wmem_default!=212992 wmem_max!=4194304 xfrm_acq_expires=30
    xfrm_aevent_etime=10 xfrm_aevent_rseqth=2 xfrm_larval_drop=1`,
  'net/ipv4': `
    fib_multipath_hash_policy=0 fib_notify_on_flag_change=0 igmp_link_local_mcast_reports=1
    igmp_max_memberships=20 igmp_max_msf=10 igmp_qrv=2 ip_autobind_reuse=0 ip_dynaddr=0 ip_early_demux=1
    ip_forward_update_priority=1 ip_local_reserved_ports= ip_unprivileged_port_start=1024
    ipfrag_low_thresh=3145728 nexthop_compat_mode=1 ping_group_range=1,0 raw_l3mdev_accept=1
    tcp_abort_on_overflow=0 tcp_adv_win_scale=1 tcp_allowed_congestion_control!=reno+bbr tcp_app_win=31
    tcp_autocorking=1 tcp_available_congestion_control!=reno+bbr+cubic tcp_backlog_ack_defer=1
    tcp_base_mss=1024 tcp_challenge_ack_limit=2147483647 tcp_child_ehash_entries=0
    tcp_comp_sack_delay_ns=1000000 tcp_comp_sack_nr=44 tcp_comp_sack_slack_ns=100000
    tcp_congestion_control=bbr tcp_dsack=1 tcp_early_demux=1 tcp_early_retrans=3 tcp_ecn_fallback=1
    tcp_ecn_option=2 tcp_ecn_option_beacon=3 tcp_ehash_entries!=-262144 tcp_fack=0 tcp_fastopen=1
    tcp_fastopen_blackhole_timeout_sec=0 tcp_fin_timeout=60 tcp_frto=2 tcp_fwmark_accept=0
    tcp_invalid_ratelimit=500 tcp_keepalive_intvl=75 tcp_keepalive_probes=9 tcp_keepalive_time=7200
    tcp_l3mdev_accept=0 tcp_limit_output_bytes=4194304 tcp_max_reordering=300 tcp_max_tw_buckets=131072
    tcp_migrate_req=0 tcp_min_rtt_wlen=300 tcp_min_snd_mss=48 tcp_min_tso_segs=2 tcp_moderate_rcvbuf=1
    tcp_mtu_probe_floor=48 tcp_mtu_probing=0 tcp_no_metrics_save=0 tcp_no_ssthresh_metrics_save=1
    tcp_notsent_lowat=4294967295 tcp_orphan_retries=0 tcp_pacing_ca_ratio=120 tcp_pacing_ss_ratio=200
    tcp_pingpong_thresh=1 tcp_plb_cong_thresh=128 tcp_plb_enabled=0 tcp_plb_idle_rehash_rounds=3
    tcp_plb_rehash_rounds=12 tcp_plb_suspend_rto_sec=60 tcp_probe_interval=600 tcp_probe_threshold=8
    tcp_recovery=1 tcp_reordering=3 tcp_retrans_collapse=1 tcp_retries1=3 tcp_retries2=15 tcp_rfc1337=0
    tcp_rmem=4096,131072,33554432 tcp_rto_max_ms=120000 tcp_rto_min_us=200000 tcp_shrink_window=0
    tcp_slow_start_after_idle=1 tcp_stdurg=0 tcp_syn_linear_timeouts=4 tcp_syn_retries=6 tcp_syncookies=1
    tcp_thin_linear_timeouts=0 tcp_tso_rtt_log=9 tcp_tso_win_divisor=3 tcp_tw_reuse=2
    tcp_tw_reuse_delay=1000 tcp_wmem=4096,16384,4194304 tcp_workaround_signed_windows=0
    udp_child_hash_entries=0 udp_early_demux=1 udp_hash_entries!=-16384 udp_l3mdev_accept=0
    udp_rmem_min=4096 udp_wmem_min=4096 xfrm4_gc_thresh=32768`,
  'net/ipv4/route': `
    min_adv_mss=256`,
  'net/ipv6': `
    bindv6only=0 fib_multipath_hash_policy=0 fib_notify_on_flag_change=0 flowlabel_consistency=1
    idgen_delay=1 idgen_retries=3 ioam6_id=16777215 ip6frag_low_thresh=3145728 seg6_flowlabel=0
    xfrm6_gc_thresh=32768`,
  'net/ipv6/route': `
    gc_elasticity=9 gc_interval=30 gc_min_interval=0 gc_min_interval_ms=500 gc_thresh=1024 gc_timeout=60
    max_size=2147483647 min_adv_mss=1220 mtu_expires=600 skip_notify_on_dev_down=0`,
  'net/mptcp': `
    add_addr_timeout=120 allow_join_initial_addr_port=1 available_path_managers!=kernel+userspace
    available_schedulers!=default blackhole_timeout=3600 checksum_enabled=0 close_timeout=60 enabled=1
    path_manager=kernel pm_type=0 scheduler=default stale_loss_cnt=4 syn_retrans_before_tcp_fallback=2`,
  'net/netfilter': `
    nf_hooks_lwtunnel=0`,
  'net/unix': `
    max_dgram_qlen=10`,
};

/** By directory and name. */
const DIRECTORIES: ReadonlyMap<string, ReadonlyMap<string, Declared>> = new Map(
  Object.entries(SETTINGS).map(([directory, text]) => {
    const words = text.trim().split(/\s+/);
    const settings = words.map((word): [string, Declared] => {
      const [name, value] = word.split('=') as [string, string];
      return [name.replace('!', ''), { value, readOnly: name.endsWith('!') }];
    });
    return [directory, new Map(settings)];
  }),
);

interface Declared {
  readonly value: string;
  readonly readOnly: boolean;
}

/** Adds them to a host's settings; those that a part of the host has defined itself stay. */
export function defineUnreadSettings(sysctl: Sysctl): void {
  for (const [path, settings] of DIRECTORIES) {
    sysctl.defineDirectory(path, {
      names: () => settings.keys(),
      make(name) {
        const declared = settings.get(name);
        return declared && settingOf(declared);
      },
    });
  }
}

function settingOf({ value, readOnly }: Declared): Setting {
  if (/^-?\d+$/.test(value)) return new NumberSetting(Number(value), { readOnly, max: 0xffffffff });
  const setting = value.includes(',')
    ? new ListSetting(value.split(',').map(Number))
    : new TextSetting(value.replaceAll('+', ' '));
  if (readOnly) setting.write = () => 'EACCES';
  return setting;
}
