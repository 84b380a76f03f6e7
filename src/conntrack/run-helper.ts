import type { HookState } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../netfilter/verdict.ts';
import { type Connection, INFO_RELATED_REPLY } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import { transportOf } from './transport.ts';

/** A packet of a helped connection is about to leave or to be delivered: its helper reads it. (nf_confirm) */
export function runHelper(
  _conntrack: Conntrack,
  packet: Packet,
  connection: Connection,
  state: HookState,
): Verdict {
  // Helpers do not read ICMP errors.
  if (packet.connectionInfo === INFO_RELATED_REPLY) return ACCEPT;
  const transport = transportOf(packet.bytes, packet.network, packet.end, packet.family);
  if (transport === undefined) return ACCEPT;
  const helper = connection.help?.helper;
  return helper ? helper.help(packet, transport.offset, connection, packet.connectionInfo, state) : ACCEPT;
}
