import type { Hook } from './constants.ts';
import type { Packet } from './packet.ts';
import type { Route } from './services.ts';
import type { Verdict } from './verdict.ts';

/** Which line of a chain decided: a rule, the policy of a built-in chain, or the end of a user chain. */
export type ChainStep = 'rule' | 'policy' | 'return';

/** Why a rule did not match: the first test that failed, and what the packet has there. */
export interface Mismatch {
  /** The test as the command line writes it: `-p tcp`, `-m tcp --dport 443`, `-i eth0`. */
  readonly test: string;
  /** The packet's value in the same words: `udp`, `80`, `wan0`; or why there is none: `a later fragment has no ports`. */
  readonly value: string;
}

/**
 * Watches packets on a host. Every method is optional; a host without observer pays one comparison.
 * A packet is only good for the call: its bytes go on and change. `packet.id` names it, `packet.cause` names the
 * packet that it answers.
 */
export interface Observer {
  /** A frame came in, before anything is checked. */
  arrive?(packet: Packet, device: number): void;
  /** A local process or the host itself made a packet; it is about to be routed or to pass OUTPUT. */
  create?(packet: Packet, why: string): void;
  /** The routing decision, with the reason in words: `local table: 192.0.2.1 is an address of lan0`, `main: default via …`. */
  route?(packet: Packet, route: Route | undefined, why: string): void;
  /** A hook function is about to be asked. */
  enter?(packet: Packet, hook: Hook, name: string, priority: number): void;
  /** A hook function has answered. */
  leave?(packet: Packet, hook: Hook, name: string, verdict: Verdict): void;
  /** TRACE's view: a rule matched (before its target runs), or the end of a chain was reached. `number` counts from 1. */
  step?(packet: Packet, table: string, chain: string, kind: ChainStep, number: number): void;
  /** The rule that {@link step} spoke of, or that did not match, as `-S` prints it. Asked for only if `wantsMisses`. */
  matched?(packet: Packet, table: string, chain: string, number: number, rule: string): void;
  /** A rule that did not match, and why. Called only if `wantsMisses`. */
  missed?(packet: Packet, table: string, chain: string, number: number, rule: string, why: Mismatch): void;
  /** A test of this rule found headers that lie or are cut off: the packet is dropped there (the kernel's hotdrop). */
  malformed?(packet: Packet, table: string, chain: string, number: number): void;
  /** A part chose something for the packet: `who` is `nat`, `balance`, …; `what` a phrase with the choice and why. */
  choose?(packet: Packet, who: string, what: string): void;
  /** The packet ends here. `reason` is a short phrase in the field's words; `where` the part that ended it. */
  drop?(packet: Packet, where: string, reason: string): void;
  /** A local socket or the host's own stack took it. */
  deliver?(packet: Packet, to: string): void;
  /** A frame leaves by a device. The bytes from `packet.link` to `packet.end` are the frame. */
  transmit?(packet: Packet, device: number): void;
  /** One packet became several fragments, or several became one (`reassembled`). */
  fragment?(packet: Packet, what: string): void;
  /** It waits: in a queue (`queue 3`) or for a neighbour (`neighbour 192.0.2.7`). */
  wait?(packet: Packet, what: string): void;
  /** A line for the kernel log was written while this packet was handled. */
  log?(line: string): void;
  /** The plain interpreter is to run, which can say why a rule did not match. */
  readonly wantsMisses?: boolean;
}
