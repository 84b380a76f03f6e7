import type { Host } from '../../host/host.ts';
import { type FibEntry4, TABLE } from '../../host/routing/route4.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { type Arguments, kernelSays } from './arguments.ts';
import type { IpOptions } from './object.ts';
import { addressText, asNumber } from './prefix.ts';
import { entry4, entry6 } from './route-entry.ts';
import { type RouteWords, readRoute } from './route-words.ts';

export type Modification = 'add' | 'append' | 'change' | 'replace' | 'delete';

function familyOf(words: RouteWords, options: IpOptions): 4 | 6 {
  if (options.family) return options.family;
  if (words.destination && (words.destination.length > 0 || words.destination.explicit))
    return words.destination.family;
  const gateway = words.hop.gateway ?? words.hops[0]?.gateway;
  return gateway?.length === 16 || words.source?.length === 16 ? 6 : 4;
}

/** `ip route add` and its kin. */
export function modify(host: Host, args: Arguments, options: IpOptions, how: Modification): void {
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
    if (first) routing4.replace(first, entry);
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
      (hop, i) =>
        hop.device === b.nextHops[i]!.device &&
        hop.gateway === b.nextHops[i]!.gateway &&
        hop.realm === b.nextHops[i]!.realm,
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
      const { hop, realm } = words;
      // Realms count only beside an interface or a gateway (fib_nh_match).
      if (realm !== 0 && (hop.device !== 0 || hop.gateway) && entry.nextHops[0]?.realm !== realm)
        return false;
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
