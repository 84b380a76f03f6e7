import { FingerprintProblem, readFingerprints } from '../xtables/osf/pf-os.ts';
import {
  type FieldPath,
  FieldProblem,
  readInteger,
  readList,
  readMap,
  readObject,
  readText,
  requireText,
  shown,
} from './fields.ts';
import { BadValue } from './packet-language/problem.ts';
import { readIpv4, readIpv6 } from './packet-language/values.ts';

/** An Ethernet interface of a described host. */
export interface InterfaceDescription {
  readonly name: string;
  /** `02:00:00:00:00:01`. */
  readonly mac: string;
  readonly mtu: number;
  readonly group: number;
  /** False: it is down. */
  readonly up?: false;
  /** `192.0.2.1/24`, `2001:db8::1/64`; as the scenario writes them. */
  readonly addresses: readonly string[];
}

/** A neighbour that never changes. */
export interface NeighborDescription {
  readonly dev: string;
  readonly ip: string;
  readonly mac: string;
}

/** A socket that is bound, reads and discards. */
export interface SocketDescription {
  readonly proto: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  readonly transparent: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Control group of its process, and its class in net_cls. */
  readonly cgroup: string;
  readonly classId: number;
}

/** A Linux host as a scenario describes it (conformance/FORMAT.md, "Scenario", `host`). */
export interface HostDescription {
  readonly interfaces: readonly InterfaceDescription[];
  readonly neighbors: readonly NeighborDescription[];
  /** Arguments of `ip route add`; those that begin with `-6 ` are for IPv6. */
  readonly routes: readonly string[];
  /** Arguments of `ip rule add`, likewise. */
  readonly rules: readonly string[];
  /** Values by name, in the order in which they are written. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly sockets: readonly SocketDescription[];
  /** Text of `ipset restore`, `iptables-restore`, `ip6tables-restore`; '' for none. */
  readonly ipset: string;
  readonly iptables: string;
  readonly ip6tables: string;
  /**
   * Texts of /etc/passwd, group, hosts, services, protocols and xtables/connlabel.conf; undefined: as a fresh machine has
   * them.
   */
  readonly users?: string;
  readonly groups?: string;
  readonly hosts?: string;
  readonly services?: string;
  readonly protocols?: string;
  readonly connlabels?: string;
  /** Paths of control groups, for the match `cgroup`; those above them are there as well. */
  readonly cgroups: readonly string[];
  /** Number of the CPU that handles packets, from 0. */
  readonly cpu: number;
  /** Fingerprints for the match `osf` in the format of `pf.os`; '' for none. */
  readonly fingerprints: string;
}

const NAME_FILES = ['users', 'groups', 'hosts', 'services', 'protocols', 'connlabels'] as const;
const FIELDS = [
  'interfaces',
  'neighbors',
  'routes',
  'rules',
  'sysctls',
  'sockets',
  'ipset',
  'iptables',
  'ip6tables',
  'cgroups',
  'cpu',
  'fingerprints',
  ...NAME_FILES,
];
const MAX_INTERFACES = 4096;

/**
 * Reads the plain value of a YAML or JSON document.
 * @throws {FieldProblem} on anything that is not as FORMAT.md says; `path` names the field.
 */
export function readHostDescription(value: unknown, path: FieldPath = []): HostDescription {
  const fields = readObject(value, path, 'a host', FIELDS);
  const interfaces = readList(fields.interfaces, [...path, 'interfaces'], readInterface);
  if (interfaces.length > MAX_INTERFACES)
    throw new FieldProblem(
      [...path, 'interfaces'],
      `too many interfaces: ${interfaces.length} of at most ${MAX_INTERFACES}`,
    );
  const names = new Set<string>();
  for (const [index, { name }] of interfaces.entries()) {
    if (names.has(name))
      throw new FieldProblem([...path, 'interfaces', index, 'name'], `there are two interfaces '${name}'`);
    names.add(name);
  }
  const text = (key: string) => readText(fields[key], [...path, key]);
  const argumentsOf = (key: string, example: string) =>
    readList(fields[key], [...path, key], (entry, at) => readArguments(entry, at, example));
  const nameFiles: { [K in (typeof NAME_FILES)[number]]?: string } = {};
  for (const key of NAME_FILES) {
    if (fields[key] === undefined) continue;
    nameFiles[key] = text(key);
    checkNameFile(key, text(key), [...path, key]);
  }
  return {
    interfaces,
    neighbors: readList(fields.neighbors, [...path, 'neighbors'], (entry, at) =>
      readNeighbor(entry, at, names),
    ),
    routes: argumentsOf('routes', 'default via 203.0.113.254 dev wan0'),
    rules: argumentsOf('rules', 'fwmark 1 table 100'),
    sysctls: readSysctls(fields.sysctls, [...path, 'sysctls']),
    sockets: readList(fields.sockets, [...path, 'sockets'], readSocket),
    ipset: text('ipset'),
    iptables: text('iptables'),
    ip6tables: text('ip6tables'),
    cgroups: readList(fields.cgroups, [...path, 'cgroups'], (entry, at) =>
      requireText(entry, at, '/system.slice'),
    ),
    cpu: fields.cpu === undefined ? 0 : readInteger(fields.cpu, [...path, 'cpu'], 0, 8191),
    fingerprints: checkFingerprints(text('fingerprints'), [...path, 'fingerprints']),
    ...nameFiles,
  };
}

/** IPv6 is on only on hosts that show that they use it (FORMAT.md, "Base settings"). */
export function usesIpv6(host: HostDescription): boolean {
  return host.ip6tables !== '' || host.interfaces.some((i) => i.addresses.some((text) => text.includes(':')));
}

function readInterface(value: unknown, path: FieldPath): InterfaceDescription {
  const fields = readObject(value, path, 'an interface', ['name', 'mac', 'mtu', 'group', 'up', 'addresses']);
  const place = Number(path.at(-1)) + 1;
  const name = requireText(fields.name, [...path, 'name'], 'eth0');
  // net/core/dev.c dev_valid_name; IFNAMSIZ is 16 with the final zero.
  if (name.length > 15 || /[\s/:]/.test(name) || name === '.' || name === '..')
    throw new FieldProblem(
      [...path, 'name'],
      `'${name}' is no interface name: at most 15 characters, no '/', ':' or blank`,
    );
  if (name === 'lo') throw new FieldProblem([...path, 'name'], "every host has 'lo'; do not describe it");
  return {
    name,
    mac:
      fields.mac === undefined
        ? `02:00:00:00:${twoDigits(place >> 8)}:${twoDigits(place & 255)}`
        : readMac(fields.mac, [...path, 'mac']),
    mtu: fields.mtu === undefined ? 1500 : readInteger(fields.mtu, [...path, 'mtu'], 68, 65535),
    ...readUp(fields.up, [...path, 'up']),
    group: fields.group === undefined ? 0 : readInteger(fields.group, [...path, 'group'], 0, 0x7fffffff),
    addresses: readList(fields.addresses, [...path, 'addresses'], readPrefix),
  };
}

function readUp(value: unknown, path: FieldPath): { readonly up?: false } {
  if (value === undefined || value === true) return {};
  if (value !== false) throw new FieldProblem(path, `must be true or false, is ${shown(value)}`);
  return { up: false };
}

function twoDigits(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function readMac(value: unknown, path: FieldPath): string {
  if (typeof value !== 'string' || !/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(value))
    throw new FieldProblem(
      path,
      `${shown(value)} is no MAC address; write six bytes, as in "02:00:00:00:00:01"`,
    );
  return value;
}

function readPrefix(value: unknown, path: FieldPath): string {
  const text = requireText(value, path, '192.0.2.1/24');
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const six = readAddress(address, path);
  const most = six ? 128 : 32;
  const length = slash < 0 ? String(most) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > most)
    throw new FieldProblem(path, `'${text}': the prefix length must be 0 to ${most}, is '${length}'`);
  return text;
}

/** True for IPv6. */
function readAddress(value: unknown, path: FieldPath): boolean {
  const text = requireText(value, path, '192.0.2.1');
  try {
    if (text.includes(':')) readIpv6(text);
    else readIpv4(text);
  } catch (error) {
    if (error instanceof BadValue)
      throw new FieldProblem(path, `'${text}' is no address; write one such as 192.0.2.1 or 2001:db8::1`);
    throw error;
  }
  return text.includes(':');
}

function readNeighbor(value: unknown, path: FieldPath, interfaces: ReadonlySet<string>): NeighborDescription {
  const fields = readObject(value, path, 'a neighbour', ['dev', 'ip', 'mac']);
  const dev = requireText(fields.dev, [...path, 'dev'], 'eth0');
  checkInterface(dev, [...path, 'dev'], interfaces);
  readAddress(fields.ip, [...path, 'ip']);
  return { dev, ip: fields.ip as string, mac: readMac(fields.mac, [...path, 'mac']) };
}

/** @throws {FieldProblem} if a name is not among a host's interfaces. */
export function checkInterface(name: string, path: FieldPath, interfaces: ReadonlySet<string>): void {
  if (interfaces.has(name)) return;
  const known = interfaces.size > 0 ? `the host has ${[...interfaces].join(', ')}` : 'the host has none';
  throw new FieldProblem(path, `there is no interface '${name}'; ${known}`);
}

function readArguments(value: unknown, path: FieldPath, example: string): string {
  const text = requireText(value, path, example);
  if (/[\n\r]/.test(text)) throw new FieldProblem(path, 'must be one line');
  return text;
}

function readSysctls(value: unknown, path: FieldPath): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (value === undefined || value === null) return values;
  for (const [name, entry] of Object.entries(readMap(value, path, 'settings by name'))) {
    if (typeof entry !== 'string' && typeof entry !== 'number')
      throw new FieldProblem([...path, name], `must be a text or a number such as "1", is ${shown(entry)}`);
    values.set(name, String(entry));
  }
  return values;
}

function readSocket(value: unknown, path: FieldPath): SocketDescription {
  const fields = readObject(value, path, 'a socket', [
    'proto',
    'address',
    'port',
    'transparent',
    'uid',
    'gid',
    'cgroup',
    'classid',
  ]);
  const { proto, transparent = false } = fields;
  if (proto !== 'udp' && proto !== 'tcp')
    throw new FieldProblem([...path, 'proto'], `must be 'udp' or 'tcp', is ${shown(proto)}`);
  if (typeof transparent !== 'boolean')
    throw new FieldProblem([...path, 'transparent'], `must be true or false, is ${shown(transparent)}`);
  readAddress(fields.address, [...path, 'address']);
  return {
    proto,
    address: fields.address as string,
    port: readInteger(fields.port, [...path, 'port'], 0, 65535),
    transparent,
    uid: readInteger(fields.uid ?? 0, [...path, 'uid'], 0, 0xffffffff),
    gid: readInteger(fields.gid ?? 0, [...path, 'gid'], 0, 0xffffffff),
    cgroup: readText(fields.cgroup, [...path, 'cgroup']),
    classId: readInteger(fields.classid ?? 0, [...path, 'classid'], 0, 0xffffffff),
  };
}

function checkFingerprints(text: string, path: FieldPath): string {
  try {
    readFingerprints(text);
  } catch (error) {
    if (!(error instanceof FingerprintProblem)) throw error;
    throw new FieldProblem(path, error.message, false, error.line - 1);
  }
  return text;
}

/** Fields of one line of each of the name files, and how they must look. */
const NAME_LINES: Readonly<
  Record<(typeof NAME_FILES)[number], { readonly form: RegExp; readonly example: string }>
> = {
  users: { form: /^([^:\s]+:[^:]*:\d+(:.*)?|\S+\s+\d+)$/, example: 'root:x:0:0:root:/root:/bin/sh' },
  groups: { form: /^([^:\s]+:[^:]*:\d+(:.*)?|\S+\s+\d+)$/, example: 'root:x:0:' },
  hosts: { form: /^[0-9a-fA-F.:]+(\s+\S+)+$/, example: '192.0.2.1 router' },
  services: { form: /^\S+\s+\d+\/\S+(\s+\S+)*$/, example: 'ssh 22/tcp' },
  protocols: { form: /^\S+\s+\d+(\s+\S+)*$/, example: 'tcp 6 TCP' },
  connlabels: { form: /^\d{1,4}\s+\S+$/, example: '3 voip' },
};

function checkNameFile(key: (typeof NAME_FILES)[number], text: string, path: FieldPath): void {
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const { form, example } = NAME_LINES[key];
    if (!form.test(line))
      throw new FieldProblem(
        path,
        `line ${index + 1}: '${line}' is not of the form '${example}'`,
        false,
        index,
      );
    const number = /(?:^\S+\s+|:)(\d+)/.exec(line)?.[1];
    const most = key === 'services' ? 65535 : key === 'protocols' ? 255 : 0xffffffff;
    if (key !== 'hosts' && Number(number) > most)
      throw new FieldProblem(
        path,
        `line ${index + 1}: '${line}': ${number} is larger than ${most}`,
        false,
        index,
      );
  }
}
