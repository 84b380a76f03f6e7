import type { HookState } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Connection } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import type { Tuple } from './tuple.ts';

/** What a tracker says of a packet. */
/** It belongs to the connection. */
export const TRACKED = 1;
/** It belongs to no connection, and goes on as INVALID. (-NF_ACCEPT) */
export const INVALID = -1;
/** It is dropped. (-NF_DROP) */
export const DROPPED = 0;
/** The connection was ended by it: look it up again, as the first packet of a new one. (-NF_REPEAT) */
export const AGAIN = -4;

/** A protocol's tracker: one file each. One object for each Conntrack, made by a factory, so that it may keep settings. */
export interface Tracker {
  /** IP protocol number; 0 for the generic one. */
  readonly protocol: number;
  /** As `conntrack -L` writes it: `tcp`. */
  readonly name: string;
  /** Clash of two first packets of one flow may be resolved in favour of the first. */
  readonly allowsClash: boolean;
  /**
   * Reads the parts of the tuple (addresses and protocol are there already) from the header at `offset`. False if the
   * header is cut off or has no place in a tuple.
   */
  readTuple(packet: Packet, offset: number, tuple: Tuple): boolean;
  /** Turns what {@link Tuple.swapFrom} made into the tuple of answers, where that is not enough. False if there is none. */
  invert?(of: Tuple, reply: Tuple): boolean;
  /**
   * Judges a packet of a connection, moves its state and its timeout (`conntrack.refresh`). Called for new,
   * unconfirmed connections too; `info` is the packet's ctinfo. Answers TRACKED, INVALID, DROPPED or AGAIN.
   */
  track(packet: Packet, offset: number, connection: Connection, info: number, state: HookState): number;
  /** May be dropped early when the table is full, although it is assured. */
  canEarlyDrop?(connection: Connection): boolean;
  /** State as `conntrack -L` shows it: `ESTABLISHED`; undefined if the protocol has none. */
  stateName?(connection: Connection): string | undefined;
  /** Tracking begins again after a pause in which packets of the connection were not seen. */
  resume?(connection: Connection): void;
  /** The connection is gone. */
  destroy?(connection: Connection): void;
}

/** Makes a tracker, and defines its sysctls. */
export type TrackerFactory = (conntrack: Conntrack) => Tracker;
