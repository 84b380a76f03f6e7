import type { Family } from '../netfilter/constants.ts';
import type { HookState } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Verdict } from '../netfilter/verdict.ts';
import type { Connection } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import type { Expectation } from './expectation.ts';
import type { Helpers } from './helpers/index.ts';

/** How many expectations of a class a connection may have, and how long they wait (struct nf_conntrack_expect_policy). */
export interface ExpectationPolicy {
  /** Most that may be pending; 0 for any number. */
  readonly maxExpected: number;
  /** Seconds; 0: for ever. */
  readonly timeout: number;
  readonly name?: string;
}

/** A helper: reads what a connection says and foresees other connections. One file each in `helpers/`. */
export interface Helper {
  /** As `CT --helper` and `-m helper` name it: `ftp`, `sip-5060`. */
  readonly name: string;
  /** Families it works in. */
  readonly families: readonly Family[];
  /** Protocol number of the connections it may help. */
  readonly protocol: number;
  /** By class. */
  readonly policies: readonly ExpectationPolicy[];
  /** False for one that has a name alone: it reads no packet, and foresees nothing. */
  readonly reads?: boolean;
  /**
   * Reads a packet of a connection (before sequence adjustment and confirmation). `offset` is where the transport
   * header begins. Answers ACCEPT, or DROP for what must not pass. (struct nf_conntrack_helper help)
   */
  help(packet: Packet, offset: number, connection: Connection, info: number, state: HookState): Verdict;
  /** The connection is gone, or lost its helper. */
  destroy?(connection: Connection): void;
}

/** What a helped connection has (struct nf_conn_help). */
export class ConnectionHelper {
  helper: Helper | undefined;
  /** Number of pending expectations by class. */
  readonly expecting: number[] = [0, 0, 0, 0];
  /** The pending ones, the oldest first. */
  readonly expectations: Expectation[] = [];
  /** The helper's own notes. */
  data: object | undefined = undefined;

  constructor(helper: Helper | undefined) {
    this.helper = helper;
  }
}

/** Makes a helper for a Conntrack. */
export type HelperFactory = (conntrack: Conntrack, helpers: Helpers) => Helper;
