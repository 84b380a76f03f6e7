import { dropByHelper } from '../../conntrack/helpers/drop.ts';
import type { Rewriters } from '../../conntrack/helpers/rewriters.ts';
import { REPLY } from '../../conntrack/tuple.ts';
import { ACCEPT } from '../../netfilter/verdict.ts';
import type { Nat } from '../nat.ts';
import { expectAtFreePort, followMaster } from './follow.ts';
import { asciiBytes, mangleTcp } from './mangle.ts';

/** Rewrites the address and port of an offer (net/netfilter/nf_nat_irc.c). */
export function ircRewriter(nat: Nat): NonNullable<Rewriters['irc']> {
  const { conntrack } = nat;
  return (said, at, length, expectation) => {
    const { packet, connection } = said;
    expectation.saved.destinationPart = expectation.tuple.destinationPart;
    expectation.direction = REPLY;
    expectation.onConnection = (child, fulfilled) => followMaster(nat, child, fulfilled);
    const port = expectAtFreePort(conntrack, expectation, expectation.saved.destinationPart);
    if (port === 0) return dropByHelper(conntrack, packet, 'all ports in use');
    const text = `${connection.reply.dst0 >>> 0} ${port}`;
    if (mangleTcp(said, at, length, asciiBytes(text))) return ACCEPT;
    const verdict = dropByHelper(conntrack, packet, 'cannot mangle packet');
    conntrack.expectations.remove(expectation);
    return verdict;
  };
}
