import type { Connection, Zone } from './connection.ts';
import type { Helper } from './helper.ts';
import type { Direction, Tuple } from './tuple.ts';

/** Flags of an expectation (include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const EXPECT_PERMANENT = 1;
export const EXPECT_INACTIVE = 2;
export const EXPECT_USERSPACE = 4;

/** A connection that a helper foresees (struct nf_conntrack_expect). */
export interface Expectation {
  /** What it looks like. Fields whose mask is 0 do not count. */
  readonly tuple: Tuple;
  /** Which bits of the source address, and of the source's part, count; the destination must fit wholly. */
  readonly mask: Tuple;
  readonly master: Connection;
  /** Class among the helper's policies. */
  readonly class: number;
  flags: number;
  /** Helper that the expected connection gets; undefined for none. */
  helper: Helper | undefined;
  /** Called with a new connection that it foresaw, before that connection's first packet goes on (expectfn). */
  onConnection: ((connection: Connection, expectation: Expectation) => void) | undefined;
  /** When it lapses, microseconds of the host's clock; Infinity for never. */
  timeout: number;
  /** For NAT: what was said before it was rewritten (saved_addr, saved_proto, dir). */
  readonly saved: Tuple;
  direction: Direction;
}

/** The connections that are foreseen. */
export class Expectations {
  /** How many there are. */
  get count(): number {
    return 0;
  }

  /**
   * The expectation that a new connection with this tuple fulfils; taken out of the table unless it is permanent.
   * (nf_ct_find_expectation)
   */
  take(_tuple: Tuple, _zone: Zone): Expectation | undefined {
    return undefined;
  }

  /** Drops what a connection expects. (nf_ct_remove_expectations) */
  removeOf(_master: Connection): void {}
}
