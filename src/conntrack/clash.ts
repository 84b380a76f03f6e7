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
import { type Handle, sameTuple } from './tuple.ts';

/** How long a connection lives that only its answers find, microseconds. */
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
    if (answersElsewhere(conntrack, loser)) {
      // The first one takes the packets of the original direction; this one only finds its own answers, for a second.
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

/** NAT has led the two to different places: the answers to this one are not taken. (nf_ct_resolve_clash_harder) */
function answersElsewhere(conntrack: Conntrack, loser: Connection): boolean {
  return conntrack.findHandle(loser.reply, loser.zone) === undefined;
}
