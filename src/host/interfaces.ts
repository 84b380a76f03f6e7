import type { Family } from '../netfilter/constants.ts';
import type { Interfaces } from '../netfilter/services.ts';
import { sameBytes } from '../wire/bytes.ts';
import { CONF4, CONF6, ConfTree, NEIGHBOUR_CONF, type NeighbourConf } from './conf.ts';
import { groupsOf6 } from './groups6.ts';
import type { Host } from './host.ts';
import { type Address4, type Address6, Interface, type InterfaceDescription } from './interface.ts';
import { NumberSetting, type Setting } from './sysctl.ts';

/** How far the scopes of IPv6 addresses reach. */
const REACH = new Map([
  [0, 14],
  [0x40, 5],
  [0x20, 2],
  [0x10, 1],
]);
/** 224.0.0.1 */
const ALL_HOSTS = (224 << 24) | 1;
/** Longest name of an interface, IFNAMSIZ − 1. */
const LONGEST_NAME = 15;

/** The interfaces of a host, by index and by name. Index 1 is `lo`. */
export class InterfaceTable implements Interfaces {
  readonly conf4: ConfTree<typeof CONF4>;
  readonly conf6: ConfTree<typeof CONF6>;
  readonly #neighbours: readonly ConfTree<typeof NEIGHBOUR_CONF>[];
  /** For each family the settings of neighbours, by the interface's index. */
  readonly #neighbourConf: readonly NeighbourConf[][] = [[], []];
  readonly #host: Host;
  readonly #byIndex: (Interface | undefined)[] = [undefined];
  readonly #byName = new Map<string, Interface>();
  // Made anew when it changes: look-ups ask for it with every packet.
  #list: readonly Interface[] = [];
  #generation = 1;

  constructor(host: Host) {
    this.#host = host;
    this.conf4 = new ConfTree(host.sysctl, 'net/ipv4/conf', CONF4);
    this.conf6 = new ConfTree(host.sysctl, 'net/ipv6/conf', CONF6);
    // Where the kernel begins otherwise for `default` or `all`.
    this.conf4.default.accept_source_route = 1;
    this.conf6.all.accept_dad = 0;
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

  /** Settings of the neighbours on an interface; the default's if it is gone. */
  neighbourConf(family: Family, index: number): NeighbourConf {
    const which = family === 4 ? 0 : 1;
    return this.#neighbourConf[which]![index] ?? this.#neighbours[which]!.default;
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
    return this.#list;
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
    this.#neighbours.forEach((tree, family) => {
      this.#neighbourConf[family]![device.index] = tree.add(name);
    });
    this.#byIndex.push(device);
    this.#list = [...this.#list, device];
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
    this.#list = this.#list.filter((other) => other !== device);
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
      this.#host.nat.deviceDown(device.index);
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
    this.#addressGone4(device, address);
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
      this.#addressGone4(device, other);
    }
  }

  /** NAT compares with the other end's address, where there is one (nf_nat_masquerade.c inet_cmp). */
  #addressGone4(device: Interface, { peer }: Address4): void {
    const bytes = Uint8Array.of(peer >>> 24, (peer >>> 16) & 255, (peer >>> 8) & 255, peer & 255);
    this.#host.nat.addressGone(device.index, 4, bytes);
  }

  /** Adds an IPv6 address; false if it exists. Duplicate address detection is not done. */
  addAddress6(
    device: Interface,
    given: { bytes: Uint8Array; prefixLength: number; flags?: number },
  ): boolean {
    if (device.addresses6.some((other) => sameBytes(other.bytes, 0, given.bytes, 0, 16))) return false;
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
    this.#host.nat.addressGone(device.index, 6, address.bytes);
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

  /** Listens to the groups that the interface's addresses ask for. */
  #joinGroups6(device: Interface): void {
    device.groups6 = device.up && !device.disabled6 ? groupsOf6(device.addresses6, device.forwarding6) : [];
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

/** Scope of an address as the kernel prints it (ipv6_addr_scope, rt_scope). */
function scopeOf(bytes: Uint8Array): number {
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80) return 0x20;
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0xc0) return 0x40;
  for (let i = 0; i < 15; i++) if (bytes[i] !== 0) return 0;
  return bytes[15] === 1 ? 0x10 : 0;
}
