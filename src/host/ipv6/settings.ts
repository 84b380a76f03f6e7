import type { Conf6 } from '../conf.ts';
import type { Host } from '../host.ts';
import type { Setting } from '../sysctl.ts';

/** Linux's defaults of the settings below net/ipv6 that the path reads, for those that no one has defined yet. */
const DEFAULTS = {
  anycast_src_echo_reply: 0,
  auto_flowlabels: 1,
  flowlabel_reflect: 0,
  flowlabel_state_ranges: 0,
  fwmark_reflect: 0,
  'icmp/echo_ignore_all': 0,
  'icmp/echo_ignore_anycast': 0,
  'icmp/echo_ignore_multicast': 0,
  'icmp/error_anycast_as_unicast': 0,
  'icmp/ratelimit': 100,
  ip6frag_high_thresh: 4194304,
  ip6frag_time: 60,
  max_dst_opts_length: 0x7fffffff,
  max_dst_opts_number: 8,
  max_hbh_length: 0x7fffffff,
  max_hbh_opts_number: 8,
} as const;

/** A device's hop limit where there is no device any more. */
const DEFAULT_HOPS = 64;
/** Microseconds of the unit (USER_HZ) of `proxy_delay`. */
const HUNDREDTH = 10_000;
const DEFAULT_PROXY_DELAY = 80;

/** What the path asks of the settings, with the kernel's rules of how `all` and an interface's own value make one. */
export class Settings6 {
  readonly #host: Host;
  /** The numbers below net/ipv6, read without looking a name up for each packet. */
  readonly net: { readonly [Name in keyof typeof DEFAULTS]: number };

  constructor(host: Host) {
    this.#host = host;
    const { sysctl } = host;
    const net = {};
    for (const [name, value] of Object.entries(DEFAULTS)) {
      const path = `net/ipv6/${name}`;
      const setting: Setting = sysctl.setting(path) ?? sysctl.defineNumber(path, value);
      Object.defineProperty(net, name, { enumerable: true, get: () => setting.number() });
    }
    this.net = net as { readonly [Name in keyof typeof DEFAULTS]: number };
  }

  #of(device: number): Conf6 | undefined {
    return this.#host.interfaces.byIndex(device)?.conf6;
  }

  get #all(): Conf6 {
    return this.#host.interfaces.conf6.all;
  }

  /** IPv6 is switched off on an interface, or the interface is gone. */
  disabled(device: number): boolean {
    return this.#of(device)?.disable_ipv6 !== 0;
  }

  /** Packets that came by this interface may be forwarded: it is on for all, or forced for this one. */
  forwards(device: number): boolean {
    return this.#all.forwarding !== 0 || (this.#of(device)?.force_forwarding ?? 0) !== 0;
  }

  /** This interface behaves as a router's: it answers solicitations for routers, and says so in advertisements. */
  isRouter(device: number): boolean {
    return (this.#of(device)?.forwarding ?? 0) !== 0;
  }

  hopLimit(device: number): number {
    return this.#of(device)?.hop_limit ?? DEFAULT_HOPS;
  }

  dropsUnicastInMulticast(device: number): boolean {
    return this.#of(device)?.drop_unicast_in_l2_multicast !== 0;
  }

  /** Somewhere the host may answer for other hosts' addresses; only `all` counts for forwarding. */
  proxiesAnywhere(): boolean {
    return this.#all.proxy_ndp !== 0;
  }

  proxiesOn(device: number): boolean {
    return this.#all.proxy_ndp !== 0 || (this.#of(device)?.proxy_ndp ?? 0) !== 0;
  }

  /** Longest time that an answer for another host waits, in microseconds. */
  proxyDelay(device: number): number {
    const { interfaces, sysctl } = this.#host;
    const own = sysctl.setting(`net/ipv6/neigh/${interfaces.nameOf(device)}/proxy_delay`);
    const setting = own ?? sysctl.setting('net/ipv6/neigh/default/proxy_delay');
    return (setting?.number() ?? DEFAULT_PROXY_DELAY) * HUNDREDTH;
  }

  suppressesFragmentedDiscovery(device: number): boolean {
    return this.#of(device)?.suppress_frag_ndisc !== 0;
  }

  dropsUnsolicited(device: number): boolean {
    return (this.#of(device)?.drop_unsolicited_na ?? 0) !== 0;
  }

  /** 0: advertisements of unknown neighbours are ignored; 1: taken; 2: taken from senders of the interface's subnets. */
  acceptsUntracked(device: number): number {
    return this.#of(device)?.accept_untracked_na ?? 0;
  }

  acceptsRedirects(device: number): boolean {
    const conf = this.#of(device);
    return conf !== undefined && conf.forwarding === 0 && conf.accept_redirects !== 0;
  }

  addsLinkLayerAddress(device: number): boolean {
    return (this.#of(device)?.force_tllao ?? 0) !== 0;
  }

  discoveryTrafficClass(device: number): number {
    return (this.#of(device)?.ndisc_tclass ?? 0) & 0xff;
  }

  segmentRouting(device: number): boolean {
    return this.#all.seg6_enabled !== 0 && (this.#of(device)?.seg6_enabled ?? 0) !== 0;
  }

  /** Below 0: signatures are ignored; 0: those that are there are checked; above: every packet must have one. */
  requiresSignature(device: number): number {
    return this.#of(device)?.seg6_require_hmac ?? 0;
  }
}
