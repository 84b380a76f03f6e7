import type { Conntrack } from '../conntrack/conntrack.ts';
import type { Nat } from '../nat/nat.ts';
import type { ErrnoName } from '../netfilter/constants.ts';
import type { Services } from '../netfilter/services.ts';
import type { AnyValues, Environment, Extension, FieldTest, TargetFunction, Test } from './extension.ts';
import type { FieldName } from './fields.ts';
import type { Chain, Entry, TableImage } from './image.ts';
import { reachOf } from './reach.ts';
import type { MatchUse, Rule } from './rule.ts';
import { isFieldTest, testsOf } from './tests.ts';

/** State that extensions share on a host, by the key that makes it. */
export class SharedState {
  readonly #values = new Map<object, unknown>();

  get<T>(key: { readonly create: () => T }): T {
    if (!this.#values.has(key)) this.#values.set(key, key.create());
    return this.#values.get(key) as T;
  }
}

/** A test with the match (by place in the rule) that makes it. */
export interface BoundTest {
  readonly test: Test;
  readonly match: number;
}

/** A line of a built table: a rule with the state its extensions got, or the end of a chain (no entry). */
export class Line {
  readonly chain: Chain;
  /** From 1; the end of the chain has the number of its rules plus one. */
  readonly number: number;
  readonly entry: Entry | undefined;
  readonly target: TargetFunction | undefined;
  /** The hooks it can be reached from, a bit each. */
  readonly hooks: number;
  /** Tests with state; those without are made when they are asked for. */
  readonly #stateful: readonly BoundTest[] | undefined;
  readonly #environment: Environment | undefined;

  constructor(chain: Chain, number: number, entry: Entry | undefined, hooks: number, built: BuiltRule) {
    this.chain = chain;
    this.number = number;
    this.entry = entry;
    this.hooks = hooks;
    this.target = built.target;
    this.#stateful = built.stateful;
    this.#environment = built.environment;
  }

  /** All tests of the rule behind its header, in order. */
  get tests(): readonly BoundTest[] {
    const matches = this.entry?.rule.matches;
    if (matches === undefined || matches.length === 0) return NO_TESTS;
    return this.#stateful ?? bindTests(matches, this.#environment!);
  }
}

function bindTests(matches: readonly MatchUse[], environment: Environment): readonly BoundTest[] {
  const bound: BoundTest[] = [];
  for (let match = 0; match < matches.length; match++) {
    const { extension, values } = matches[match]!;
    for (const test of testsOf(extension, values, environment)) bound.push({ test, match });
  }
  return bound;
}

/** What the extensions of a rule have made. */
interface BuiltRule {
  readonly stateful?: readonly BoundTest[];
  readonly environment?: Environment;
  readonly target?: TargetFunction;
  /** Making it left something outside the table: it cannot wait for the first packet. */
  readonly touched?: boolean;
}

/** A table that was accepted: every line of every chain, chains one after the other. */
export interface BuiltTable {
  readonly image: TableImage;
  /** Number of lines. */
  readonly size: number;
  line(index: number): Line;
  /** Lines that must be made with the table, even if no packet comes to them. */
  readonly touched: readonly number[];
  /** Index of each chain's first line. */
  readonly starts: ReadonlyMap<string, number>;
  /** Lets go of what the rules' extensions hold. */
  destroy(): void;
}

const NO_TESTS: readonly BoundTest[] = [];

/** Why the kernel refuses a rule's extension (xt_request_find_match, xt_check_match, xt_check_target). */
function refusal(extension: Extension, values: AnyValues, environment: Environment): ErrnoName | undefined {
  if (extension.missing) return 'ENOENT';
  return misplaced(extension, environment) ? 'EINVAL' : extension.check?.(values as never, environment);
}

/** What the kernel asks before it asks the extension itself. */
function misplaced(extension: Extension, environment: Environment): boolean {
  if (extension.table !== undefined && extension.table !== environment.table) return true;
  if (extension.hooks !== undefined) {
    let allowed = 0;
    for (const hook of extension.hooks) allowed |= 1 << hook;
    if ((environment.hooks & ~allowed) !== 0) return true;
  }
  return (
    extension.protocol !== undefined &&
    (extension.protocol !== environment.protocol || environment.protocolInverted)
  );
}

/** Makes tables of images: what the kernel does with a table it is handed (translate_table). */
export class Builder {
  readonly #services: Services;
  readonly #connections: Conntrack;
  readonly #translation: Nat;
  readonly #shared = new SharedState();

  constructor(services: Services, connections: Conntrack, translation: Nat) {
    this.#services = services;
    this.#connections = connections;
    this.#translation = translation;
  }

  /** What all rules of this host share. */
  shared<T>(key: { readonly create: () => T }): T {
    return this.#shared.get(key);
  }

  build(image: TableImage): BuiltTable | ErrnoName {
    const reach = reachOf(image);
    if (reach === 'loop') return 'ELOOP';
    const lines: Line[] = [];
    const touched: number[] = [];
    const starts = new Map<string, number>();
    const onDestroy: (() => void)[] = [];
    const destroy = destroyer(onDestroy);
    for (const chain of image.chains) {
      const hooks = reach.get(chain)!;
      starts.set(chain.name, lines.length);
      for (let i = 0; i < chain.entries.length; i++) {
        const entry = chain.entries[i]!;
        const built = this.#rule(entry.rule, image.name, hooks[i]!, onDestroy);
        if (typeof built === 'string') {
          destroy();
          return built;
        }
        if (built.touched) touched.push(lines.length);
        lines.push(new Line(chain, i + 1, entry, hooks[i]!, built));
      }
      lines.push(new Line(chain, chain.entries.length + 1, undefined, 0, NOTHING));
    }
    return { image, size: lines.length, line: (index) => lines[index]!, touched, starts, destroy };
  }

  /**
   * The same table on this host, which another host has built: what its rules' extensions are here is made when a packet
   * first comes to them.
   */
  borrow({ image, size, line, touched, starts }: BuiltTable): BuiltTable {
    const onDestroy: (() => void)[] = [];
    const own = new Array<Line | undefined>(size);
    const make = (index: number): Line => {
      const lent = line(index);
      const { chain, number, entry, hooks } = lent;
      if (entry === undefined || isBare(entry.rule)) return lent;
      const built = this.#rule(entry.rule, image.name, hooks, onDestroy);
      if (typeof built === 'string') throw new Error(`what another host took was refused: ${built}`);
      return new Line(chain, number, entry, hooks, built);
    };
    for (const index of touched) own[index] = make(index);
    const lineOf = (index: number): Line => {
      own[index] ??= make(index);
      return own[index];
    };
    return { image, size, line: lineOf, touched, starts, destroy: destroyer(onDestroy) };
  }

  #rule(rule: Rule, table: string, hooks: number, onDestroy: (() => void)[]): BuiltRule | ErrnoName {
    const { action, matches } = rule;
    if (isBare(rule)) return NOTHING;
    const environment = new RuleEnvironment(
      rule,
      table,
      hooks,
      this.#services,
      this.#connections,
      this.#translation,
      this.#shared,
      onDestroy,
    );
    for (const { extension, values } of matches) {
      const refused = refusal(extension, values, environment);
      if (refused) return refused;
    }
    const stateful = matches.some(({ extension }) => extension.tests !== undefined)
      ? { stateful: bindTests(matches, environment) }
      : { environment };
    if (action.kind !== 'target') return { ...stateful, touched: environment.touched };
    const refused = refusal(action.extension, action.values, environment);
    if (refused) return refused;
    const target = action.extension.create?.(action.values as never, environment);
    return { ...stateful, touched: environment.touched, ...(target && { target }) };
  }
}

const NOTHING: BuiltRule = {};

/** A rule without extensions. */
function isBare({ action, matches }: Rule): boolean {
  return matches.length === 0 && action.kind !== 'target';
}

function destroyer(onDestroy: readonly (() => void)[]): () => void {
  return () => {
    for (const run of onDestroy) run();
  };
}

/** What the extensions of one rule are told. */
class RuleEnvironment implements Environment {
  readonly family: Environment['family'];
  readonly table: string;
  readonly hooks: number;
  readonly protocol: number;
  readonly protocolInverted: boolean;
  readonly services: Services;
  readonly connections: Conntrack;
  readonly translation: Nat;
  /** An extension has asked for what lives outside its table. */
  touched = false;
  readonly #matches: readonly MatchUse[];
  readonly #shared: SharedState;
  readonly #onDestroy: (() => void)[];

  constructor(
    rule: Rule,
    table: string,
    hooks: number,
    services: Services,
    connections: Conntrack,
    translation: Nat,
    shared: SharedState,
    onDestroy: (() => void)[],
  ) {
    this.family = rule.family;
    this.table = table;
    this.hooks = hooks;
    this.protocol = rule.header.protocol;
    this.protocolInverted = rule.header.protocolInverted;
    this.services = services;
    this.connections = connections;
    this.translation = translation;
    this.#matches = rule.matches;
    this.#shared = shared;
    this.#onDestroy = onDestroy;
  }

  fieldTests(field: FieldName): readonly FieldTest[] {
    const found: FieldTest[] = [];
    for (const { extension, values } of this.#matches) {
      // Matches with tests of their own may hold state; they are made once, for the packets.
      if (extension.tests !== undefined) continue;
      for (const test of testsOf(extension, values, this)) {
        if (isFieldTest(test) && test.field === field) found.push(test);
      }
    }
    return found;
  }

  shared<T>(key: { readonly create: () => T }): T {
    this.touched = true;
    return this.#shared.get(key);
  }

  onDestroy(run: () => void): void {
    this.touched = true;
    this.#onDestroy.push(run);
  }
}
