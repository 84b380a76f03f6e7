import type { Packet } from '../../netfilter/packet.ts';
import type { Timer } from '../../netfilter/timers.ts';

/** States of a neighbour (NUD_*, include/uapi/linux/neighbour.h). */
export const NUD = {
  NONE: 0x00,
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;

/** The link-layer address can be used. */
export const VALID = NUD.PERMANENT | NUD.NOARP | NUD.REACHABLE | NUD.PROBE | NUD.STALE | NUD.DELAY;
/** It can be used without a doubt. */
export const CONNECTED = NUD.PERMANENT | NUD.NOARP | NUD.REACHABLE;

/** A neighbour on a link. */
export class Neighbour {
  readonly device: number;
  readonly family: 4 | 6;
  /** IPv4 address, signed; 0 for IPv6. */
  readonly address4: number;
  /** IPv6 address, 16 bytes; empty for IPv4. */
  readonly address6: Uint8Array;
  state: number = NUD.NONE;
  /** 6 bytes; zeros while unknown. */
  mac = new Uint8Array(6);
  isRouter = false;
  /** Microseconds of the host's clock: when it was last known to be there, used, and changed. */
  confirmed = 0;
  used = 0;
  updated = 0;
  /** How often it was asked since it last answered. */
  probes = 0;
  timer: Timer | undefined = undefined;
  /** Packets that wait for it, and how many bytes they hold. */
  waiting: Packet[] = [];
  waitingBytes = 0;
  /** Set by an administrator with a protocol or flags (`ip neigh … router`, `extern_learn`). */
  externallyLearned = false;

  constructor(device: number, family: 4 | 6, address4: number, address6: Uint8Array) {
    this.device = device;
    this.family = family;
    this.address4 = address4;
    this.address6 = address6;
  }
}
