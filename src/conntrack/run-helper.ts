import { INPUT } from '../netfilter/constants.ts';
import type { HookState } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT, DROP, type Verdict } from '../netfilter/verdict.ts';
import { type Connection, INFO_RELATED_REPLY, STATUS } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import { adjustSequence } from './sequence.ts';
import { transportOf } from './transport.ts';

/** The interface lo, whose packets have been adjusted when they were sent. */
const LOOPBACK = 1;

/**
 * A packet of a connection with a helper, or with moved sequence numbers, is about to leave or to be delivered: its
 * helper reads it, then its numbers are moved. What the helper itself changes in this packet moves only later ones.
 * (net/netfilter/nf_conntrack_proto.c nf_confirm)
 */
export function runHelper(
  conntrack: Conntrack,
  packet: Packet,
  connection: Connection,
  state: HookState,
): Verdict {
  const info = packet.connectionInfo;
  // ICMP errors about answers. Those about the original direction are read, as Linux does.
  if (info === INFO_RELATED_REPLY) return ACCEPT;
  const moves =
    (connection.status & STATUS.SEQ_ADJUST) !== 0 && !(state.hook === INPUT && packet.inDevice === LOOPBACK);
  const transport = transportOf(packet.bytes, packet.network, packet.end, packet.family);
  if (transport === undefined) return ACCEPT;
  const { offset } = transport;
  const helper = connection.help?.helper;
  if (helper) {
    const verdict = helper.help(packet, offset, connection, info, state);
    if (verdict !== ACCEPT) return verdict;
  }
  if (moves && !adjustSequence(packet, offset, connection, info)) {
    conntrack.statistics.drop++;
    return DROP;
  }
  return ACCEPT;
}
