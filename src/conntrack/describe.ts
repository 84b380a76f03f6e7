import type { Packet } from '../netfilter/packet.ts';
import { printIpv4, printIpv6 } from '../wire/address.ts';
import { type Connection, connectionOf, INFO_NEW, INFO_UNTRACKED, STATUS } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import { destinationBytes, sourceBytes, type Tuple } from './tuple.ts';

/** Names of ctinfo as rules say them; both directions have the same. */
const STATES = ['ESTABLISHED', 'RELATED', 'NEW', 'ESTABLISHED', 'RELATED'] as const;

/** What a packet is to its connection, as `--ctstate` calls it: `NEW`, …, `UNTRACKED`, `INVALID`. */
export function stateOf(packet: Packet): string {
  if (connectionOf(packet) === undefined) {
    return packet.connectionInfo === INFO_UNTRACKED ? 'UNTRACKED' : 'INVALID';
  }
  return STATES[packet.connectionInfo] ?? 'INVALID';
}

/** A side of a tuple: `192.0.2.10:5000`, `[2001:db8::1]:80`, without a port where the protocol has none. */
export function sideText(tuple: Tuple, side: 'source' | 'destination'): string {
  const bytes = side === 'source' ? sourceBytes(tuple) : destinationBytes(tuple);
  const address =
    tuple.family === 4
      ? printIpv4((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!)
      : printIpv6(bytes);
  if (!PORTS.has(tuple.protocol)) return address;
  const port = side === 'source' ? tuple.sourcePart : tuple.destinationPart;
  return tuple.family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}

const PORTS = new Set([6, 17, 132, 136]);

/** `tcp 192.0.2.10:5000 > 203.0.113.9:80`. */
export function tupleText(tuple: Tuple, conntrack: Conntrack): string {
  const { name } = conntrack.trackerOf(tuple.protocol);
  const protocol = name === 'unknown' ? `protocol ${tuple.protocol}` : name;
  const id = ICMP.has(tuple.protocol) ? ` id ${tuple.sourcePart}` : '';
  return `${protocol} ${sideText(tuple, 'source')} > ${sideText(tuple, 'destination')}${id}`;
}

const ICMP = new Set([1, 58]);

/** A packet's connection in a line: state, flow, how far it has come, when it ends. */
export function describeConnection(packet: Packet, conntrack: Conntrack): string {
  const state = stateOf(packet);
  const connection = connectionOf(packet);
  if (connection === undefined) {
    return state === 'UNTRACKED' ? 'UNTRACKED' : 'INVALID: it belongs to no connection and begins none';
  }
  const begun = connection.confirmed
    ? ''
    : packet.connectionInfo === INFO_NEW
      ? ', begun by this packet'
      : '';
  return `${state}: ${tupleText(connection.original, conntrack)}${begun}${details(connection, conntrack)}`;
}

function details(connection: Connection, conntrack: Conntrack): string {
  const { original, reply, master, status } = connection;
  const parts: string[] = [];
  if (master) {
    const by = master.help?.helper?.name ?? 'helper';
    parts.push(`expected by ${by} of ${tupleText(master.original, conntrack)}`);
  }
  const helper = connection.help?.helper;
  if (helper?.reads === false) parts.push(`helper ${helper.name}, which reads nothing here`);
  const state = conntrack.trackerOf(original.protocol).stateName?.(connection);
  if (state) parts.push(state);
  if ((status & STATUS.NAT_MASK) !== 0) parts.push(`answers come as ${tupleText(reply, conntrack)}`);
  if ((status & STATUS.SEEN_REPLY) === 0) parts.push('unreplied');
  if ((status & STATUS.ASSURED) !== 0) parts.push('assured');
  if (connection.mark !== 0) parts.push(`mark 0x${connection.mark.toString(16)}`);
  if (original.zone !== 0 || reply.zone !== 0) {
    parts.push(
      original.zone === reply.zone ? `zone ${original.zone}` : `zones ${original.zone}, ${reply.zone}`,
    );
  }
  const { now } = conntrack.services.timers;
  const left = connection.confirmed ? connection.timeout - now : connection.timeout;
  parts.push(`ends in ${Math.max(0, Math.round(left / 1e6))} s`);
  return `, ${parts.join(', ')}`;
}
