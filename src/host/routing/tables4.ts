import { Fib4, type FibResult4 } from './fib4.ts';
import { type FibEntry4, type Flow4, PROTOCOL, TABLE } from './route4.ts';
import { PolicyRules } from './rules.ts';

const ENETUNREACH = -101;

/** The routing tables of IPv4 and the rules that choose among them (net/ipv4/fib_frontend.c, fib_rules.c). */
export class Tables4 {
  readonly rules: PolicyRules;
  readonly #tables = new Map<number, Fib4>();
  readonly #source = new Int32Array(1);
  readonly #destination = new Int32Array(1);
  #customLocal = false;
  #changes = 0;
  #hopsWithRealm = 0;

  constructor(nameOf: (index: number) => string) {
    this.rules = new PolicyRules(1, nameOf);
  }

  /** A local route that no address made was added (fib_has_custom_local_routes). */
  get customLocal(): boolean {
    return this.#customLocal;
  }

  /** A route or a rule has a realm: then those of senders are looked up as well (fib_num_tclassid_users). */
  get usesRealms(): boolean {
    return this.#hopsWithRealm > 0 || this.rules.usesRealms;
  }

  /** Grows with every change of routes or rules; what was decided before is over then (rt_genid_ipv4). */
  get generation(): number {
    return this.#changes + this.rules.generation;
  }

  /** A table, made if it is not there yet. */
  table(id: number): Fib4 {
    let table = this.#tables.get(id);
    if (!table) {
      table = new Fib4(id);
      this.#tables.set(id, table);
    }
    return table;
  }

  /** Tables that exist, by number. */
  tables(): readonly Fib4[] {
    return [...this.#tables.values()].sort((a, b) => a.id - b.id);
  }

  /** Adds a route that was checked; `append` puts it behind those of the same metric. */
  insert(entry: FibEntry4, append = false): void {
    this.#changes++;
    this.#hopsWithRealm += hopsWithRealm(entry);
    if (entry.table === TABLE.LOCAL && entry.protocol !== PROTOCOL.KERNEL) this.#customLocal = true;
    this.table(entry.table).insert(entry, append);
  }

  /** Puts a route in the place of another of the same table, destination, TOS and metric. */
  replace(old: FibEntry4, entry: FibEntry4): void {
    this.#changes++;
    this.#hopsWithRealm += hopsWithRealm(entry) - hopsWithRealm(old);
    this.#tables.get(old.table)?.replace(old, entry);
  }

  remove(entry: FibEntry4): void {
    this.#changes++;
    this.#hopsWithRealm -= hopsWithRealm(entry);
    this.#tables.get(entry.table)?.remove(entry);
  }

  /** The look-up through the rules: 0 and `result`, or a negative error number (fib_lookup). */
  lookup(flow: Flow4, result: FibResult4): number {
    result.ruleRealm = 0;
    if (!this.rules.custom) {
      // Without rules of the administrator: local, main, default, as __fib_lookup's short way.
      for (let i = 0; i < 3; i++) {
        const table = this.#tables.get(i === 0 ? TABLE.LOCAL : i === 1 ? TABLE.MAIN : TABLE.DEFAULT);
        const answer = table ? table.lookup(flow, result) : -11;
        if (answer !== -11) return answer;
      }
      return ENETUNREACH;
    }
    this.#source[0] = flow.source;
    this.#destination[0] = flow.destination;
    const answer = this.rules.lookup(flow, this.#source, this.#destination, (rule) => {
      const found = this.#tables.get(rule.table)?.lookup(flow, result) ?? -11;
      if (
        found === 0 &&
        rule.suppressPrefixLength >= 0 &&
        result.entry!.prefixLength <= rule.suppressPrefixLength
      ) {
        return -11;
      }
      if (found !== -11) result.ruleRealm = rule.realm;
      return found;
    });
    return answer === -3 ? ENETUNREACH : answer;
  }
}

function hopsWithRealm({ nextHops }: FibEntry4): number {
  let count = 0;
  for (const { realm } of nextHops) if (realm !== 0) count++;
  return count;
}
