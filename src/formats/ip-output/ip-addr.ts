import { BadValue } from '../packet-language/problem.ts';
import { readIpv4, readIpv6 } from '../packet-language/values.ts';
import {
  jsonObjects,
  type Note,
  type Placed,
  type ToolOutput,
  ToolOutputProblem,
  usefulLines,
  word,
} from './lines.ts';

/** An interface as `ip addr` prints it. */
export interface ShownInterface {
  readonly name: string;
  /** Undefined where the output has none that can be used. */
  readonly mac: string | undefined;
  readonly mtu: number;
  readonly group: number;
  readonly up: boolean;
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
}

type Building = { -readonly [K in keyof ShownInterface]: ShownInterface[K] } & { addresses: string[] };

/**
 * Reads `ip addr` or `ip link`, text or `-json`. `lo` is among the interfaces. What is no plain Ethernet interface is
 * taken for one, and noted.
 * @throws {ToolOutputProblem} if a line is not of such output.
 */
export function readIpAddr(text: string): ToolOutput<ShownInterface> {
  const objects = jsonObjects(text);
  return objects ? readObjects(objects) : readLines(text);
}

function readLines(text: string): ToolOutput<ShownInterface> {
  const values: Placed<Building>[] = [];
  const notes: Note[] = [];
  for (const { line, value } of usefulLines(text)) {
    const head = /^\d+:\s+([^\s@:]+)(?:@\S+)?:\s+<([^>]*)>\s*(.*)$/.exec(value);
    if (head) {
      const [, name = '', flags = '', rest = ''] = head;
      const number = (key: string) =>
        Number(new RegExp(`\\b${key} (\\d{1,9})\\b`).exec(rest)?.[1] ?? Number.NaN);
      const found = begin(name, flags.split(','), number('mtu'), number('group'), line, notes);
      values.push({ line, value: found });
      continue;
    }
    const current = values.at(-1)?.value;
    const words = value.trim().split(/\s+/);
    if (!/^\s/.test(value) || !current)
      throw new ToolOutputProblem(
        line,
        `'${words[0]}': not as 'ip addr' prints it, such as '2: eth0: <BROADCAST,UP> mtu 1500'`,
      );
    const key = words[0] ?? '';
    if (key.startsWith('link/')) link(current, key.slice(5), words[1] ?? '', line, notes);
    else if (key === 'inet' || key === 'inet6') {
      const peer = words[2] === 'peer' ? words[3] : undefined;
      address(
        current,
        peer ? `${words[1]}/${words[1]?.includes(':') ? 128 : 32}` : words.slice(1).join(' '),
        line,
        notes,
      );
      if (peer)
        notes.push({ line, text: `${current.name}: the peer ${peer} of ${words[1]} is only in the routes` });
    }
  }
  return { values, notes };
}

function readObjects(
  objects: readonly Placed<Readonly<Record<string, unknown>>>[],
): ToolOutput<ShownInterface> {
  const values: Placed<Building>[] = [];
  const notes: Note[] = [];
  for (const { line, value } of objects) {
    const name = word(value, 'ifname');
    if (name === '') continue;
    const flags = Array.isArray(value.flags) ? value.flags.map(String) : [];
    const found = begin(name, flags, Number(value.mtu), Number(value.group ?? 0), line, notes);
    link(found, word(value, 'link_type'), word(value, 'address'), line, notes);
    const kind = word((value.linkinfo ?? {}) as Record<string, unknown>, 'info_kind');
    if (kind !== '' && !['veth', 'tun', 'dummy'].includes(kind))
      notes.push({ line, text: `${name} is a ${kind}; it becomes a plain Ethernet interface` });
    for (const entry of Array.isArray(value.addr_info) ? (value.addr_info as unknown[]) : []) {
      if (typeof entry !== 'object' || entry === null) continue;
      const info = entry as Record<string, unknown>;
      const local = word(info, 'local');
      const peer = word(info, 'address');
      const length = peer === '' ? word(info, 'prefixlen') : local.includes(':') ? '128' : '32';
      address(found, `${local}/${length}`, line, notes);
      if (peer !== '')
        notes.push({ line, text: `${name}: the peer ${peer} of ${local} is only in the routes` });
    }
    values.push({ line, value: found });
  }
  return { values, notes };
}

function begin(
  name: string,
  flags: readonly string[],
  mtu: number,
  group: number,
  line: number,
  notes: Note[],
): Building {
  const up = flags.includes('UP');
  if (up && flags.includes('NO-CARRIER'))
    notes.push({ line, text: `${name} has no carrier; the host takes it as connected` });
  const usable = Number.isInteger(mtu) && mtu >= 68;
  return {
    name,
    mac: undefined,
    mtu: usable ? Math.min(mtu, 65535) : 1500,
    group: group || 0,
    up,
    addresses: [],
  };
}

function link(found: Building, type: string, mac: string, line: number, notes: Note[]): void {
  if (type === 'loopback') return;
  if (type !== 'ether' && type !== '')
    notes.push({ line, text: `${found.name} is of type ${type}; it becomes a plain Ethernet interface` });
  else if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) found.mac = mac;
  else if (mac !== '')
    notes.push({ line, text: `${found.name}: '${mac}' is no MAC address; one is made up` });
}

function address(found: Building, text: string, line: number, notes: Note[]): void {
  const first = text.split(' ')[0] ?? '';
  const [ip = '', length] = first.split('/');
  const most = ip.includes(':') ? 128 : 32;
  try {
    if (ip.includes(':')) readIpv6(ip);
    else readIpv4(ip);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    notes.push({ line, text: `${found.name}: '${text}' is no address; left out` });
    return;
  }
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= most))
    throw new ToolOutputProblem(line, `'${first}': the prefix length must be 0 to ${most}, is '${length}'`);
  found.addresses.push(length === undefined ? `${ip}/${most}` : first);
}
