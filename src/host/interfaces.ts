import type { Interfaces } from '../netfilter/services.ts';
import { CONF4, CONF6, type Conf4, type Conf6, ConfTree, NEIGHBOUR_CONF } from './conf.ts';
import type { Host } from './host.ts';
import { network6 } from './routing/fib6.ts';
import { NumberSetting, type Setting } from './sysctl.ts';

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

/** How far the scopes of IPv6 addresses reach. */
const REACH = new Map([
  [0, 14],
  [0x40, 5],
  [0x20, 2],
  [0x10, 1],
]);
const ALL_NODES = group6('ff020000000000000000000000000001');
const ALL_NODES_INTERFACE = group6('ff010000000000000000000000000001');
const ALL_ROUTERS = [
  'ff010000000000000000000000000002',
  'ff020000000000000000000000000002',
  'ff050000000000000000000000000002',
].map(group6);
/** 224.0.0.1 */
const ALL_HOSTS = (224 << 24) | 1;
/** Longest name of an interface, IFNAMSIZ − 1. */
const LONGEST_NAME = 15;

/** The interfaces of a host, by index and by name. Index 1 is `lo`. */
export class InterfaceTable implements Interfaces {
  readonly conf4: ConfTree<typeof CONF4>;
  readonly conf6: ConfTree<typeof CONF6>;
  readonly #neighbours: readonly ConfTree<typeof NEIGHBOUR_CONF>[];
  readonly #host: Host;
  readonly #byIndex: (Interface | undefined)[] = [undefined];
  readonly #byName = new Map<string, Interface>();
  #generation = 1;

  constructor(host: Host) {
    this.#host = host;
    this.conf4 = new ConfTree(host.sysctl, 'net/ipv4/conf', CONF4);
    this.conf6 = new ConfTree(host.sysctl, 'net/ipv6/conf', CONF6);
    this.#neighbours = ['net/ipv4/neigh', 'net/ipv6/neigh'].map(
      (root) => new ConfTree(host.sysctl, root, NEIGHBOUR_CONF, false),
    );
    host.sysctl.define('net/ipv4/ip_forward', this.#ipForward());
    this.conf6.onChange = (name, where) => {
      if (name === 'forwarding') for (const device of this.list()) this.#joinGroups6(device);
      if (name === 'disable_ipv6') {
        for (const device of this.list()) {
          if (where === 'all' || where === device.name) this.#ipv6Switched(device);
        }
      }
    };
  }

  /** Grows with every interface that is added, removed or renamed. */
  get generation(): number {
    return this.#generation;
  }

  nameOf(index: number): string {
    return this.#byIndex[index]?.name ?? '';
  }

  groupOf(index: number): number {
    return this.#byIndex[index]?.group ?? 0;
  }

  byIndex(index: number): Interface | undefined {
    return this.#byIndex[index];
  }

  get(name: string): Interface | undefined {
    return this.#byName.get(name);
  }

  /** @throws {RangeError} if there is no interface of this name. */
  require(name: string): Interface {
    const found = this.#byName.get(name);
    if (!found) {
      throw new RangeError(
        `there is no interface '${name}'; there are: ${[...this.#byName.keys()].join(', ')}`,
      );
    }
    return found;
  }

  /** All of them, by index. */
  list(): readonly Interface[] {
    return this.#byIndex.filter((device) => device !== undefined);
  }

  /** @throws {RangeError} for a name, MAC or MTU that Linux would refuse, or a name that is taken. */
  add(description: InterfaceDescription): Interface {
    return this.#add(description, false);
  }

  addLoopback(): Interface {
    const lo = this.#add({ name: 'lo', mac: new Uint8Array(6), mtu: 65536 }, true);
    this.setUp(lo, true);
    return lo;
  }

  #add(description: InterfaceDescription, loopback: boolean): Interface {
    const { name, mac, mtu = 1500 } = description;
    checkName(name);
    if (this.#byName.has(name)) throw new RangeError(`interface '${name}' exists already`);
    if (mac.length !== 6)
      throw new RangeError(`interface '${name}': a MAC address has 6 bytes, not ${mac.length}`);
    if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65536) {
      throw new RangeError(`interface '${name}': MTU ${mtu} must be 68 to 65535`);
    }
    const device = new Interface(
      this.#byIndex.length,
      { ...description, up: false },
      loopback,
      this.conf4.add(name),
      this.conf4.all,
      this.conf6.add(name),
      this.conf6.all,
    );
    for (const tree of this.#neighbours) tree.add(name);
    this.#byIndex.push(device);
    this.#byName.set(name, device);
    this.#generation++;
    if (description.up) this.setUp(device, true);
    return device;
  }

  remove(device: Interface): void {
    this.setUp(device, false);
    for (const address of [...device.addresses4]) this.#host.routing4.addressRemoved(device, address);
    for (const address of [...device.addresses6]) this.#host.routing6.addressRemoved(device, address);
    this.#byIndex[device.index] = undefined;
    this.#byName.delete(device.name);
    this.conf4.remove(device.name);
    this.conf6.remove(device.name);
    for (const tree of this.#neighbours) tree.remove(device.name);
    this.#generation++;
  }

  rename(device: Interface, name: string): void {
    checkName(name);
    if (this.#byName.has(name)) throw new RangeError(`interface '${name}' exists already`);
    this.#byName.delete(device.name);
    device.name = name;
    this.#byName.set(name, device);
    this.#generation++;
  }

  /** `ip link set NAME up|down`: routes of an interface that goes down are gone (fib_disable_ip, addrconf_ifdown). */
  setUp(device: Interface, up: boolean): void {
    if (device.up === up) return;
    device.up = up;
    const { routing4, routing6, neighbours } = this.#host;
    if (up) {
      device.groups4.add(ALL_HOSTS);
      if (device.loopback) this.addLoopbackAddresses(device);
      routing4.deviceUp(device);
      if (!device.disabled6) this.#ipv6Switched(device);
    } else {
      routing4.deviceDown(device);
      routing6.deviceDown(device);
      neighbours.flushDevice(device.index);
    }
    this.#joinGroups6(device);
  }

  private addLoopbackAddresses(lo: Interface): void {
    if (!lo.addresses4.some(({ address }) => address === (127 << 24) + 1)) {
      this.addAddress4(lo, { address: (127 << 24) | 1 | 0, prefixLength: 8, scope: 254, label: 'lo' });
    }
  }

  /** Adds an address (inet_insert_ifa); false if it exists. */
  addAddress4(
    device: Interface,
    given: { address: number; prefixLength: number } & Partial<
      Omit<Address4, 'address' | 'prefixLength' | 'secondary'>
    >,
  ): boolean {
    const { address, prefixLength } = given;
    const mask = prefixLength === 0 ? 0 : (-1 << (32 - prefixLength)) | 0;
    const same = device.addresses4.filter(
      (other) => other.prefixLength === prefixLength && ((other.peer ^ (given.peer ?? address)) & mask) === 0,
    );
    if (same.some((other) => other.address === address)) return false;
    const added: Address4 = {
      address,
      prefixLength,
      peer: given.peer ?? address,
      broadcast: given.broadcast ?? 0,
      scope: given.scope ?? 0,
      label: given.label ?? device.name,
      secondary: same.some((other) => !other.secondary),
    };
    // Secondary addresses stand behind all primary ones (__inet_insert_ifa).
    const at = added.secondary ? -1 : device.addresses4.findIndex((other) => other.secondary);
    device.addresses4.splice(at < 0 ? device.addresses4.length : at, 0, added);
    this.#host.routing4.addressAdded(device, added);
    return true;
  }

  /** Removes an address; secondary ones of its network go with it unless promote_secondaries is set (__inet_del_ifa). */
  removeAddress4(device: Interface, address: Address4): void {
    const { routing4 } = this.#host;
    const mask = address.prefixLength === 0 ? 0 : (-1 << (32 - address.prefixLength)) | 0;
    const secondaries = address.secondary
      ? []
      : device.addresses4.filter(
          (other) =>
            other.secondary &&
            other.prefixLength === address.prefixLength &&
            ((other.peer ^ address.peer) & mask) === 0,
        );
    device.addresses4 = device.addresses4.filter((other) => other !== address);
    routing4.addressRemoved(device, address);
    if (device.promoteSecondaries) {
      const [first] = secondaries;
      if (first) {
        routing4.addressRemoved(device, first);
        first.secondary = false;
        routing4.addressAdded(device, first);
      }
      return;
    }
    for (const other of secondaries) {
      device.addresses4 = device.addresses4.filter((kept) => kept !== other);
      routing4.addressRemoved(device, other);
    }
  }

  /** Adds an IPv6 address; false if it exists. Duplicate address detection is not done. */
  addAddress6(
    device: Interface,
    given: { bytes: Uint8Array; prefixLength: number; flags?: number },
  ): boolean {
    if (device.addresses6.some((other) => sameBytes(other.bytes, given.bytes))) return false;
    const added: Address6 = {
      bytes: given.bytes.slice(),
      prefixLength: given.prefixLength,
      scope: scopeOf(given.bytes),
      flags: given.flags ?? 0x80,
    };
    // By scope, the farthest first; of one scope the newest first (ipv6_link_dev_addr).
    const rank = REACH.get(added.scope) ?? 0;
    const at = device.addresses6.findIndex((other) => rank >= (REACH.get(other.scope) ?? 0));
    device.addresses6.splice(at < 0 ? device.addresses6.length : at, 0, added);
    this.#host.routing6.addressAdded(device, added);
    this.#joinGroups6(device);
    return true;
  }

  removeAddress6(device: Interface, address: Address6): void {
    device.addresses6 = device.addresses6.filter((other) => other !== address);
    this.#host.routing6.addressRemoved(device, address);
    this.#joinGroups6(device);
  }

  /** IPv6 was switched on or off on an interface, or the interface came up with it (addrconf_notify). */
  #ipv6Switched(device: Interface): void {
    const { routing6 } = this.#host;
    if (device.disabled6 || !device.up) {
      for (const address of [...device.addresses6]) this.removeAddress6(device, address);
      routing6.deviceDown(device);
      return;
    }
    routing6.deviceUp(device);
    if (device.loopback) {
      const one = new Uint8Array(16);
      one[15] = 1;
      this.addAddress6(device, { bytes: one, prefixLength: 128 });
    }
    this.#joinGroups6(device);
  }

  /** The groups that IPv6 joins by itself: all nodes, all routers when it forwards, one for each address. */
  #joinGroups6(device: Interface): void {
    if (!device.up || device.disabled6) {
      device.groups6 = [];
      return;
    }
    const groups = [ALL_NODES_INTERFACE, ALL_NODES];
    if (device.forwarding6) groups.push(...ALL_ROUTERS);
    const join = (address: Uint8Array): void => {
      const group = solicitedNode(address);
      if (!groups.some((other) => sameBytes(other, group))) groups.push(group);
    };
    for (const { bytes, prefixLength } of device.addresses6) {
      join(bytes);
      // A router has the anycast address of its subnets, too (addrconf_join_anycast).
      if (device.forwarding6 && prefixLength < 127) join(network6(bytes, prefixLength));
    }
    device.groups6 = groups;
  }

  /** `net.ipv4.ip_forward`: sets `all`, the default and every interface (net/ipv4/devinet.c inet_forward_change). */
  #ipForward(): Setting {
    return {
      read: () => String(this.conf4.all.forwarding),
      number: () => this.conf4.all.forwarding,
      write: (text) => {
        const probe = new NumberSetting(0);
        const error = probe.write(text);
        if (error) return error;
        if (probe.value !== this.conf4.all.forwarding) this.conf4.set('all', 'forwarding', probe.value);
        return undefined;
      },
    };
  }
}

/** dev_valid_name */
function checkName(name: string): void {
  if (name === '' || name.length > LONGEST_NAME || name === '.' || name === '..' || /[\s/:]/.test(name)) {
    throw new RangeError(
      `'${name}' is no name of an interface: 1 to ${LONGEST_NAME} characters without '/', ':' or blanks`,
    );
  }
}

function group6(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** ff02::1:ffXX:XXXX (RFC 4291 section 2.7.1). */
export function solicitedNode(address: Uint8Array): Uint8Array {
  const group = group6('ff0200000000000000000001ff000000');
  group.set(address.subarray(13, 16), 13);
  return group;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Scope of an address as the kernel prints it (ipv6_addr_scope, rt_scope). */
function scopeOf(bytes: Uint8Array): number {
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80) return 0x20;
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0xc0) return 0x40;
  for (let i = 0; i < 15; i++) if (bytes[i] !== 0) return 0;
  return bytes[15] === 1 ? 0x10 : 0;
}
