import { runCommand } from '../commands/index.ts';
import { Host, type HostOptions } from '../host/host.ts';
import { Cgroups } from '../xtables/cgroups.ts';
import { Names } from '../xtables/names.ts';
import { Fingerprints } from '../xtables/osf/fingerprints.ts';
import { applyBaseSettings } from './base-settings.ts';
import { type FieldPath, fieldName } from './fields.ts';
import { type HostDescription, usesIpv6 } from './host-description.ts';
import { bindSocket } from './sockets.ts';

/** A part of a described host that Linux or the tools refuse. */
export class HostLoadProblem extends Error {
  /** The part, as recordings name it: `ip`, `ipset`, `iptables`, `ip6tables`, `sysctl NAME=VALUE`; or `socket`. */
  readonly what: string;
  readonly exit: number;
  readonly stderr: string;
  /** The field of the description; `line` counts from 1 in a text of several lines, 0 if it is not known. */
  readonly path: FieldPath;
  readonly line: number;
  /** It was refused for want of what is not there yet: `match state`. */
  readonly unsupported: string | undefined;

  constructor(
    what: string,
    result: { readonly exit: number; readonly stderr: string; readonly unsupported?: string },
    path: FieldPath,
    line = 0,
  ) {
    const { exit, stderr, unsupported } = result;
    const at = line > 0 ? `${fieldName(path)} line ${line}` : fieldName(path);
    super(`${at}: ${unsupported ? `not supported yet: ${unsupported}` : inOneLine(stderr)}`);
    this.name = 'HostLoadProblem';
    this.what = what;
    this.exit = exit;
    this.stderr = stderr;
    this.path = path;
    this.line = line;
    this.unsupported = unsupported;
  }
}

/** What a tool said on standard error, without its hints on what to try. */
export function inOneLine(stderr: string): string {
  const isHint = (line: string) => line === '' || /^(Try `|Error occurred at line: )/.test(line);
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !isHint(line))
    .join(' ');
}

/**
 * Builds a described host in the order of FORMAT.md: base settings, interfaces, settings, addresses, neighbours,
 * routes, rules, ipset, iptables, ip6tables, sockets. `path` is where the description stands in its document.
 * `lent` is a host built of the same description that nothing has happened to: its tables are borrowed, which takes much
 * less time than reading the rules again.
 * @throws {HostLoadProblem} if a part is refused.
 */
export function buildHost(
  description: HostDescription,
  options: HostOptions = {},
  path: FieldPath = [],
  lent?: Host,
): Host {
  const host = new Host(options);
  const ipv6 = usesIpv6(description);
  applyBaseSettings(host, ipv6);
  const { users, groups, hosts, services, protocols, connlabels } = description;
  const texts = { users, groups, hosts, services, protocols, connlabels };
  if (Object.values(texts).some((text) => text !== undefined)) {
    const given = Object.entries(texts).filter(([, text]) => text !== undefined);
    host.xtables.names = new Names(Object.fromEntries(given));
  }
  host.cpu = description.cpu;
  for (const group of description.cgroups) host.xtables.shared(Cgroups).add(group);
  host.xtables.shared(Fingerprints).load(description.fingerprints);
  for (const [index, { name }] of description.interfaces.entries()) {
    host.interfaces.add({ name, mac: Uint8Array.of(2, 0, 0, 0, (index + 1) >> 8, index + 1), up: false });
  }
  for (const [name, value] of description.sysctls) setSysctl(host, name, value, [...path, 'sysctls', name]);
  configure(host, description, path);
  loadTexts(host, description, path, lent);
  for (const [index, socket] of description.sockets.entries()) {
    const error = bindSocket(host, socket);
    if (error)
      throw new HostLoadProblem('socket', { exit: 1, stderr: `bind: ${error}` }, [...path, 'sockets', index]);
  }
  return host;
}

/**
 * A host fresh from the installation: one interface, `eth0`, that is up and has no address; Linux's own settings; empty
 * tables.
 */
export function freshHost(options: HostOptions = {}): Host {
  const host = new Host(options);
  host.interfaces.add({ name: 'eth0', mac: Uint8Array.of(2, 0, 0, 0, 0, 1), up: true });
  return host;
}

/**
 * Links, addresses, neighbours in one batch; then routes and rules, each its own, as the recorder does: what is refused is
 * told by the number of its line.
 */
function configure(host: Host, description: HostDescription, path: FieldPath): void {
  const lines: string[] = [];
  const places: FieldPath[] = [];
  const add = (line: string, ...at: (string | number)[]) => {
    lines.push(line);
    places.push([...path, ...at]);
  };
  add('link set lo up', 'interfaces');
  for (const [index, { name, mac, mtu, group, up, addresses }] of description.interfaces.entries()) {
    add(`link set ${name} address ${mac} mtu ${mtu} group ${group}`, 'interfaces', index);
    if (up !== false) add(`link set ${name} up`, 'interfaces', index);
    for (const [place, address] of addresses.entries()) {
      const how = address.includes(':') ? 'nodad' : 'brd +';
      add(`addr add ${address} ${how} dev ${name}`, 'interfaces', index, 'addresses', place);
    }
  }
  for (const [index, { dev, ip, mac }] of description.neighbors.entries()) {
    add(`neigh replace ${ip} lladdr ${mac} dev ${dev} nud permanent`, 'neighbors', index);
  }
  ipBatch(host, [], lines, places);
  for (const kind of ['route', 'rule'] as const) {
    for (const [index, text] of description[`${kind}s`].entries()) {
      const six = text.startsWith('-6 ');
      const line = `${kind} add ${six ? text.slice(3) : text}`;
      ipBatch(host, [six ? '-6' : '-4'], [line], [[...path, `${kind}s`, index]]);
    }
  }
}

function ipBatch(
  host: Host,
  family: readonly string[],
  lines: readonly string[],
  places: readonly FieldPath[],
): void {
  const result = runCommand(host, ['ip', ...family, '-batch', '-'], `${lines.join('\n')}\n`);
  if (result.exit === 0) return;
  const number = Number(/Command failed -:(\d+)/.exec(result.stderr)?.[1] ?? 1);
  throw new HostLoadProblem('ip', result, places[number - 1] ?? places[0] ?? []);
}

function loadTexts(host: Host, description: HostDescription, path: FieldPath, lent?: Host): void {
  for (const what of ['ipset', 'iptables', 'ip6tables'] as const) {
    const text = description[what];
    if (text === '' || (lent && what !== 'ipset')) continue;
    const argv = what === 'ipset' ? ['ipset', 'restore'] : [`${what}-restore`];
    const result = runCommand(host, argv, text);
    if (result.exit === 0) continue;
    const line = Number(/\bline:? (\d+)/i.exec(result.stderr)?.[1] ?? 0);
    throw new HostLoadProblem(what, result, [...path, what], line);
  }
  if (lent) host.xtables.borrow(lent.xtables);
}

/** Settings that Linux has and this host does not follow yet, with the value where it is the value that is not followed. */
const NOT_YET = new RegExp(
  `^net/(${[
    'netfilter/nf_log/.*',
    'ipv[46]/fib_multipath_hash_policy=[23]',
    'ipv[46]/fib_multipath_(hash_fields|hash_seed|use_neigh)=.*',
    'ipv6/ip_nonlocal_bind=.*',
    'ipv4/ip_local_port_range=.*',
    'ipv[46]/neigh/[^/]+/(anycast_delay|app_solicit|base_reachable_time|gc_stale_time|interval_probe_time_ms)=.*',
    'ipv[46]/neigh/[^/]+/(locktime|mcast_resolicit|proxy_qlen|retrans_time|unres_qlen)=.*',
    'ipv6/conf/[^/]+/(ioam6_id_wide|ra_defrtr_metric|regen_min_advance|stable_secret)=.*',
  ].join('|')})$`,
  's',
);

const ERROR_NUMBERS: Readonly<Record<string, readonly [number, string]>> = {
  ENOENT: [2, 'No such file or directory'],
  EACCES: [13, 'Permission denied'],
  EINVAL: [22, 'Invalid argument'],
};

/** Writes a setting; a refusal reads as Python's OSError, which is what the recorder writes down. */
function setSysctl(host: Host, name: string, value: string, path: FieldPath): void {
  const file = name.replaceAll('.', '/');
  const unsupported = NOT_YET.test(`${file}=${value}`) ? { unsupported: `sysctl ${name}` } : {};
  const error = unsupported.unsupported ? 'ENOENT' : host.sysctl.set(file, value);
  if (error === undefined) return;
  // Writing nothing is no write.
  if (error === 'EINVAL' && value === '') return;
  const [number, text] = ERROR_NUMBERS[error] ?? ERROR_NUMBERS.EINVAL!;
  const stderr = `[Errno ${number}] ${text}${error === 'EINVAL' ? '' : `: '/proc/sys/${file}'`}`;
  throw new HostLoadProblem(`sysctl ${name}=${value}`, { exit: 1, stderr, ...unsupported }, path);
}
