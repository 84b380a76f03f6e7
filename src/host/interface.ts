import type { Conf4, Conf6 } from './conf.ts';

/** An IPv4 address of an interface. Addresses are signed 32-bit numbers. */
export interface Address4 {
  readonly address: number;
  readonly prefixLength: number;
  /** The other end of a point-to-point address; the address itself if there is none. */
  readonly peer: number;
  /** 0 if none is set. */
  readonly broadcast: number;
  /** Scope of the address: 0 global, 253 link, 254 host. */
  readonly scope: number;
  readonly label: string;
  /** Another address of the same network came before. */
  secondary: boolean;
}

/** An IPv6 address of an interface. */
export interface Address6 {
  /** 16 bytes in network order. */
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
  /** Scope as the kernel prints it: 0 global, 0x20 link, 0x40 site, 0x10 host. */
  readonly scope: number;
  /** Flags as IFA_F_*: 0x80 permanent, 0x02 nodad, 0x20 deprecated, 0x40 tentative. */
  readonly flags: number;
}

/** How an interface is to be made. */
export interface InterfaceDescription {
  readonly name: string;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** 68–65535 bytes; 1500 if left out. */
  readonly mtu?: number;
  /** 0–2³²−1; 0 if left out. */
  readonly group?: number;
  readonly up?: boolean;
}

/** A network interface of the host. */
export class Interface {
  readonly index: number;
  name: string;
  mac: Uint8Array;
  mtu: number;
  /** The IPv6 MTU: at most `mtu`, lowered by router advertisements or its setting. */
  mtu6: number;
  group: number;
  up: boolean;
  readonly loopback: boolean;
  promiscuous = false;
  addresses4: Address4[] = [];
  addresses6: Address6[] = [];
  /** IPv4 multicast groups it listens to. */
  readonly groups4 = new Set<number>();
  /** IPv6 multicast groups it listens to, 16 bytes each. */
  groups6: Uint8Array[] = [];
  readonly conf4: Conf4;
  readonly conf6: Conf6;
  readonly #all4: Conf4;
  readonly #all6: Conf6;

  constructor(
    index: number,
    description: InterfaceDescription,
    loopback: boolean,
    conf4: Conf4,
    all4: Conf4,
    conf6: Conf6,
    all6: Conf6,
  ) {
    this.index = index;
    this.name = description.name;
    this.mac = description.mac;
    this.mtu = description.mtu ?? 1500;
    this.mtu6 = this.mtu;
    this.group = description.group ?? 0;
    this.up = description.up ?? false;
    this.loopback = loopback;
    this.conf4 = conf4;
    this.#all4 = all4;
    this.conf6 = conf6;
    this.#all6 = all6;
  }

  // How `all` and the interface's own value make one: include/linux/inetdevice.h IN_DEV_ANDCONF, ORCONF, MAXCONF.
  get forwarding4(): boolean {
    return this.conf4.forwarding !== 0;
  }
  get rpFilter(): number {
    return Math.max(this.#all4.rp_filter, this.conf4.rp_filter);
  }
  get acceptSourceRoute(): boolean {
    return this.#all4.accept_source_route !== 0 && this.conf4.accept_source_route !== 0;
  }
  get acceptLocal(): boolean {
    return (this.#all4.accept_local | this.conf4.accept_local) !== 0;
  }
  get routeLocalnet(): boolean {
    return (this.#all4.route_localnet | this.conf4.route_localnet) !== 0;
  }
  get srcValidMark(): boolean {
    return (this.#all4.src_valid_mark | this.conf4.src_valid_mark) !== 0;
  }
  get logMartians(): boolean {
    return (this.#all4.log_martians | this.conf4.log_martians) !== 0;
  }
  get sharedMedia(): boolean {
    return (this.#all4.shared_media | this.conf4.shared_media) !== 0;
  }
  get sendRedirects(): boolean {
    return (this.#all4.send_redirects | this.conf4.send_redirects) !== 0;
  }
  get secureRedirects(): boolean {
    return (this.#all4.secure_redirects | this.conf4.secure_redirects) !== 0;
  }
  get acceptRedirects(): boolean {
    const all = this.#all4.accept_redirects !== 0;
    const own = this.conf4.accept_redirects !== 0;
    return this.forwarding4 ? all && own : all || own;
  }
  get proxyArp(): boolean {
    return (this.#all4.proxy_arp | this.conf4.proxy_arp) !== 0;
  }
  get arpFilter(): boolean {
    return (this.#all4.arp_filter | this.conf4.arp_filter) !== 0;
  }
  get arpIgnore(): number {
    return Math.max(this.#all4.arp_ignore, this.conf4.arp_ignore);
  }
  get arpAnnounce(): number {
    return Math.max(this.#all4.arp_announce, this.conf4.arp_announce);
  }
  get arpAccept(): number {
    return Math.max(this.#all4.arp_accept, this.conf4.arp_accept);
  }
  get bcForwarding(): boolean {
    return this.#all4.bc_forwarding !== 0 && this.conf4.bc_forwarding !== 0;
  }
  get dropsUnicastInMulticast4(): boolean {
    return (this.#all4.drop_unicast_in_l2_multicast | this.conf4.drop_unicast_in_l2_multicast) !== 0;
  }
  get promoteSecondaries(): boolean {
    return (this.#all4.promote_secondaries | this.conf4.promote_secondaries) !== 0;
  }
  get disabled6(): boolean {
    return this.conf6.disable_ipv6 !== 0;
  }
  get forwarding6(): boolean {
    return this.conf6.forwarding !== 0;
  }
  get proxyNdp(): boolean {
    return (this.#all6.proxy_ndp | this.conf6.proxy_ndp) !== 0;
  }
}
