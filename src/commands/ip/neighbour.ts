import type { Host } from '../../host/host.ts';
import { type Neighbour, NUD } from '../../host/neighbours/states.ts';
import { type Arguments, abbreviated, IpProblem, invalid, kernelSays, wholeNumber } from './arguments.ts';
import { requireDevice } from './device.ts';
import type { IpObject, IpOptions } from './object.ts';
import { addressText, asNumber, fromNumber, macText, parseMac } from './prefix.ts';

const COMMANDS = [
  'add',
  'change',
  'chg',
  'replace',
  'delete',
  'get',
  'show',
  'list',
  'lst',
  'flush',
] as const;
const HAS_ADDRESS = NUD.REACHABLE | NUD.STALE | NUD.DELAY | NUD.PROBE | NUD.PERMANENT;

/** `ip neighbour` */
export const neighbour: IpObject = (host, args, options) => {
  const typed = args.more ? args.next() : 'show';
  const command = abbreviated(typed, COMMANDS);
  switch (command) {
    case 'add':
    case 'replace':
    case 'change':
    case 'chg':
      modify(host, args, command === 'chg' ? 'change' : command, options);
      return '';
    case 'delete':
      modify(host, args, 'delete', options);
      return '';
    case 'show':
    case 'list':
    case 'lst':
    case 'get':
      return show(host, args, options);
    case 'flush':
      return flush(host, args, options);
    default:
      throw new IpProblem(`Command "${typed}" is unknown, try "ip neigh help".\n`, 255);
  }
};

function modify(
  host: Host,
  args: Arguments,
  how: 'add' | 'replace' | 'change' | 'delete',
  options: IpOptions,
): void {
  let mac: Uint8Array | undefined;
  let bytes: Uint8Array | undefined;
  let deviceName: string | undefined;
  let state: number = NUD.PERMANENT;
  let router = false;
  let proxy = false;
  while (args.more) {
    if (args.accept('lladdr')) {
      const text = args.next();
      mac = parseMac(text);
      if (!mac) throw new IpProblem(`"${text}" is invalid lladdr.\n`, 1);
    } else if (args.accept('nud')) {
      const text = args.next();
      const named = NUD[text.toUpperCase() as keyof typeof NUD] ?? wholeNumber(text);
      if (named === undefined) throw invalid(text, 'nud state is bad');
      state = named;
    } else if (args.accept('dev')) deviceName = args.next();
    else if (args.accept('router')) router = true;
    else if (args.accept('proxy')) {
      proxy = true;
      bytes = args.address(options.family);
    } else if (args.accept('use', 'managed', 'extern_learn')) continue;
    else {
      args.accept('to');
      if (bytes)
        throw new IpProblem(`Error: either "to" is duplicate, or "${args.next()}" is a garbage.\n`, 255);
      bytes = args.address(options.family);
    }
  }
  if (!bytes || deviceName === undefined) {
    throw new IpProblem('Device and destination are required arguments.\n', 255);
  }
  const device = requireDevice(host, deviceName).index;
  const { neighbours } = host;
  if (proxy) {
    if (how !== 'delete') neighbours.proxies.add(device, bytes, router);
    else if (!neighbours.proxies.remove(device, bytes)) throw kernelSays('No such file or directory');
    return;
  }
  const { table } = neighbours;
  const four = bytes.length === 4;
  const found = four ? table.find4(device, asNumber(bytes)) : table.find6(device, bytes, 0);
  if (how === 'delete') {
    if (!found) throw kernelSays('No such file or directory');
    neighbours.remove(found);
    return;
  }
  if (how === 'add' && found) throw kernelSays('File exists');
  if (how === 'change' && !found) throw kernelSays('No such file or directory');
  const entry = found ?? (four ? table.make4(device, asNumber(bytes)) : table.make6(device, bytes, 0));
  if (!entry) throw kernelSays('No buffer space available');
  if (!mac && (state & HAS_ADDRESS) !== 0 && (entry.state & HAS_ADDRESS) === 0) {
    if (!found) neighbours.remove(entry);
    throw kernelSays('Invalid argument');
  }
  entry.isRouter = router;
  neighbours.set(entry, mac ?? entry.mac, state);
}

interface Filter {
  readonly device: number;
  readonly bytes: Uint8Array | undefined;
  readonly states: number;
}

function readFilter(host: Host, args: Arguments, options: IpOptions): Filter {
  let device = 0;
  let bytes: Uint8Array | undefined;
  let states = 0;
  while (args.more) {
    if (args.accept('dev')) device = requireDevice(host, args.next()).index;
    else if (args.accept('nud')) {
      const text = args.next();
      if (text === 'all') states = 0xff;
      else states |= NUD[text.toUpperCase() as keyof typeof NUD] ?? wholeNumber(text) ?? 0;
    } else {
      args.accept('to');
      bytes = args.prefix(options.family).bytes;
    }
  }
  return { device, bytes, states };
}

function selected(host: Host, filter: Filter, family: 4 | 6 | undefined): Neighbour[] {
  const four = family === 6 ? [] : [...host.neighbours.table.list(4)].reverse();
  const six = family === 4 ? [] : host.neighbours.table.list(6);
  return [...four, ...six].filter((entry) => {
    const state = host.neighbours.stateOf(entry);
    if (filter.device !== 0 && entry.device !== filter.device) return false;
    if (filter.bytes && addressText(filter.bytes) !== addressText(bytesOf(entry))) return false;
    // Without a filter, entries that nobody looked for are not shown.
    return filter.states === 0
      ? (state & (NUD.NOARP | NUD.NONE)) === 0 && state !== 0
      : (state & filter.states) !== 0;
  });
}

function bytesOf(entry: Neighbour): Uint8Array {
  return entry.family === 4 ? fromNumber(entry.address4) : entry.address6;
}

function stateName(state: number): string {
  return Object.entries(NUD).find(([, value]) => value === state)?.[0] ?? String(state);
}

function show(host: Host, args: Arguments, options: IpOptions): string {
  const filter = readFilter(host, args, options);
  const entries = selected(host, filter, options.family);
  if (options.json) {
    const list = entries.map((entry) => ({
      dst: addressText(bytesOf(entry)),
      ...(filter.device ? {} : { dev: host.interfaces.nameOf(entry.device) }),
      ...((entry.state & HAS_ADDRESS) !== 0 ? { lladdr: macText(entry.mac) } : {}),
      ...(entry.isRouter ? { router: null } : {}),
      state: [stateName(entry.state)],
    }));
    return `${JSON.stringify(list)}\n`;
  }
  return entries
    .map((entry) => {
      const device = filter.device ? '' : `dev ${host.interfaces.nameOf(entry.device)} `;
      const mac = (entry.state & HAS_ADDRESS) !== 0 ? `lladdr ${macText(entry.mac)} ` : '';
      return `${addressText(bytesOf(entry))} ${device}${mac}${entry.isRouter ? 'router ' : ''}${stateName(entry.state)} \n`;
    })
    .join('');
}

function flush(host: Host, args: Arguments, options: IpOptions): string {
  if (!args.more) throw new IpProblem('Flush requires arguments.\n', 255);
  const filter = readFilter(host, args, options);
  for (const entry of selected(host, filter, options.family)) {
    if (filter.states === 0 && (entry.state & NUD.PERMANENT) !== 0) continue;
    host.neighbours.remove(entry);
  }
  return '';
}
