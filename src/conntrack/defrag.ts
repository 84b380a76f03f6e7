import { type Family, OUTPUT, PREROUTING, PRIORITY } from '../netfilter/constants.ts';
import {
  DEFRAG_CONNTRACK_IN,
  DEFRAG_CONNTRACK_OUT,
  type Fragments4,
  isFragment4,
} from '../netfilter/fragments4.ts';
import { type Fragments6, REFUSED, TAKEN, WHOLE } from '../netfilter/fragments6.ts';
import type { HookState, Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT, DROP, STOLEN, type Verdict } from '../netfilter/verdict.ts';
import { INFO_UNTRACKED } from './connection.ts';
import { findFragmentHeader, firstFragmentLacksHeaders } from './fragment-header.ts';

/** Where {@link Fragments6.add} says that a fragment which is not the last has an odd length. */
const ODD_LENGTH = 4;
const FRAGMENT_HEADER = 8;

/** What defragmentation works with. IPv4's queues are the host's own; of IPv6 connection tracking has its own. */
export interface DefragParts {
  readonly hooks: Hooks;
  readonly fragments4: Fragments4;
  readonly fragments6: Fragments6;
}

/**
 * Gathers fragments before anything else looks at packets, while somebody needs it
 * (net/ipv4/netfilter/nf_defrag_ipv4.c, net/ipv6/netfilter/nf_defrag_ipv6_hooks.c).
 */
export class Defrag {
  readonly #parts: DefragParts;
  readonly #users: Record<Family, { count: number; release: () => void }> = {
    4: { count: 0, release: () => {} },
    6: { count: 0, release: () => {} },
  };

  constructor(parts: DefragParts) {
    this.#parts = parts;
  }

  /** The queues of IPv6 that wait for connection tracking. */
  get fragments6(): Fragments6 {
    return this.#parts.fragments6;
  }

  /** Starts for a family if nobody did; the answer ends this user's need. (nf_defrag_ipv4_enable) */
  acquire(family: Family): () => void {
    const users = this.#users[family];
    if (users.count++ === 0) {
      users.release = this.#parts.hooks.register({
        name: 'defrag',
        family,
        hook: [PREROUTING, OUTPUT],
        priority: PRIORITY.DEFRAG,
        run:
          family === 4
            ? (packet, state) => this.#gather4(packet, state)
            : (packet, state) => this.#gather6(packet, state),
      });
    }
    let held = true;
    return () => {
      if (held && --users.count === 0) users.release();
      held = false;
    };
  }

  /** (ipv4_conntrack_defrag) */
  #gather4(packet: Packet, state: HookState): Verdict {
    if (!isFragment4(packet) || isUntracked(packet)) return ACCEPT;
    const user = state.hook === PREROUTING ? DEFRAG_CONNTRACK_IN : DEFRAG_CONNTRACK_OUT;
    if (!this.#parts.fragments4.add(packet, user, packet.sender !== undefined)) return STOLEN;
    packet.ignoreDf = true;
    this.#parts.hooks.observer?.fragment?.(packet, 'reassembled');
    return ACCEPT;
  }

  /** (ipv6_defrag, net/ipv6/netfilter/nf_conntrack_reasm.c nf_ct_frag6_gather) */
  #gather6(packet: Packet, state: HookState): Verdict {
    // What came by lo was gathered when it left.
    if (packet.connection !== undefined || isUntracked(packet)) return ACCEPT;
    const { bytes, network, end } = packet;
    // A jumbogram has no fragments.
    if (((bytes[network + 4]! << 8) | bytes[network + 5]!) === 0) return ACCEPT;
    const found = findFragmentHeader(bytes, network, end);
    if (found === undefined) return ACCEPT;
    // One that lacks headers, perhaps a part of this one, goes on by itself, and is invalid for whoever looks at it.
    if (firstFragmentLacksHeaders(bytes, found.at, end)) return ACCEPT;
    if (found.at + FRAGMENT_HEADER > end) return DROP;
    const user = state.hook === PREROUTING ? DEFRAG_CONNTRACK_IN : DEFRAG_CONNTRACK_OUT;
    const { fragments6, hooks } = this.#parts;
    const result = fragments6.add(packet, found.at, found.fieldAt, user);
    if (result === TAKEN) return STOLEN;
    if (result === REFUSED) {
      hooks.observer?.choose?.(packet, 'defrag', fragments6.reason);
      return DROP;
    }
    if (result === WHOLE) {
      packet.ignoreDf = true;
      hooks.observer?.fragment?.(packet, 'reassembled');
      return ACCEPT;
    }
    if (result !== ODD_LENGTH) return DROP;
    // A fragment of an odd length goes on by itself, and the others are given up (-EPROTO).
    fragments6.abandon();
    return ACCEPT;
  }
}

function isUntracked(packet: Packet): boolean {
  return packet.connection === undefined && packet.connectionInfo === INFO_UNTRACKED;
}
