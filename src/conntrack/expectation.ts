import type { Connection } from './connection.ts';
import type { Helper } from './helper.ts';
import { type Direction, ORIGINAL, Tuple } from './tuple.ts';

/** Flags of an expectation (include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const EXPECT_PERMANENT = 1;
export const EXPECT_INACTIVE = 2;

/** A connection that a helper foresees (struct nf_conntrack_expect). */
export class Expectation {
  /** What it looks like. Fields whose mask is 0 do not count. */
  readonly tuple = new Tuple();
  /** Which bits of the source address, and of the source's part, count; the destination must fit wholly. */
  readonly mask = new Tuple();
  readonly master: Connection;
  /** Class among the helper's policies. */
  readonly class: number;
  /** Bits EXPECT_…: it stays when it is fulfilled; it is not fulfilled yet by anything; a user made it. */
  flags = 0;
  /** Helper that the expected connection gets; undefined for none. */
  helper: Helper | undefined = undefined;
  /** Called with a new connection that it foresaw, before that connection's first packet goes on (expectfn). */
  onConnection: ((connection: Connection, expectation: Expectation) => void) | undefined = undefined;
  /** When it lapses, microseconds of the host's clock; the helper's policy sets it on insertion. */
  timeout = Number.POSITIVE_INFINITY;
  /** For NAT: the destination that was said before it was rewritten (saved_addr, saved_proto). */
  readonly saved = new Tuple();
  /** For NAT: which direction of the master it follows. */
  direction: Direction = ORIGINAL;
  /** The table's own: hash of the destination, and the next in the same bucket. */
  hash = 0;
  next: Expectation | undefined = undefined;

  constructor(master: Connection, kind = 0) {
    this.master = master;
    this.class = kind;
  }

  get permanent(): boolean {
    return (this.flags & EXPECT_PERMANENT) !== 0;
  }

  get inactive(): boolean {
    return (this.flags & EXPECT_INACTIVE) !== 0;
  }

  /** Expects a flow of `protocol` to the destination address of `to`, port `port`, from anywhere. (nf_ct_expect_init) */
  to(to: Tuple, protocol: number, port: number): this {
    const { tuple, mask } = this;
    tuple.family = to.family;
    tuple.protocol = protocol;
    tuple.copyDestination(to);
    tuple.destinationPart = port;
    mask.family = to.family;
    mask.protocol = protocol;
    mask.destinationPart = 0xffff;
    return this;
  }

  /** Expects it from the source address of `from` alone, and from `port` alone if one is given. */
  from(from: Tuple, port?: number): this {
    const { tuple, mask } = this;
    tuple.copySource(from);
    tuple.sourcePart = port ?? 0;
    mask.src0 = -1;
    const others = from.family === 6 ? -1 : 0;
    mask.src1 = others;
    mask.src2 = others;
    mask.src3 = others;
    mask.sourcePart = port === undefined ? 0 : 0xffff;
    return this;
  }
}
