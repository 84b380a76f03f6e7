import type { HookState, Hooks } from '../netfilter/hooks.ts';
import type { ChainStep } from '../netfilter/observer.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import type { BuiltTable } from './commit.ts';
import { DEFAULT_LOG, formatPacketLog } from './log-line.ts';
import { isFinal } from './rule.ts';

/** Says which line of which chain matched: to the observer, and to the kernel log for packets that TRACE marked. */
export class Trace {
  readonly #built: BuiltTable;
  readonly #hooks: Hooks;
  readonly #services: Services;

  constructor(built: BuiltTable, hooks: Hooks, services: Services) {
    this.#built = built;
    this.#hooks = hooks;
    this.#services = services;
  }

  /** A line matched; its target has not run yet (net/ipv4/netfilter/ip_tables.c trace_packet). */
  matched(packet: Packet, state: HookState, line: number): void {
    const { chain, entry, number } = this.#built.line(line);
    const table = this.#built.image.name;
    // An unconditional plain verdict reads like the end of its chain.
    const atEnd = entry === undefined || isFinal(entry.rule);
    const kind: ChainStep = !atEnd ? 'rule' : chain.hook === undefined ? 'return' : 'policy';
    this.#hooks.observer?.step?.(packet, table, chain.name, kind, number);
    if (!packet.traced) return;
    const prefix = `TRACE: ${table}:${chain.name}:${kind}:${number} `;
    this.#services.log(4, formatPacketLog(packet, state, prefix, DEFAULT_LOG, this.#services));
  }

  /** A test of a line found headers that lie: the packet ends there. */
  malformed(packet: Packet, line: number): void {
    const { chain, number } = this.#built.line(line);
    this.#hooks.observer?.malformed?.(packet, this.#built.image.name, chain.name, number);
  }
}
