import type { Host } from '../../host/host.ts';
import { type FibEntry4, Flow4, type Route4, TABLE } from '../../host/routing/route4.ts';
import { type FibEntry6, Flow6, type Route6 } from '../../host/routing/route6.ts';
import { ERRNO } from '../../netfilter/constants.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { type Arguments, abbreviated, IpProblem, kernelSays } from './arguments.ts';
import type { IpObject, IpOptions } from './ip.ts';
import { requireDevice } from './link.ts';
import { addressText, asNumber, fromNumber, type Prefix } from './prefix.ts';
import { entry4, entry6 } from './route-entry.ts';
import { json4, json6, type Shown, text4, text6 } from './route-text.ts';
import { PROTOCOLS, type RouteWords, readRoute, TYPES, tableWord } from './route-words.ts';

const COMMANDS = [
  'list',
  'show',
  'lst',
  'get',
  'add',
  'append',
  'change',
  'chg',
  'replace',
  'test',
  'delete',
  'flush',
] as const;
type Modification = 'add' | 'append' | 'change' | 'replace' | 'delete';

/** `ip route` */
export const route: IpObject = (host, args, options) => {
  const typed = args.more ? args.next() : 'show';
  const command = abbreviated(typed, COMMANDS);
  switch (command) {
    case 'list':
    case 'show':
    case 'lst':
      return show(host, args, options);
    case 'get':
      return get(host, args, options);
    case 'add':
    case 'append':
    case 'replace':
    case 'change':
    case 'delete':
      modify(host, args, options, command);
      return '';
    case 'chg':
      modify(host, args, options, 'change');
      return '';
    case 'flush':
      return flush(host, args, options);
    default:
      throw new IpProblem(`Command "${typed}" is unknown, try "ip route help".\n`, 255);
  }
};

function familyOf(words: RouteWords, options: IpOptions): 4 | 6 {
  if (options.family) return options.family;
  if (words.destination && (words.destination.length > 0 || words.destination.explicit))
    return words.destination.family;
  const gateway = words.hop.gateway ?? words.hops[0]?.gateway;
  return gateway?.length === 16 || words.source?.length === 16 ? 6 : 4;
}

function modify(host: Host, args: Arguments, options: IpOptions, how: Modification): void {
  const words = readRoute(host, args, options.family);
  if (
    !words.destination &&
    words.type === undefined &&
    how === 'add' &&
    !words.hop.device &&
    !words.hop.gateway
  ) {
    throw kernelSays('No such device');
  }
  if (familyOf(words, options) === 6) modify6(host, words, how);
  else modify4(host, words, how);
}

function modify4(host: Host, words: RouteWords, how: Modification): void {
  const { routing4 } = host;
  if (how === 'delete') {
    delete4(host, words);
    return;
  }
  const entry = entry4(host, words);
  const same = routing4
    .table(entry.table)
    .at(entry.destination, entry.prefixLength)
    .filter((other) => other.tos === entry.tos && other.priority === entry.priority);
  const [first] = same;
  if (how === 'replace' || how === 'change') {
    if (first) routing4.table(entry.table).replace(first, entry);
    else if (how === 'change') throw kernelSays('No such file or directory');
    else routing4.insert(entry);
    return;
  }
  if (first && how === 'add') throw kernelSays('File exists');
  if (same.some((other) => sameRoute4(other, entry))) throw kernelSays('File exists');
  routing4.insert(entry, how === 'append');
}

function sameRoute4(a: FibEntry4, b: FibEntry4): boolean {
  return (
    a.type === b.type &&
    a.scope === b.scope &&
    a.source === b.source &&
    a.protocol === b.protocol &&
    a.nextHops.length === b.nextHops.length &&
    a.nextHops.every(
      (hop, i) => hop.device === b.nextHops[i]!.device && hop.gateway === b.nextHops[i]!.gateway,
    )
  );
}

/** The first route that has all that was typed (fib_table_delete). */
function delete4(host: Host, words: RouteWords): void {
  const type = words.type;
  const table =
    words.table ?? (type === ROUTE_TYPE.LOCAL || type === ROUTE_TYPE.BROADCAST ? TABLE.LOCAL : TABLE.MAIN);
  const address = words.destination ? asNumber(words.destination.bytes) : 0;
  const found = host.routing4
    .table(table)
    .at(address, words.destination?.length ?? 0)
    .find((entry) => {
      if (entry.tos !== words.tos) return false;
      if (type !== undefined && entry.type !== type) return false;
      if (words.priority !== undefined && entry.priority !== words.priority) return false;
      if (words.protocol !== undefined && entry.protocol !== words.protocol) return false;
      if (words.scope !== undefined && entry.scope !== words.scope) return false;
      if (words.source && entry.source !== asNumber(words.source)) return false;
      const { hop } = words;
      if (hop.device !== 0 && !entry.nextHops.some(({ device }) => device === hop.device)) return false;
      return !hop.gateway || entry.nextHops.some(({ gateway }) => gateway === asNumber(hop.gateway!));
    });
  if (!found) throw kernelSays('No such process');
  host.routing4.remove(found);
}

function modify6(host: Host, words: RouteWords, how: Modification): void {
  const { routing6 } = host;
  if (how === 'delete') {
    delete6(host, words);
    return;
  }
  const entry = entry6(host, words);
  const table = routing6.table(entry.table);
  const same = table
    .at(entry.destination, entry.prefixLength)
    .filter((other) => other.metric === entry.metric);
  const [first] = same;
  if (how === 'replace' || how === 'change') {
    if (first) routing6.remove(first);
    else if (how === 'change') throw kernelSays('No such file or directory');
    routing6.insert(entry);
    return;
  }
  if (!first) {
    routing6.insert(entry);
    return;
  }
  if (how === 'add') throw kernelSays('File exists');
  // Routes with gateways to one destination become one with several next hops (fib6_add_rt2node).
  const joins = first.nextHops[0]?.gateway && entry.nextHops[0]?.gateway;
  if (!joins) {
    routing6.insert(entry);
    return;
  }
  first.nextHops = [...first.nextHops, ...entry.nextHops];
  first.made = new Map();
}

function delete6(host: Host, words: RouteWords): void {
  const table = words.table ?? TABLE.MAIN;
  const destination = words.destination?.bytes ?? new Uint8Array(16);
  const found = host.routing6
    .table(table)
    .at(destination, words.destination?.length ?? 0)
    .find((entry) => {
      if (words.priority !== undefined && entry.metric !== words.priority) return false;
      if (words.type !== undefined && entry.type !== words.type) return false;
      const { hop } = words;
      if (hop.device !== 0 && !entry.nextHops.some(({ device }) => device === hop.device)) return false;
      return (
        !hop.gateway ||
        entry.nextHops.some(({ gateway }) => gateway && addressText(gateway) === addressText(hop.gateway!))
      );
    });
  if (!found) throw kernelSays('No such process');
  host.routing6.remove(found);
}

interface Filter {
  readonly shown: Shown;
  readonly tables: readonly number[] | undefined;
  readonly exact: Prefix | undefined;
  readonly root: Prefix | undefined;
  readonly covers: Prefix | undefined;
  readonly protocol: number | undefined;
  readonly type: number | undefined;
  readonly gateway: Uint8Array | undefined;
}

function readFilter(host: Host, args: Arguments, options: IpOptions): Filter {
  let device = 0;
  let table: number = TABLE.MAIN;
  let exact: Prefix | undefined;
  let root: Prefix | undefined;
  let covers: Prefix | undefined;
  let protocol: number | undefined;
  let type: number | undefined;
  let gateway: Uint8Array | undefined;
  while (args.more) {
    if (args.accept('table')) {
      const word = args.next();
      table = word === 'all' ? 0 : tableWord(word, 'table id value is invalid\n');
    } else if (args.accept('dev', 'oif')) device = requireDevice(host, args.next()).index;
    else if (args.accept('proto', 'protocol')) {
      const word = args.next();
      protocol = PROTOCOLS[word] ?? Number(word);
    } else if (args.accept('type')) type = TYPES[args.next()];
    else if (args.accept('via')) gateway = args.address(options.family);
    else if (args.accept('cached', 'cache', 'cloned')) table = -1;
    else if (TYPES[args.peek() ?? ''] !== undefined) type = TYPES[args.next()];
    else if (args.accept('root')) root = args.prefix(options.family);
    else if (args.accept('match')) covers = args.prefix(options.family);
    else {
      args.accept('to');
      args.accept('exact');
      if (args.accept('root')) root = args.prefix(options.family);
      else if (args.accept('match')) covers = args.prefix(options.family);
      else exact = args.prefix(options.family);
    }
  }
  const tables = table === 0 ? undefined : [table];
  return { shown: { device, table }, tables, exact, root, covers, protocol, type, gateway };
}

/** Bits `length` of two addresses are the same. */
function sameBits(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 0; i < a.length; i++) {
    const bits = Math.min(8, Math.max(0, length - i * 8));
    if (((a[i]! ^ b[i]!) & (0xff00 >> bits) & 0xff) !== 0) return false;
  }
  return true;
}

function fits(
  filter: Filter,
  bytes: Uint8Array,
  length: number,
  entry: { readonly protocol: number; readonly type: number },
  devices: readonly number[],
  gateways: readonly string[],
): boolean {
  const { exact, root, covers, shown } = filter;
  if (shown.device !== 0 && !devices.includes(shown.device)) return false;
  if (filter.protocol !== undefined && entry.protocol !== filter.protocol) return false;
  if (filter.type !== undefined && entry.type !== filter.type) return false;
  if (filter.gateway && !gateways.includes(addressText(filter.gateway))) return false;
  if (exact && (exact.length !== length || !sameBits(bytes, exact.bytes, length))) return false;
  if (root && (length < root.length || !sameBits(bytes, root.bytes, root.length))) return false;
  return !covers || (length <= covers.length && sameBits(bytes, covers.bytes, length));
}

function selected4(host: Host, filter: Filter): FibEntry4[] {
  const tables = filter.tables ? filter.tables.map((id) => host.routing4.table(id)) : host.routing4.tables();
  return tables
    .flatMap((table) => table.list())
    .filter((entry) =>
      fits(
        filter,
        fromNumber(entry.destination),
        entry.prefixLength,
        entry,
        // One of several next hops does not make a route that of its interface.
        entry.nextHops.length === 1 ? [entry.nextHops[0]!.device] : [],
        entry.nextHops.map(({ gateway }) => addressText(fromNumber(gateway))),
      ),
    );
}

function selected6(host: Host, filter: Filter): FibEntry6[] {
  const tables = filter.tables
    ? filter.tables.map((id) => host.routing6.table(id))
    : // The kernel goes through its hash of tables: main before local.
      [...host.routing6.tables()].sort((a, b) => Number(a.id === TABLE.LOCAL) - Number(b.id === TABLE.LOCAL));
  return (
    tables
      .flatMap((table) =>
        [...table.list()].sort((a, b) => Number(a.prefixLength === 0) - Number(b.prefixLength === 0)),
      )
      .filter((entry) =>
        fits(
          filter,
          entry.destination,
          entry.prefixLength,
          entry,
          entry.nextHops.length === 1 ? [entry.nextHops[0]!.device] : [],
          entry.nextHops.map(({ gateway }) => (gateway ? addressText(gateway) : '')),
        ),
      )
      // An anycast address is there only while the interface forwards.
      .filter(
        (entry) =>
          entry.type !== ROUTE_TYPE.ANYCAST ||
          host.interfaces.byIndex(entry.nextHops[0]?.device ?? 0)?.forwarding6,
      )
  );
}

function show(host: Host, args: Arguments, options: IpOptions): string {
  const filter = readFilter(host, args, options);
  const families = familiesOf(filter, options);
  const four = families.includes(4) ? selected4(host, filter) : [];
  const six = families.includes(6) ? selected6(host, filter) : [];
  if (options.json) {
    return `${JSON.stringify([...four.map((entry) => json4(host, entry)), ...six.map((entry) => json6(host, entry))])}\n`;
  }
  return (
    four.map((entry) => text4(host, entry, filter.shown)).join('') +
    six.map((entry) => text6(host, entry, filter.shown)).join('')
  );
}

/** Without -4 or -6 only IPv4 is shown, but for `table all`. */
function familiesOf(filter: Filter, options: IpOptions): readonly (4 | 6)[] {
  if (options.family) return [options.family];
  const prefix = filter.exact ?? filter.root ?? filter.covers;
  if (prefix?.explicit) return [prefix.family];
  return filter.shown.table === 0 ? [4, 6] : [4];
}

function flush(host: Host, args: Arguments, options: IpOptions): string {
  if (!args.more) throw new IpProblem('"ip route flush" requires arguments.\n', 255);
  const filter = readFilter(host, args, options);
  const families = familiesOf(filter, options);
  if (filter.shown.table === -1) {
    if (families.includes(4)) host.routing4.exceptions.flush();
    if (families.includes(6)) host.routing6.exceptions.flush();
    return '';
  }
  if (families.includes(4)) for (const entry of selected4(host, filter)) host.routing4.remove(entry);
  if (families.includes(6)) for (const entry of selected6(host, filter)) host.routing6.remove(entry);
  return '';
}

const MESSAGES = new Map<number, string>([
  [ERRNO.ENETUNREACH, 'Network is unreachable'],
  [ERRNO.EHOSTUNREACH, 'No route to host'],
  [ERRNO.EACCES, 'Permission denied'],
  [ERRNO.EINVAL, 'Invalid argument'],
  [ERRNO.ENODEV, 'No such device'],
  [ERRNO.EADDRNOTAVAIL, 'Cannot assign requested address'],
]);

function failed(error: number): IpProblem {
  return kernelSays(MESSAGES.get(-error) ?? `error ${-error}`);
}

/** `ip route get`: asks the routing as a packet would. */
function get(host: Host, args: Arguments, options: IpOptions): string {
  let to: Uint8Array | undefined;
  let from: Uint8Array | undefined;
  let inName: string | undefined;
  let outDevice = 0;
  let mark = 0;
  let tos = 0;
  let uid = 0;
  while (args.more) {
    if (args.accept('from')) from = args.address(options.family);
    else if (args.accept('iif')) inName = args.next();
    else if (args.accept('oif', 'dev')) outDevice = requireDevice(host, args.next()).index;
    else if (args.accept('mark')) mark = args.number('"mark" value is invalid\n');
    else if (args.accept('tos', 'dsfield')) tos = args.number('"tos" value is invalid\n', 0, 255);
    else if (args.accept('uid')) uid = args.number('"uid" value is invalid\n');
    else {
      args.accept('to');
      to = args.prefix(options.family).bytes;
    }
  }
  if (!to) throw new IpProblem('need at least a destination address\n', 1);
  if (to.length === 16) return get6(host, to, from, outDevice, mark);
  const asked = { from: from ? asNumber(from) : 0, mark, tos, uid };
  if (inName !== undefined) return getInput(host, asNumber(to), asked, inName);
  const flow = new Flow4();
  flow.destination = asNumber(to);
  flow.source = asked.from;
  flow.outDevice = outDevice;
  flow.mark = mark;
  flow.tos = tos & 0xfc;
  flow.uid = uid;
  const found = host.routing4.output(flow);
  if (typeof found === 'number') throw failed(found);
  return getText(host, flow.destination, found, asked, flow.source, undefined);
}

interface Asked {
  readonly from: number;
  readonly mark: number;
  readonly tos: number;
  readonly uid: number;
}

/** As if a packet had come in. */
function getInput(host: Host, to: number, asked: Asked, inName: string): string {
  const device = requireDevice(host, inName);
  const packet = host.pool.acquire();
  packet.inDevice = device.index;
  packet.mark = asked.mark;
  packet.resize(20);
  packet.bytes.fill(0, packet.network, packet.end);
  packet.bytes[packet.network] = 0x45;
  packet.bytes[packet.network + 1] = asked.tos;
  packet.bytes.set(fromNumber(asked.from), packet.network + 12);
  packet.bytes.set(fromNumber(to), packet.network + 16);
  packet.transport = packet.end;
  const found = host.routing4.input(packet);
  if (!found) throw kernelSays(INVALID_CROSS_DEVICE);
  if (found.error !== 0) throw failed(found.error);
  return getText(host, to, found, asked, 0, inName);
}

const INVALID_CROSS_DEVICE = 'Invalid cross-device link';

function getText(
  host: Host,
  to: number,
  found: Route4,
  asked: Asked,
  source: number,
  inName: string | undefined,
): string {
  const type =
    found.type === ROUTE_TYPE.UNICAST
      ? ''
      : found.isLocal && found.type === ROUTE_TYPE.LOCAL
        ? 'local '
        : found.isBroadcast
          ? 'broadcast '
          : 'multicast ';
  let line = `${type}${addressText(fromNumber(to))} `;
  if (asked.from !== 0) line += `from ${addressText(fromNumber(asked.from))} `;
  if (asked.tos !== 0) line += `tos 0x${asked.tos.toString(16)} `;
  if (found.gateway !== 0) line += `via ${addressText(fromNumber(found.gateway))} `;
  line += `dev ${host.interfaces.nameOf(found.outDevice)} `;
  if (asked.from === 0 && source !== 0) line += `src ${addressText(fromNumber(source))} `;
  if (asked.mark !== 0) line += `mark ${markText(asked.mark)} `;
  line += inName === undefined ? `uid ${asked.uid} ` : '';
  const flags = [
    ...(found.isLocal ? ['local'] : []),
    ...(found.isBroadcast ? ['brd'] : []),
    ...(found.isMulticast ? ['mc'] : []),
  ];
  const cache = flags.length > 0 ? `cache <${flags.join(',')}> ` : 'cache ';
  return `${line}\n    ${cache}${inName === undefined ? '' : `iif ${inName} `}\n`;
}

function markText(mark: number): string {
  return mark >= 16 ? `0x${mark.toString(16)}` : String(mark);
}

function get6(
  host: Host,
  to: Uint8Array,
  from: Uint8Array | undefined,
  outDevice: number,
  mark: number,
): string {
  const flow = new Flow6();
  flow.destination.set(to);
  if (from) flow.source.set(from);
  flow.outDevice = outDevice;
  flow.mark = mark;
  const found: Route6 = host.routing6.lookupOutput(flow);
  if (found.error !== 0) throw failed(found.error);
  const source = host.routing6.sourceAddress(found.device, to);
  const type =
    found.type === ROUTE_TYPE.LOCAL
      ? 'local '
      : found.type === ROUTE_TYPE.MULTICAST
        ? 'multicast '
        : found.type === ROUTE_TYPE.ANYCAST
          ? 'anycast '
          : '';
  const via = found.gateway ? `via ${addressText(found.gateway)} ` : '';
  const device = host.interfaces.nameOf(found.kind === 'deliver' ? found.device : found.outDevice);
  const entry = found.entry;
  const table =
    entry && entry.table !== TABLE.MAIN
      ? `table ${entry.table === TABLE.LOCAL ? 'local' : entry.table} `
      : '';
  const protocol = entry?.protocol === 2 ? 'proto kernel ' : '';
  const own = found.source ?? source;
  return (
    `${type}${addressText(to)} from ${from ? addressText(from) : '::'} ${via}dev ${device} ${table}${protocol}` +
    `${own ? `src ${addressText(own)} ` : ''}${mark ? `mark ${markText(mark)} ` : ''}metric ${entry?.metric ?? 0} ` +
    `pref ${entry && entry.preference > 0 ? 'high' : entry && entry.preference < 0 ? 'low' : 'medium'}\n`
  );
}
