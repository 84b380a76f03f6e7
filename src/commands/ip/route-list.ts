import type { Host } from '../../host/host.ts';
import { type FibEntry4, TABLE } from '../../host/routing/route4.ts';
import type { FibEntry6 } from '../../host/routing/route6.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { type Arguments, IpProblem } from './arguments.ts';
import { requireDevice } from './device.ts';
import { PROTOCOLS, TYPES } from './names.ts';
import type { IpOptions } from './object.ts';
import { addressText, fromNumber, type Prefix } from './prefix.ts';
import { json4, json6, type Shown, text4, text6 } from './route-text.ts';
import { tableWord } from './route-words.ts';

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

/** `ip route show` */
export function show(host: Host, args: Arguments, options: IpOptions): string {
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

/** `ip route flush` */
export function flush(host: Host, args: Arguments, options: IpOptions): string {
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
