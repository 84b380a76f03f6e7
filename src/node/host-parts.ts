import { parsePrefix } from '../commands/ip/prefix.ts';
import type { FieldPath } from '../formats/fields.ts';
import { readIpAddr, type ShownInterface } from '../formats/ip-output/ip-addr.ts';
import { readIpNeigh } from '../formats/ip-output/ip-neigh.ts';
import { readIpRoute } from '../formats/ip-output/ip-route.ts';
import { readIpRule } from '../formats/ip-output/ip-rule.ts';
import { type ToolOutput, ToolOutputProblem } from '../formats/ip-output/lines.ts';
import { UserProblem } from './problem.ts';

/** What one tool printed, and the name of the file or command that it came from. */
export interface PartText {
  readonly from: string;
  readonly text: string;
}

export const PARTS = [
  'iptables',
  'ip6tables',
  'ipset',
  'link',
  'addr',
  'route',
  'route6',
  'rule',
  'rule6',
  'neigh',
  'sysctl',
  'tables',
  'users',
  'groups',
  'hosts',
  'services',
  'protocols',
] as const;
export type Part = (typeof PARTS)[number];

/** A host's description as plain values, what it does not say, and where each of its fields comes from. */
export interface HostParts {
  readonly value: Record<string, unknown>;
  readonly notes: readonly string[];
  /** `FILE` or `FILE:LINE` of a field; `lineOffset` lines into it if it is a text. */
  place(path: FieldPath, lineOffset?: number): string;
}

/** Puts together what the tools printed. */
export function hostOfParts(parts: ReadonlyMap<Part, PartText>): HostParts {
  const notes: string[] = [];
  const places = new Map<string, string>();
  const text = (part: Part) => parts.get(part)?.text ?? '';
  const read = <T>(
    part: Part,
    reader: (text: string) => ToolOutput<T>,
  ): readonly { at: string; value: T }[] => {
    const found = parts.get(part);
    if (!found) return [];
    try {
      const output = reader(found.text);
      for (const note of output.notes) notes.push(`${found.from}:${note.line}: ${note.text}`);
      return output.values.map(({ line, value }) => ({ at: `${found.from}:${line}`, value }));
    } catch (error) {
      if (error instanceof ToolOutputProblem)
        throw new UserProblem(`${found.from}:${error.line}: ${error.message}`);
      throw error;
    }
  };
  const tables = tableNames(text('tables'));
  const interfaces: Record<string, unknown>[] = [];
  const shown = new Map<string, ShownInterface>();
  const links = new Map(read('link', readIpAddr).map(({ at, value }) => [value.name, { at, value }]));
  for (const { at, value } of read('addr', readIpAddr)) {
    if (shown.has(value.name)) throw new UserProblem(`${at}: there are two interfaces '${value.name}'`);
    const mac = value.mac ?? links.get(value.name)?.value.mac;
    shown.set(value.name, value);
    if (value.name !== 'lo') addInterface({ ...value, mac }, at);
  }
  for (const [name, { at, value }] of links)
    if (name !== 'lo' && !shown.has(name)) {
      shown.set(name, value);
      addInterface(value, at);
    }

  function addInterface({ name, mac, mtu, group, up, addresses }: ShownInterface, at: string): void {
    places.set(`interfaces ${interfaces.length}`, at);
    interfaces.push({
      name,
      ...(mac ? { mac } : {}),
      mtu,
      ...(group ? { group } : {}),
      ...(up ? {} : { up }),
      addresses,
    });
  }
  function assume(name: string, why: string): void {
    if (name === 'lo' || shown.has(name)) return;
    const value = { name, mac: undefined, mtu: 1500, group: 0, up: true, addresses: [] };
    shown.set(name, value);
    addInterface(value, why);
    notes.push(`${why}: interface ${name} is assumed: Ethernet, up, no address`);
  }

  if (!parts.has('addr') && !parts.has('link'))
    for (const part of ['iptables', 'ip6tables'] as const)
      for (const [index, line] of text(part).split('\n').entries())
        for (const [, name = ''] of line.matchAll(
          /(?:^|\s)(?:-i|-o|--in-interface|--out-interface)\s+"?([^\s"+]{1,15})"?(?=\s|$)/g,
        ))
          assume(name, `${parts.get(part)?.from}:${index + 1}`);
  const routes: string[] = [];
  const rules: string[] = [];
  for (const lo of shown.get('lo')?.addresses ?? []) {
    if (lo === '127.0.0.1/8' || lo === '::1/128') continue;
    routes.push(`${lo.includes(':') ? '-6 ' : ''}local ${lo} dev lo table local`);
    notes.push(`lo has the address ${lo}; it is in the host as a local route`);
  }
  for (const [part, prefix] of [
    ['route', ''],
    ['route6', '-6 '],
  ] as const) {
    const made = (destination: string, device: string) =>
      shown.get(device)?.addresses.some((address) => brings(address, destination)) ?? false;
    // A gateway must be reachable when its route is added: those without one come first.
    const found = read(part, (of) => readIpRoute(of, made, tables));
    const direct = found.filter(({ value }) => !value.words.includes('via'));
    for (const { at, value } of [...direct, ...found.filter((route) => !direct.includes(route))]) {
      for (const device of value.devices) assume(device, at);
      places.set(`routes ${routes.length}`, at);
      routes.push(prefix + value.words.join(' '));
    }
  }
  for (const [part, prefix] of [
    ['rule', ''],
    ['rule6', '-6 '],
  ] as const)
    for (const { at, value } of read(part, (of) => readIpRule(of, tables))) {
      places.set(`rules ${rules.length}`, at);
      rules.push(prefix + value);
    }
  const neighbors: unknown[] = [];
  for (const { at, value } of read('neigh', readIpNeigh)) {
    assume(value.dev, at);
    places.set(`neighbors ${neighbors.length}`, at);
    neighbors.push(value);
  }
  const texts = [
    'ipset',
    'iptables',
    'ip6tables',
    'users',
    'groups',
    'hosts',
    'services',
    'protocols',
  ] as const;
  const value: Record<string, unknown> = {
    interfaces,
    neighbors,
    routes,
    rules,
    sysctls: sysctls(text('sysctl')),
  };
  for (const part of texts) if (text(part) !== '') value[part] = text(part);
  return {
    value,
    notes,
    place(path, lineOffset) {
      const [field = '', index] = path;
      const part = texts.find((each) => each === field) ?? (field === 'sysctls' ? 'sysctl' : undefined);
      const file = part && parts.get(part)?.from;
      if (file) return lineOffset === undefined ? file : `${file}:${lineOffset + 1}`;
      return places.get(`${field} ${index}`) ?? String(field);
    },
  };
}

/** Does an address bring a route to this network about? */
function brings(address: string, destination: string): boolean {
  const a = parsePrefix(address, undefined);
  const d = parsePrefix(destination, undefined);
  if (!a || !d || a.family !== d.family || a.length !== d.length) return false;
  const bits = a.length;
  return d.bytes.every((byte, index) => {
    const mask = (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff;
    return byte === (a.bytes[index]! & mask);
  });
}

/** `NUMBER NAME` lines of rt_tables: numbers by name. */
function tableNames(text: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, number, name] = /^\s*(\d+)\s+([^\s#]+)/.exec(line) ?? [];
    if (number !== undefined && name !== undefined && !/^(25[345]|0)$/.test(number)) names.set(name, number);
  }
  return names;
}

/** `sysctl -a`: `NAME = VALUE` lines below net. */
function sysctls(text: string): Record<string, string> {
  const values: [string, string][] = [];
  for (const line of text.split('\n')) {
    const [, name, value] = /^\s*(net[./]\S+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.push([name, value]);
  }
  return Object.fromEntries(values);
}
