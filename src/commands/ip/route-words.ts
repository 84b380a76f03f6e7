import type { Host } from '../../host/host.ts';
import { type Arguments, IpProblem, invalid, wholeNumber } from './arguments.ts';
import { requireDevice } from './device.ts';
import { PROTOCOLS, SCOPES, TYPES, tableNumber } from './names.ts';
import { type Prefix, parsePrefix } from './prefix.ts';
import { readRealms } from './realms.ts';

const METRICS = [
  'mtu',
  'advmss',
  'window',
  'hoplimit',
  'cwnd',
  'initcwnd',
  'initrwnd',
  'rtt',
  'rttvar',
  'ssthresh',
  'rto_min',
  'reordering',
  'quickack',
  'congctl',
  'features',
];

export interface HopWords {
  device: number;
  gateway: Uint8Array | undefined;
  weight: number;
  onlink: boolean;
  realm: number;
}

/** A route as it was typed. */
export interface RouteWords {
  type: number | undefined;
  destination: Prefix | undefined;
  from: Prefix | undefined;
  tos: number;
  table: number | undefined;
  scope: number | undefined;
  protocol: number | undefined;
  priority: number | undefined;
  source: Uint8Array | undefined;
  realm: number;
  metrics: Record<string, number>;
  mtuLocked: boolean;
  preference: number;
  hop: HopWords;
  hops: HopWords[];
}

const newHop = (): HopWords => ({ device: 0, gateway: undefined, weight: 1, onlink: false, realm: 0 });

/** Reads what stands behind `ip route add`. */
export function readRoute(host: Host, args: Arguments, given: 4 | 6 | undefined): RouteWords {
  const route: RouteWords = {
    type: undefined,
    destination: undefined,
    from: undefined,
    tos: 0,
    table: undefined,
    scope: undefined,
    protocol: undefined,
    priority: undefined,
    source: undefined,
    realm: 0,
    metrics: {},
    mtuLocked: false,
    preference: 0,
    hop: newHop(),
    hops: [],
  };
  const family = () =>
    route.destination?.explicit
      ? route.destination.family
      : route.hop.gateway?.length === 16
        ? 6
        : (given ?? route.destination?.family);
  while (args.more) {
    if (readHopWord(host, args, route.hop, () => given ?? family())) continue;
    if (args.accept('src')) route.source = args.address(given ?? family());
    else if (args.accept('from')) route.from = args.prefix(given ?? family());
    else if (args.accept('tos', 'dsfield')) route.tos = args.number('"tos" value is invalid\n', 0, 255);
    else if (args.accept('metric', 'priority', 'preference'))
      route.priority = args.number('"metric" value is invalid\n');
    else if (args.accept('scope')) route.scope = named(args.next(), SCOPES, 'invalid "scope" value\n');
    else if (args.accept('table')) route.table = tableWord(args.next());
    else if (args.accept('protocol', 'proto'))
      route.protocol = named(args.next(), PROTOCOLS, '"protocol" value is invalid\n');
    else if (args.accept('realms', 'realm')) route.realm = readRealms(args, '"realm" value is invalid\n');
    else if (args.accept('pref')) route.preference = preference(args.next());
    else if (args.accept('expires')) args.number('"expires" value is invalid\n');
    else if (args.accept('nexthop')) {
      const hop = newHop();
      while (args.more && args.peek() !== 'nexthop') {
        if (args.accept('realms', 'realm')) hop.realm = readRealms(args, '"realm" value is invalid\n');
        else if (!readHopWord(host, args, hop, () => given ?? family())) {
          throw new IpProblem(
            `Error: "nexthop" or end of line is expected instead of "${args.next()}"\n`,
            255,
          );
        }
      }
      route.hops.push(hop);
    } else if (METRICS.includes(args.peek() ?? '')) {
      const metric = args.next();
      if (args.accept('lock') && metric === 'mtu') route.mtuLocked = true;
      const word = args.next();
      route.metrics[metric] = Number.parseInt(word, 10) || 0;
    } else readDestination(args, route, given);
  }
  return route;
}

function readDestination(args: Arguments, route: RouteWords, given: 4 | 6 | undefined): void {
  args.accept('to');
  const type = TYPES[args.peek() ?? ''];
  if (type !== undefined && route.type === undefined && !route.destination) {
    args.next();
    route.type = type;
  }
  if (route.destination) {
    throw new IpProblem(`Error: either "to" is duplicate, or "${args.next()}" is a garbage.\n`, 255);
  }
  route.destination = args.prefix(given);
}

/** Takes a word that belongs to a next hop. */
function readHopWord(host: Host, args: Arguments, hop: HopWords, family: () => 4 | 6 | undefined): boolean {
  if (args.accept('via')) {
    if (args.accept('inet6')) hop.gateway = args.address(6);
    else if (args.accept('inet')) hop.gateway = args.address(4);
    else {
      const text = args.peek() ?? '';
      const parsed = parsePrefix(text, undefined);
      hop.gateway = args.address(parsed?.family ?? family());
    }
  } else if (args.accept('dev', 'oif')) hop.device = requireDevice(host, args.next()).index;
  else if (args.accept('weight')) hop.weight = args.number('"weight" is invalid\n', 1, 256);
  else if (args.accept('onlink')) hop.onlink = true;
  else if (args.accept('pervasive')) return true;
  else return false;
  return true;
}

export function tableWord(word: string, complaint = '"table" value is invalid\n'): number {
  const table = tableNumber(word);
  if (table === undefined) throw invalid(word, complaint);
  return table;
}

function named(word: string, names: Readonly<Record<string, number>>, complaint: string): number {
  const value = names[word] ?? wholeNumber(word);
  if (value === undefined || value > 255) throw invalid(word, complaint);
  return value;
}

function preference(word: string): number {
  if (word === 'low') return -1;
  if (word === 'medium') return 0;
  if (word === 'high') return 1;
  throw invalid(word, '"pref" value is invalid\n');
}
