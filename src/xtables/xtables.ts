import type { Conntrack } from '../conntrack/conntrack.ts';
import type { Nat } from '../nat/nat.ts';
import {
  type Family,
  FORWARD,
  type Hook,
  INPUT,
  OUTPUT,
  POSTROUTING,
  PREROUTING,
  PRIORITY,
} from '../netfilter/constants.ts';
import type { HookState, Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import type { Verdict } from '../netfilter/verdict.ts';
import { Builder } from './commit.ts';
import { DevicePatterns } from './devices.ts';
import { mangleOutput } from './mangle.ts';
import { freshNames, type Names } from './names.ts';
import { Table, type TableParts } from './table.ts';

export const TABLE_NAMES = ['raw', 'mangle', 'nat', 'filter', 'security'] as const;
export type TableName = (typeof TABLE_NAMES)[number];

interface TableKind {
  readonly hooks: readonly Hook[];
  /** Where its function registers; undefined for nat, which NAT asks about first packets. */
  readonly priority: number | undefined;
  /** A change in OUTPUT makes the packet look for its route again. */
  readonly reroutes?: boolean;
}

const FILTER_HOOKS = [INPUT, FORWARD, OUTPUT] as const;

const KINDS: Readonly<Record<TableName, TableKind>> = {
  raw: { hooks: [PREROUTING, OUTPUT], priority: PRIORITY.RAW },
  mangle: {
    hooks: [PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING],
    priority: PRIORITY.MANGLE,
    reroutes: true,
  },
  nat: { hooks: [PREROUTING, INPUT, OUTPUT, POSTROUTING], priority: undefined },
  filter: { hooks: FILTER_HOOKS, priority: PRIORITY.FILTER },
  security: { hooks: FILTER_HOOKS, priority: PRIORITY.SECURITY },
};

function isTableName(name: string): name is TableName {
  return Object.hasOwn(KINDS, name);
}

/** The tables of a host, IPv4 and IPv6. A table comes to be by its first use, and is then hooked in. */
export class Xtables {
  readonly #hooks: Hooks;
  readonly #services: Services;
  readonly #translation: Nat;
  readonly #parts: TableParts;
  readonly #tables: Record<Family, Table[]> = { 4: [], 6: [] };
  #names: Names | undefined;

  constructor(hooks: Hooks, services: Services, connections: Conntrack, translation: Nat) {
    this.#hooks = hooks;
    this.#services = services;
    this.#translation = translation;
    this.#parts = {
      hooks,
      services,
      builder: new Builder(services, connections, translation),
      patterns: new DevicePatterns(services.interfaces),
      names: () => this.names,
    };
  }

  /** Where commands look up services, protocols, hosts and users. A fresh host's if none was given. */
  get names(): Names {
    this.#names ??= freshNames();
    return this.#names;
  }

  set names(names: Names) {
    this.#names = names;
  }

  /** What rules with the same extension share: lists of `recent`, tables of `hashlimit`. */
  shared<T>(key: { readonly create: () => T }): T {
    return this.#parts.builder.shared(key);
  }

  /** The tables there are, in the order of their creation. */
  tables(family: Family): readonly Table[] {
    return this.#tables[family];
  }

  /** A table, made if it is not there yet; undefined if Linux has none of that name. */
  table(family: Family, name: string): Table | undefined {
    const existing = this.#tables[family].find((table) => table.name === name);
    if (existing || !isTableName(name)) return existing;
    const kind = KINDS[name];
    const table = new Table(family, name, kind.hooks, this.#parts);
    this.#tables[family].push(table);
    this.#hookIn(table, kind);
    return table;
  }

  /** Takes over all tables of a host that is described alike and does not change any more. This one has none yet. */
  borrow(lent: Xtables): void {
    this.#parts.patterns.borrow(lent.#parts.patterns);
    for (const family of [4, 6] as const) {
      for (const table of lent.tables(family)) this.table(family, table.name)!.borrow(table);
    }
  }

  #hookIn(table: Table, { hooks, priority, reroutes }: TableKind): void {
    const { family } = table;
    const name = `${family === 4 ? 'iptable' : 'ip6table'}_${table.name}`;
    const walk = (packet: Packet, state: HookState): Verdict => table.run(packet, state);
    for (const hook of hooks) {
      if (priority === undefined) {
        this.#translation.register(family, hook, walk);
        continue;
      }
      const run = reroutes && hook === OUTPUT ? mangleOutput(table, this.#services) : walk;
      this.#hooks.register({ name, family, hook, priority, run });
    }
  }
}
