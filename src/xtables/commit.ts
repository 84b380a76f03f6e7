import type { ErrnoName, Family } from '../netfilter/constants.ts';
import type { Services } from '../netfilter/services.ts';
import type { Environment, Extension, TargetFunction, Test } from './extension.ts';
import type { Chain, Entry, TableImage } from './image.ts';
import { reachOf } from './reach.ts';
import type { Rule } from './rule.ts';
import { testsOf } from './tests.ts';

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

/** A rule with the state its extensions got, or the end of a chain (no entry). */
export interface Built {
  readonly chain: Chain;
  /** From 1; the end of the chain has the number of its rules plus one. */
  readonly number: number;
  readonly entry: Entry | undefined;
  readonly tests: readonly BoundTest[];
  readonly target: TargetFunction | undefined;
}

/** A table that was accepted: every line of every chain, chains one after the other. */
export interface BuiltTable {
  readonly image: TableImage;
  readonly lines: readonly Built[];
  /** Index of each chain's first line. */
  readonly starts: ReadonlyMap<string, number>;
  /** Lets go of what the rules' extensions hold. */
  destroy(): void;
}

const NO_TESTS: readonly BoundTest[] = [];

/** Why the kernel refuses a rule's extension before it asks the extension itself (xt_check_match, xt_check_target). */
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
  readonly #shared = new SharedState();

  constructor(services: Services) {
    this.#services = services;
  }

  build(image: TableImage): BuiltTable | ErrnoName {
    const reach = reachOf(image);
    if (reach === 'loop') return 'ELOOP';
    const lines: Built[] = [];
    const starts = new Map<string, number>();
    const onDestroy: (() => void)[] = [];
    const destroy = () => {
      for (const run of onDestroy) run();
    };
    for (const chain of image.chains) {
      const hooks = reach.get(chain)!;
      starts.set(chain.name, lines.length);
      for (let i = 0; i < chain.entries.length; i++) {
        const entry = chain.entries[i]!;
        const built = this.#rule(entry.rule, image.family, image.name, hooks[i]!, onDestroy);
        if (typeof built === 'string') {
          destroy();
          return built;
        }
        lines.push({ chain, number: i + 1, entry, tests: built.tests, target: built.target });
      }
      const number = chain.entries.length + 1;
      lines.push({ chain, number, entry: undefined, tests: NO_TESTS, target: undefined });
    }
    return { image, lines, starts, destroy };
  }

  #rule(
    rule: Rule,
    family: Family,
    table: string,
    hooks: number,
    onDestroy: (() => void)[],
  ): { tests: readonly BoundTest[]; target: TargetFunction | undefined } | ErrnoName {
    const { action, matches } = rule;
    if (matches.length === 0 && action.kind !== 'target') return { tests: NO_TESTS, target: undefined };
    const environment: Environment = {
      family,
      table,
      hooks,
      protocol: rule.header.protocol,
      protocolInverted: rule.header.protocolInverted,
      services: this.#services,
      shared: (key) => this.#shared.get(key),
      onDestroy: (run) => onDestroy.push(run),
    };
    let tests: BoundTest[] | undefined;
    for (let m = 0; m < matches.length; m++) {
      const { extension, values } = matches[m]!;
      if (misplaced(extension, environment)) return 'EINVAL';
      const refused = extension.check?.(values as never, environment);
      if (refused) return refused;
      for (const test of testsOf(extension, values, environment)) {
        tests ??= [];
        tests.push({ test, match: m });
      }
    }
    if (action.kind !== 'target') return { tests: tests ?? NO_TESTS, target: undefined };
    if (misplaced(action.extension, environment)) return 'EINVAL';
    const refused = action.extension.check?.(action.values as never, environment);
    if (refused) return refused;
    return {
      tests: tests ?? NO_TESTS,
      target: action.extension.create?.(action.values as never, environment),
    };
  }
}
