import type { Host } from '../../host/host.ts';
import { FibResult4, network } from '../../host/routing/fib4.ts';
import { network6 } from '../../host/routing/fib6.ts';
import { type FibEntry4, Flow4, type NextHop4, PROTOCOL, SCOPE, TABLE } from '../../host/routing/route4.ts';
import { type FibEntry6, Flow6, type NextHop6 } from '../../host/routing/route6.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { kernelError, kernelSays } from './arguments.ts';
import { asNumber } from './prefix.ts';
import type { HopWords, RouteWords } from './route-words.ts';

/** Metric of an IPv6 route that was given none (IP6_RT_PRIO_USER). */
const DEFAULT_METRIC6 = 1024;
const LOOPBACK_INDEX = 1;

const LEADS_NOWHERE: ReadonlySet<number> = new Set([
  ROUTE_TYPE.BLACKHOLE,
  ROUTE_TYPE.UNREACHABLE,
  ROUTE_TYPE.PROHIBIT,
  ROUTE_TYPE.THROW,
]);
const IN_LOCAL_TABLE: ReadonlySet<number> = new Set([
  ROUTE_TYPE.LOCAL,
  ROUTE_TYPE.BROADCAST,
  ROUTE_TYPE.ANYCAST,
]);

function tableOf(words: RouteWords, type: number): number {
  return words.table ?? (IN_LOCAL_TABLE.has(type) ? TABLE.LOCAL : TABLE.MAIN);
}

/**
 * The IPv4 route that was typed, with what the kernel fills in and checks (fib_create_info, fib_check_nh).
 * @throws {IpProblem} in the kernel's words.
 */
export function entry4(host: Host, words: RouteWords): FibEntry4 {
  const type = words.type ?? ROUTE_TYPE.UNICAST;
  const { destination } = words;
  const prefixLength = destination?.length ?? 0;
  const address = destination ? asNumber(destination.bytes) : 0;
  if (network(address, prefixLength) !== address)
    throw kernelError('Invalid prefix for given prefix length.');
  const nowhere = LEADS_NOWHERE.has(type);
  const typed = words.hops.length > 0 ? words.hops : [{ ...words.hop, realm: words.realm }];
  const scope = words.scope ?? scopeFor(type, typed);
  if (nowhere && typed.some((hop) => hop.gateway || hop.device)) {
    throw kernelError('Gateway, device and nexthop are not allowed for this route type.');
  }
  const nextHops = nowhere
    ? []
    : typed.map((hop) => ({ ...checkHop4(host, hop, scope, type), realm: hop.realm }));
  if (words.realm !== 0 && nextHops[0] && nextHops[0].realm !== words.realm)
    throw kernelError('Nexthop class id does not match RTA_FLOW.');
  const source = words.source ? asNumber(words.source) : 0;
  if (source !== 0 && !validSource(host, source, type, address))
    throw kernelError('Invalid prefsrc address.');
  return {
    table: tableOf(words, type),
    destination: address,
    prefixLength,
    tos: words.tos,
    priority: words.priority ?? 0,
    type,
    scope,
    protocol: words.protocol ?? PROTOCOL.BOOT,
    source,
    realm: words.realm,
    metrics: words.metrics,
    mtuLocked: words.mtuLocked,
    nextHops,
    made: new Map(),
  };
}

function validSource(host: Host, source: number, type: number, destination: number): boolean {
  return (
    (type === ROUTE_TYPE.LOCAL && source === destination) ||
    host.routing4.addressType(source) === ROUTE_TYPE.LOCAL
  );
}

/** The scope that iproute2 gives a route without one. */
function scopeFor(type: number, hops: readonly HopWords[]): number {
  if (type === ROUTE_TYPE.LOCAL) return SCOPE.HOST;
  if (type === ROUTE_TYPE.BROADCAST || type === ROUTE_TYPE.MULTICAST || type === ROUTE_TYPE.ANYCAST)
    return SCOPE.LINK;
  if (LEADS_NOWHERE.has(type) || hops.length > 1) return SCOPE.UNIVERSE;
  return hops[0]?.gateway ? SCOPE.UNIVERSE : SCOPE.LINK;
}

const SCRATCH = new Flow4();
const FOUND = new FibResult4();

function checkHop4(host: Host, hop: HopWords, scope: number, type: number): Omit<NextHop4, 'realm'> {
  const { interfaces, routing4 } = host;
  const { weight, onlink } = hop;
  if (scope >= SCOPE.HOST) {
    if (hop.gateway) throw kernelError('Route with host scope can not have a gateway.');
    return {
      device: deviceUp(host, hop.device).index,
      gateway: 0,
      weight,
      onlink,
      scope: SCOPE.NOWHERE,
      dead: false,
    };
  }
  if (!hop.gateway) {
    if (hop.device === 0) throw kernelSays('No such device');
    return {
      device: deviceUp(host, hop.device).index,
      gateway: 0,
      weight,
      onlink,
      scope: SCOPE.HOST,
      dead: false,
    };
  }
  if (hop.gateway.length === 16) {
    const device = deviceUp(host, hop.device);
    return {
      device: device.index,
      gateway: 0,
      gateway6: hop.gateway,
      weight,
      onlink,
      scope: SCOPE.LINK,
      dead: false,
    };
  }
  const gateway = asNumber(hop.gateway);
  if (scope >= SCOPE.LINK) throw kernelError('Nexthop has invalid scope.');
  if (onlink) {
    const device = deviceUp(host, hop.device);
    if (routing4.addressType(gateway, device.index) !== ROUTE_TYPE.UNICAST)
      throw kernelError('Nexthop has invalid gateway.');
    return { device: device.index, gateway, weight, onlink, scope: SCOPE.LINK, dead: false };
  }
  const flow = SCRATCH.reset();
  flow.destination = gateway;
  flow.outDevice = hop.device;
  // The gateway must be on a link: a route of a narrower scope than this one leads there.
  flow.scope = Math.max(scope + 1, SCOPE.LINK);
  if (routing4.lookup(flow, FOUND) !== 0) throw kernelError('Nexthop has invalid gateway.');
  const entry = FOUND.entry!;
  if (entry.type !== ROUTE_TYPE.UNICAST && entry.type !== ROUTE_TYPE.LOCAL)
    throw kernelError('Nexthop has invalid gateway.');
  if (entry.type === ROUTE_TYPE.LOCAL && type !== ROUTE_TYPE.LOCAL)
    throw kernelError('Nexthop has invalid gateway.');
  const device = interfaces.byIndex(FOUND.hop!.device);
  if (!device) throw kernelError('No egress device for nexthop.');
  return {
    device: device.index,
    gateway,
    weight,
    onlink,
    scope: Math.max(entry.scope, SCOPE.LINK),
    dead: false,
  };
}

function deviceUp(host: Host, index: number) {
  const device = host.interfaces.byIndex(index);
  if (!device) throw kernelSays('No such device');
  if (!device.up) throw kernelError('Device for nexthop is not up.');
  return device;
}

/** The IPv6 route that was typed (ip6_route_info_create, fib6_nh_init). */
export function entry6(host: Host, words: RouteWords): FibEntry6 {
  const type = words.type ?? ROUTE_TYPE.UNICAST;
  const { destination, from } = words;
  const prefixLength = destination?.length ?? 0;
  const nowhere = LEADS_NOWHERE.has(type);
  const typed = words.hops.length > 0 ? words.hops : [words.hop];
  const nextHops: NextHop6[] = nowhere
    ? [{ device: LOOPBACK_INDEX, gateway: undefined, weight: 1, onlink: false, dead: false }]
    : typed.map((hop) => checkHop6(host, hop));
  if (words.source && !ownAddress(host, words.source)) throw kernelError('Invalid source address.');
  return {
    table: tableOf(words, type),
    // The kernel clears what is behind the prefix (ipv6_addr_prefix).
    destination: network6(destination?.bytes ?? new Uint8Array(16), prefixLength),
    prefixLength,
    from: from?.bytes ?? new Uint8Array(16),
    fromLength: from?.length ?? 0,
    metric: words.priority || DEFAULT_METRIC6,
    type,
    protocol: words.protocol ?? PROTOCOL.BOOT,
    source: words.source,
    metrics: words.metrics,
    mtuLocked: words.mtuLocked,
    preference: words.preference,
    nextHops,
    made: new Map(),
  };
}

function ownAddress(host: Host, bytes: Uint8Array): boolean {
  return host.interfaces
    .list()
    .some((device) =>
      device.addresses6.some((own) => own.bytes.every((byte, index) => byte === bytes[index])),
    );
}

function checkHop6(host: Host, hop: HopWords): NextHop6 {
  const { weight, onlink, gateway } = hop;
  if (!gateway) {
    if (hop.device === 0) throw kernelSays('No such device');
    return { device: deviceUp(host, hop.device).index, gateway: undefined, weight, onlink, dead: false };
  }
  if (ownAddress(host, gateway)) throw kernelError('Gateway can not be a local address.');
  const linkLocal = gateway[0] === 0xfe && (gateway[1]! & 0xc0) === 0x80;
  if (linkLocal || onlink) {
    return { device: deviceUp(host, hop.device).index, gateway, weight, onlink, dead: false };
  }
  const flow = new Flow6();
  flow.destination.set(gateway);
  flow.outDevice = hop.device;
  const route = host.routing6.lookupOutput(flow);
  if (route.error !== 0 || route.gateway || (hop.device !== 0 && route.device !== hop.device)) {
    throw kernelSays('No route to host');
  }
  return { device: hop.device || route.device, gateway, weight, onlink, dead: false };
}
