import { PROTOCOL, SCOPE, TABLE } from '../../host/routing/route4.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { wholeNumber } from './arguments.ts';

/** Names of route types as they are typed and printed. */
export const TYPES: Readonly<Record<string, number>> = {
  unicast: ROUTE_TYPE.UNICAST,
  local: ROUTE_TYPE.LOCAL,
  broadcast: ROUTE_TYPE.BROADCAST,
  anycast: ROUTE_TYPE.ANYCAST,
  multicast: ROUTE_TYPE.MULTICAST,
  blackhole: ROUTE_TYPE.BLACKHOLE,
  unreachable: ROUTE_TYPE.UNREACHABLE,
  prohibit: ROUTE_TYPE.PROHIBIT,
  throw: ROUTE_TYPE.THROW,
};
export const SCOPES: Readonly<Record<string, number>> = {
  global: SCOPE.UNIVERSE,
  universe: SCOPE.UNIVERSE,
  site: SCOPE.SITE,
  link: SCOPE.LINK,
  host: SCOPE.HOST,
  nowhere: SCOPE.NOWHERE,
};
/** /etc/iproute2/rt_protos */
export const PROTOCOLS: Readonly<Record<string, number>> = {
  unspec: PROTOCOL.UNSPEC,
  redirect: PROTOCOL.REDIRECT,
  kernel: PROTOCOL.KERNEL,
  boot: PROTOCOL.BOOT,
  static: PROTOCOL.STATIC,
  gated: 8,
  ra: PROTOCOL.RA,
  mrt: 10,
  zebra: 11,
  bird: 12,
  babel: 42,
  dhcp: PROTOCOL.DHCP,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
};
const TABLES: Readonly<Record<string, number>> = {
  unspec: TABLE.UNSPEC,
  default: TABLE.DEFAULT,
  main: TABLE.MAIN,
  local: TABLE.LOCAL,
};
export function tableNumber(word: string): number | undefined {
  return TABLES[word] ?? wholeNumber(word);
}

export function tableName(id: number): string {
  return Object.keys(TABLES).find((name) => TABLES[name] === id) ?? String(id);
}

export function protocolName(protocol: number): string {
  return Object.keys(PROTOCOLS).find((name) => PROTOCOLS[name] === protocol) ?? String(protocol);
}

export function typeName(type: number): string {
  return Object.keys(TYPES).find((name) => TYPES[name] === type) ?? String(type);
}

export function scopeName(scope: number): string {
  return Object.keys(SCOPES).find((name) => SCOPES[name] === scope) ?? String(scope);
}
