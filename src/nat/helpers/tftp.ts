import { dropByHelper } from '../../conntrack/helpers/drop.ts';
import type { Rewriters } from '../../conntrack/helpers/rewriters.ts';
import { REPLY } from '../../conntrack/tuple.ts';
import { ACCEPT } from '../../netfilter/verdict.ts';
import type { Nat } from '../nat.ts';
import { followMaster } from './follow.ts';

/** TFTP says no addresses: only the transfer's connection is translated (net/netfilter/nf_nat_tftp.c). */
export function tftpRewriter(nat: Nat): NonNullable<Rewriters['tftp']> {
  const { conntrack } = nat;
  return ({ packet, connection }, expectation) => {
    expectation.saved.destinationPart = connection.original.sourcePart;
    expectation.direction = REPLY;
    expectation.onConnection = (child, fulfilled) => followMaster(nat, child, fulfilled);
    return conntrack.expectations.insert(expectation) === 0
      ? ACCEPT
      : dropByHelper(conntrack, packet, 'cannot add expectation');
  };
}
