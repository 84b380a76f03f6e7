import type { Host } from '../../host/host.ts';
import { type FibEntry4, PROTOCOL, SCOPE, TABLE } from '../../host/routing/route4.ts';
import type { FibEntry6 } from '../../host/routing/route6.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { protocolName, scopeName, tableName, typeName } from './names.ts';
import { addressText, fromNumber } from './prefix.ts';
import { realmObject, realmWords } from './realms.ts';

/** What a listing was limited to: such things are not printed again. */
export interface Shown {
  readonly device: number;
  /** 0: all tables. */
  readonly table: number;
}

function metricsText(metrics: Readonly<Record<string, number>>, locked: boolean): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${name === 'mtu' && locked ? 'lock ' : ''}${value} `)
    .join('');
}

function tableText(table: number, shown: Shown): string {
  return shown.table === 0 && table !== TABLE.MAIN ? `table ${tableName(table)} ` : '';
}

function protocolText(protocol: number): string {
  return protocol === PROTOCOL.BOOT ? '' : `proto ${protocolName(protocol)} `;
}

/** One line of `ip route`, or several where there are several next hops. */
export function text4(host: Host, entry: FibEntry4, shown: Shown): string {
  const { destination, prefixLength, type, nextHops, scope } = entry;
  const to =
    prefixLength === 0
      ? 'default'
      : addressText(fromNumber(destination)) + (prefixLength === 32 ? '' : `/${prefixLength}`);
  const one = nextHops.length === 1 ? nextHops[0] : undefined;
  let line = `${type === ROUTE_TYPE.UNICAST ? '' : `${typeName(type)} `}${to} `;
  if (entry.tos !== 0) line += `tos 0x${entry.tos.toString(16)} `;
  if (one) line += hop4(host, one, shown);
  line += tableText(entry.table, shown) + protocolText(entry.protocol);
  if (scope !== SCOPE.UNIVERSE) line += `scope ${scopeName(scope)} `;
  if (entry.source !== 0) line += `src ${addressText(fromNumber(entry.source))} `;
  if (entry.priority !== 0) line += `metric ${entry.priority >>> 0} `;
  if (one?.dead) line += 'dead linkdown ';
  if (one?.onlink) line += 'onlink ';
  line += realmWords(realmOf(entry));
  line += metricsText(entry.metrics, entry.mtuLocked);
  line += '\n';
  if (nextHops.length > 1) {
    for (const hop of nextHops) {
      line += `\tnexthop ${hop4(host, hop, { device: 0, table: 0 }, realmWords(hop.realm))}weight ${hop.weight} ${hop.onlink ? 'onlink ' : ''}\n`;
    }
  }
  return line;
}

function hop4(host: Host, hop: FibEntry4['nextHops'][number], shown: Shown, realm = ''): string {
  let text = '';
  if (hop.gateway6) text += `via inet6 ${addressText(hop.gateway6)} `;
  else if (hop.gateway !== 0) text += `via ${addressText(fromNumber(hop.gateway))} `;
  text += realm;
  if (hop.device !== shown.device) text += `dev ${host.interfaces.nameOf(hop.device)} `;
  return text;
}

/** That of the only next hop; several have their own. */
const realmOf = ({ nextHops, realm }: FibEntry4): number =>
  nextHops.length === 0 ? realm : nextHops.length === 1 ? nextHops[0]!.realm : 0;

export function text6(host: Host, entry: FibEntry6, shown: Shown): string {
  const { destination, prefixLength, type, nextHops } = entry;
  const to =
    prefixLength === 0
      ? 'default'
      : addressText(destination) + (prefixLength === 128 ? '' : `/${prefixLength}`);
  const one = nextHops.length === 1 ? nextHops[0] : undefined;
  let line = `${type === ROUTE_TYPE.UNICAST ? '' : `${typeName(type)} `}${to} `;
  if (entry.fromLength > 0) {
    line += `from ${addressText(entry.from)}${entry.fromLength === 128 ? '' : `/${entry.fromLength}`} `;
  }
  if (one) line += hop6(host, one, shown);
  line += tableText(entry.table, shown) + protocolText(entry.protocol);
  if (entry.source) line += `src ${addressText(entry.source)} `;
  line += `metric ${entry.metric >>> 0} `;
  if (one?.onlink) line += 'onlink ';
  line += metricsText(entry.metrics, entry.mtuLocked);
  line += `pref ${entry.preference < 0 ? 'low' : entry.preference > 0 ? 'high' : 'medium'}\n`;
  if (nextHops.length > 1) {
    for (const hop of nextHops)
      line += `\tnexthop ${hop6(host, hop, { device: 0, table: 0 })}weight ${hop.weight} \n`;
  }
  return line;
}

function hop6(host: Host, hop: FibEntry6['nextHops'][number], shown: Shown): string {
  const via = hop.gateway ? `via ${addressText(hop.gateway)} ` : '';
  return hop.device !== shown.device ? `${via}dev ${host.interfaces.nameOf(hop.device)} ` : via;
}

/** The same for `-json`, in iproute2's names and order. */
export function json4(host: Host, entry: FibEntry4): Record<string, unknown> {
  const { destination, prefixLength, type, nextHops, scope } = entry;
  const to =
    prefixLength === 0
      ? 'default'
      : addressText(fromNumber(destination)) + (prefixLength === 32 ? '' : `/${prefixLength}`);
  const hop = (one: FibEntry4['nextHops'][number]) => ({
    ...(one.gateway !== 0 ? { gateway: addressText(fromNumber(one.gateway)) } : {}),
    ...(nextHops.length > 1 ? realmObject(one.realm) : {}),
    dev: host.interfaces.nameOf(one.device),
  });
  return {
    ...(type === ROUTE_TYPE.UNICAST ? {} : { type: typeName(type) }),
    dst: to,
    ...(entry.tos !== 0 ? { tos: `0x${entry.tos.toString(16)}` } : {}),
    ...(nextHops.length === 1 ? hop(nextHops[0]!) : {}),
    ...(entry.protocol === PROTOCOL.BOOT ? {} : { protocol: protocolName(entry.protocol) }),
    ...(scope !== SCOPE.UNIVERSE ? { scope: scopeName(scope) } : {}),
    ...(entry.source !== 0 ? { prefsrc: addressText(fromNumber(entry.source)) } : {}),
    ...(entry.priority !== 0 ? { metric: entry.priority >>> 0 } : {}),
    flags: nextHops.length === 1 && nextHops[0]!.onlink ? ['onlink'] : [],
    ...realmObject(realmOf(entry)),
    ...(Object.keys(entry.metrics).length > 0 ? { metrics: [entry.metrics] } : {}),
    ...(nextHops.length > 1
      ? {
          nexthops: nextHops.map((one) => ({
            ...hop(one),
            weight: one.weight,
            flags: one.onlink ? ['onlink'] : [],
          })),
        }
      : {}),
  };
}

export function json6(host: Host, entry: FibEntry6): Record<string, unknown> {
  const { destination, prefixLength, type, nextHops } = entry;
  const to =
    prefixLength === 0
      ? 'default'
      : addressText(destination) + (prefixLength === 128 ? '' : `/${prefixLength}`);
  const hop = (one: FibEntry6['nextHops'][number]) => ({
    ...(one.gateway ? { gateway: addressText(one.gateway) } : {}),
    dev: host.interfaces.nameOf(one.device),
  });
  return {
    ...(type === ROUTE_TYPE.UNICAST ? {} : { type: typeName(type) }),
    dst: to,
    ...(nextHops.length === 1 ? hop(nextHops[0]!) : {}),
    ...(entry.protocol === PROTOCOL.BOOT ? {} : { protocol: protocolName(entry.protocol) }),
    ...(entry.source ? { prefsrc: addressText(entry.source) } : {}),
    metric: entry.metric >>> 0,
    flags: nextHops[0]?.onlink ? ['onlink'] : [],
    ...(Object.keys(entry.metrics).length > 0 ? { metrics: [entry.metrics] } : {}),
    pref: entry.preference < 0 ? 'low' : entry.preference > 0 ? 'high' : 'medium',
    ...(nextHops.length > 1
      ? { nexthops: nextHops.map((one) => ({ ...hop(one), weight: one.weight, flags: [] })) }
      : {}),
  };
}
