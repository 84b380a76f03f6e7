import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import { type FibEntry4, TABLE } from './route4.ts';
import { dotted } from './special4.ts';

const TABLE_NAMES = new Map<number, string>([
  [TABLE.LOCAL, 'local'],
  [TABLE.MAIN, 'main'],
  [TABLE.DEFAULT, 'default'],
]);
const TYPE_NAMES = new Map<number, string>([
  [ROUTE_TYPE.LOCAL, 'local '],
  [ROUTE_TYPE.BROADCAST, 'broadcast '],
  [ROUTE_TYPE.BLACKHOLE, 'blackhole '],
  [ROUTE_TYPE.UNREACHABLE, 'unreachable '],
  [ROUTE_TYPE.PROHIBIT, 'prohibit '],
  [ROUTE_TYPE.THROW, 'throw '],
]);

/** `main`, `table 50` */
export function tableText(table: number): string {
  return TABLE_NAMES.get(table) ?? `table ${table}`;
}

/** A route in the words of `ip route`. */
export function describe(host: Host, entry: FibEntry4, gateway: number, outDevice: number): string {
  const { destination, prefixLength, nextHops } = entry;
  const to =
    prefixLength === 0 ? 'default' : dotted(destination) + (prefixLength === 32 ? '' : `/${prefixLength}`);
  const via = gateway !== 0 ? ` via ${dotted(gateway)}` : '';
  const device = nextHops[0]
    ? host.interfaces.nameOf(entry.type === ROUTE_TYPE.LOCAL ? nextHops[0].device : outDevice)
    : '';
  return `${TYPE_NAMES.get(entry.type) ?? ''}${to}${via}${device ? ` dev ${device}` : ''}`;
}
