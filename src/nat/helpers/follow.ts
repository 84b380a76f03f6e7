import type { Connection } from '../../conntrack/connection.ts';
import type { Conntrack } from '../../conntrack/conntrack.ts';
import type { Expectation } from '../../conntrack/expectation.ts';
import { EXPECT_BUSY } from '../../conntrack/expectations.ts';
import type { Nat } from '../nat.ts';
import { DESTINATION, destinationWords, oneAddress, oneEnd, SOURCE, sourceWords } from '../range.ts';

/** How many ports are tried for an expectation. */
const MOST_TRIES = 128;

/**
 * Inserts an expectation at `port`, or at another one that is free. Answers the port, 0 if none could be had.
 * (nf_nat_exp_find_port)
 */
export function expectAtFreePort(conntrack: Conntrack, expectation: Expectation, port: number): number {
  const range = 0xffff - port;
  let left = Math.min(range, MOST_TRIES);
  for (let tried = port; ; ) {
    expectation.tuple.destinationPart = tried;
    const error = conntrack.expectations.insert(expectation);
    if (error === 0) return tried;
    if (error !== EXPECT_BUSY || --left < 0) return 0;
    tried = port + (conntrack.services.random() % range);
  }
}

/**
 * An expected connection is translated as its master is: its source to where the master's packets come from, its
 * destination to the address and port that were said. (nf_nat_follow_master)
 */
export function followMaster(nat: Nat, connection: Connection, expectation: Expectation): void {
  const { master, direction, saved } = expectation;
  const other = master.handles[direction === 0 ? 1 : 0];
  nat.setup(connection, oneAddress(destinationWords(other)), SOURCE);
  nat.setup(connection, oneEnd(sourceWords(other), saved.destinationPart), DESTINATION);
}
