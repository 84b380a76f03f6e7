import type { Host } from '../../host/host.ts';
import { Flow4, type Route4, TABLE } from '../../host/routing/route4.ts';
import { Flow6, type Route6 } from '../../host/routing/route6.ts';
import { ERRNO } from '../../netfilter/constants.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { type Arguments, IpProblem, kernelSays } from './arguments.ts';
import { requireDevice } from './device.ts';
import type { IpOptions } from './object.ts';
import { addressText, asNumber, fromNumber } from './prefix.ts';
import { realmWords } from './realms.ts';

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
export function get(host: Host, args: Arguments, options: IpOptions): string {
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
  line += realmWords(found.realm);
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
