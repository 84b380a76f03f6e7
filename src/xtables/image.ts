import type { Family, Hook } from '../netfilter/constants.ts';
import { HOOK_NAMES } from '../netfilter/constants.ts';
import type { Rule } from './rule.ts';

/** A rule in its chain, with the place of its counters. */
export interface Entry {
  readonly rule: Rule;
  /** Index of the counter in the running table; -1 until committed: the counter then starts from `packets` and `bytes`. */
  slot: number;
  readonly packets: bigint;
  readonly bytes: bigint;
  /** Line of the text that iptables-restore read it from, from 1; 0 if it came another way. */
  readonly line: number;
}

export type Policy = 'ACCEPT' | 'DROP';

/** A chain as it was declared. */
export interface Chain {
  readonly name: string;
  /** Of a built-in chain. */
  readonly hook: Hook | undefined;
  policy: Policy;
  entries: readonly Entry[];
  /** Index of the counter of the chain's end in the running table; -1 if it starts from `packets` and `bytes`. */
  slot: number;
  packets: bigint;
  bytes: bigint;
}

export function newEntry(rule: Rule, packets = 0n, bytes = 0n, line = 0): Entry {
  return { rule, slot: -1, packets, bytes, line };
}

/**
 * A table as it was declared: its chains and rules. Commands change a copy and commit it; the kernel sees a table only as
 * a whole.
 */
export class TableImage {
  readonly family: Family;
  readonly name: string;
  readonly #chains = new Map<string, Chain>();
  readonly #owned = new Set<Chain>();
  #sorted: readonly Chain[] | undefined;
  /** Something was changed since the image was copied. */
  changed = false;

  private constructor(family: Family, name: string) {
    this.family = family;
    this.name = name;
  }

  /** A fresh table: empty built-in chains with policy ACCEPT. */
  static fresh(family: Family, name: string, hooks: readonly Hook[]): TableImage {
    const image = new TableImage(family, name);
    for (const hook of hooks) image.#add(HOOK_NAMES[hook], hook);
    return image;
  }

  /** A copy to change. Entries are shared, chains are not. */
  copy(): TableImage {
    const image = new TableImage(this.family, this.name);
    for (const chain of this.#chains.values()) image.#chains.set(chain.name, { ...chain });
    return image;
  }

  /** A copy that shares nothing that changes. */
  detached(): TableImage {
    const image = this.copy();
    for (const chain of image.#chains.values()) chain.entries = chain.entries.map((entry) => ({ ...entry }));
    return image;
  }

  #add(name: string, hook: Hook | undefined): Chain {
    const chain: Chain = { name, hook, policy: 'ACCEPT', entries: [], slot: -1, packets: 0n, bytes: 0n };
    this.#chains.set(name, chain);
    this.#sorted = undefined;
    return chain;
  }

  chain(name: string): Chain | undefined {
    return this.#chains.get(name);
  }

  /** Built-in chains in the order of their hooks, then the user's, sorted by bytes as libiptc does. */
  get chains(): readonly Chain[] {
    this.#sorted ??= [...this.#chains.values()].sort(order);
    return this.#sorted;
  }

  create(name: string): Chain {
    this.changed = true;
    return this.#add(name, undefined);
  }

  remove(name: string): void {
    this.changed = true;
    this.#chains.delete(name);
    this.#sorted = undefined;
  }

  /** Gives a user chain a new name; jumps to it follow. */
  rename(name: string, to: string): void {
    const chain = this.#chains.get(name)!;
    this.remove(name);
    this.#chains.set(to, { ...chain, name: to });
    for (const other of this.#chains.values()) {
      if (!other.entries.some(({ rule }) => leadsTo(rule, name))) continue;
      other.entries = other.entries.map((entry) =>
        leadsTo(entry.rule, name)
          ? {
              ...entry,
              rule: { ...entry.rule, action: { ...entry.rule.action, chain: to } as Rule['action'] },
            }
          : entry,
      );
    }
  }

  /** The rules of a chain, to be changed in place: a copy of its own the first time. */
  edit(chain: Chain): Entry[] {
    this.changed = true;
    if (!this.#owned.has(chain)) {
      this.#owned.add(chain);
      chain.entries = [...chain.entries];
    }
    return chain.entries as Entry[];
  }

  /** How many rules jump or go to each chain; those that none leads to are left out. */
  references(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { entries } of this.#chains.values()) {
      for (const { rule } of entries) {
        if (rule.action.kind !== 'chain') continue;
        counts.set(rule.action.chain, (counts.get(rule.action.chain) ?? 0) + 1);
      }
    }
    return counts;
  }
}

function leadsTo(rule: Rule, chain: string): boolean {
  return rule.action.kind === 'chain' && rule.action.chain === chain;
}

function order(a: Chain, b: Chain): number {
  if (a.hook !== undefined || b.hook !== undefined) return (a.hook ?? 9) - (b.hook ?? 9);
  return a.name < b.name ? -1 : 1;
}
