import { dropByHelper } from '../../conntrack/helpers/drop.ts';
import type { Rewriters } from '../../conntrack/helpers/rewriters.ts';
import { ORIGINAL } from '../../conntrack/tuple.ts';
import { ACCEPT } from '../../netfilter/verdict.ts';
import type { Nat } from '../nat.ts';
import { expectAtFreePort, followMaster } from './follow.ts';
import { asciiBytes, mangleUdp } from './mangle.ts';

/** Rewrites the ports of Amanda's channels (net/netfilter/nf_nat_amanda.c). */
export function amandaRewriter(nat: Nat): NonNullable<Rewriters['amanda']> {
  const { conntrack } = nat;
  return (said, at, length, expectation) => {
    expectation.saved.destinationPart = expectation.tuple.destinationPart;
    expectation.direction = ORIGINAL;
    expectation.onConnection = (child, fulfilled) => followMaster(nat, child, fulfilled);
    const port = expectAtFreePort(conntrack, expectation, expectation.saved.destinationPart);
    if (port === 0) return dropByHelper(conntrack, said.packet, 'all ports in use');
    if (mangleUdp(said, at, length, asciiBytes(String(port)))) return ACCEPT;
    const verdict = dropByHelper(conntrack, said.packet, 'cannot mangle packet');
    conntrack.expectations.remove(expectation);
    return verdict;
  };
}
