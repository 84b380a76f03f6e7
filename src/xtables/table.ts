import type { ErrnoName, Family, Hook } from '../netfilter/constants.ts';
import type { HookState, Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import type { Verdict } from '../netfilter/verdict.ts';
import type { Builder } from './commit.ts';
import type { DevicePatterns } from './devices.ts';
import { type Chain, type Entry, TableImage } from './image.ts';
import type { Names } from './names.ts';
import { RunningTable } from './running.ts';

/** Packets and bytes. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** What tables share on a host. */
export interface TableParts {
  readonly hooks: Hooks;
  readonly services: Services;
  readonly builder: Builder;
  readonly patterns: DevicePatterns;
  readonly names: () => Names;
}

/** One table of one family: what runs, and how it is replaced. */
export class Table {
  readonly family: Family;
  readonly name: string;
  readonly #parts: TableParts;
  #running: RunningTable;
  /** The declared rules belong to another host: they are copied before anything changes. */
  #borrowed = false;

  constructor(family: Family, name: string, hooks: readonly Hook[], parts: TableParts) {
    this.family = family;
    this.name = name;
    this.#parts = parts;
    const image = TableImage.fresh(family, name, hooks);
    const built = parts.builder.build(image);
    if (typeof built === 'string') throw new Error(`an empty table was refused: ${built}`);
    this.#running = this.#start(built);
  }

  #start(built: ConstructorParameters<typeof RunningTable>[0]): RunningTable {
    const { hooks, services, names, patterns } = this.#parts;
    const running = new RunningTable(built, hooks, services, names, patterns);
    this.#numberLines(running);
    return running;
  }

  /** The table as declared; copy it to change it. */
  get image(): TableImage {
    return this.#running.built.image;
  }

  /** Sends a packet through the chain of the hook. */
  run(packet: Packet, state: HookState): Verdict {
    return this.#running.run(packet, state);
  }

  /** Counters of a rule: the running ones, or what a new rule will start from. */
  count(entry: Entry): Count {
    if (entry.slot < 0) return entry;
    const { counters } = this.#running;
    return { packets: counters.packets(entry.slot), bytes: counters.bytes(entry.slot) };
  }

  /** Counters of a chain's end: of a built-in chain those of its policy. */
  chainCount(chain: Chain): Count {
    if (chain.slot < 0) return chain;
    const { counters } = this.#running;
    return { packets: counters.packets(chain.slot), bytes: counters.bytes(chain.slot) };
  }

  /**
   * Replaces the whole table, or answers the name of the error for which the kernel refuses it; then nothing changes.
   * Rules that stay keep their counters. Those of policies start again from 0 unless the image sets them, as on Linux;
   * so does all state of matches and targets.
   */
  commit(image: TableImage): ErrnoName | undefined {
    const built = this.#parts.builder.build(this.#borrowed ? image.detached() : image);
    if (typeof built === 'string') return built;
    const { hooks, services, names, patterns } = this.#parts;
    const old = this.#running;
    const running = new RunningTable(built, hooks, services, names, patterns);
    for (let line = 0; line < built.size; line++) {
      const { chain, entry } = built.line(line);
      if (entry === undefined) {
        if (chain.slot < 0) running.counters.set(line, chain.packets, chain.bytes);
      } else if (entry.slot < 0) {
        running.counters.set(line, entry.packets, entry.bytes);
      } else {
        running.counters.copy(line, old.counters, entry.slot);
      }
    }
    this.#numberLines(running);
    this.#running = running;
    this.#borrowed = false;
    old.built.destroy();
    return undefined;
  }

  /**
   * Takes over the rules and counters of another host's table, which does not change any more, in much less time than
   * committing them takes. Both hosts must be described alike; state of matches and targets is this host's own.
   */
  borrow(lent: Table): void {
    const { hooks, services, names, patterns, builder } = this.#parts;
    this.#running.built.destroy();
    const built = builder.borrow(lent.#running.built);
    this.#running = new RunningTable(built, hooks, services, names, patterns, lent.#running);
    this.#borrowed = true;
  }

  #numberLines(running: RunningTable): void {
    const { built } = running;
    for (let line = 0; line < built.size; line++) {
      const { chain, entry } = built.line(line);
      if (entry) entry.slot = line;
      else chain.slot = line;
    }
  }
}
