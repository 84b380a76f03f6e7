import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT, DROP, type Verdict } from '../netfilter/verdict.ts';
import {
  type Connection,
  INFO_ESTABLISHED_REPLY,
  infoDirection,
  STATUS,
  setConnection,
} from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import { type Handle, REPLY, sameTuple } from './tuple.ts';

/** Seconds that a connection lives which only its original direction finds. */
const CLASH_TIMEOUT = 1e6;

/**
 * Two first packets of one flow were on their way at once (one may have waited in a queue), and `rival` was confirmed
 * first: the second packet joins it if NAT made the same of both. (nf_ct_resolve_clash)
 */
export function resolveClash(
  conntrack: Conntrack,
  packet: Packet,
  loser: Connection,
  rival: Handle,
): Verdict {
  const winner = rival.connection;
  const { statistics } = conntrack;
  if (conntrack.trackerOf(loser.original.protocol).allowsClash) {
    if ((winner.status & STATUS.NAT_DONE_MASK) === 0 || agree(winner, loser)) {
      join(packet, winner, loser, packet.connectionInfo);
      statistics.clashResolve++;
      return ACCEPT;
    }
    if (agreeReversed(winner, loser)) {
      join(packet, winner, loser, INFO_ESTABLISHED_REPLY);
      statistics.clashResolve++;
      return ACCEPT;
    }
    if (joinsBeside(conntrack, winner, loser, rival)) {
      // Answers belong to the winner; this one only lets the packets of the original direction through, for a second.
      loser.timeout = CLASH_TIMEOUT;
      loser.status |= STATUS.FIXED_TIMEOUT | STATUS.NAT_CLASH;
      conntrack.insert(loser, false);
      statistics.clashResolve++;
      return ACCEPT;
    }
  }
  statistics.drop++;
  statistics.insertFailed++;
  return DROP;
}

function join(packet: Packet, winner: Connection, loser: Connection, info: number): void {
  setConnection(packet, winner, info);
  if (winner.counts === undefined || loser.counts === undefined) return;
  const counted = loser.counts[0];
  const count = winner.counts[infoDirection(info)];
  count.packets += counted.packets;
  count.bytes += counted.bytes;
}

function agree(a: Connection, b: Connection): boolean {
  return sameHandle(a.original, b.original) && sameHandle(a.reply, b.reply);
}

function agreeReversed(a: Connection, b: Connection): boolean {
  return sameHandle(a.original, b.reply) && sameHandle(a.reply, b.original);
}

function sameHandle(a: Handle, b: Handle): boolean {
  return a.zone === b.zone && sameTuple(a, b);
}

/** Only the answers clash, and the winner has had none. (nf_ct_resolve_clash_harder) */
function joinsBeside(conntrack: Conntrack, winner: Connection, loser: Connection, rival: Handle): boolean {
  if (rival.direction !== REPLY || (winner.status & STATUS.SEEN_REPLY) !== 0) return false;
  if (conntrack.findHandle(loser.original, loser.zone) !== undefined) return false;
  return sameHandle(winner.reply, loser.reply);
}
