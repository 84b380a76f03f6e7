import { join } from 'node:path';
import { readJson } from './folder.ts';

/** What is refused for now, and who will bring it: conformance/refusals.json. */
export interface Budget {
  readonly issues: readonly {
    readonly name: string;
    /** A finished issue leaves no refusals. */
    readonly open: boolean;
    /** What it brings, in the words of the refusals; a name that ends in `*` stands for all that begin so. */
    readonly brings: readonly string[];
  }[];
  /** How many scenarios are refused for each cause: those of the repository, and those that are only beside it. */
  readonly counts: {
    readonly repository: Readonly<Record<string, number>>;
    readonly shared: Readonly<Record<string, number>>;
  };
}

export const BUDGET_FILE = join(import.meta.dirname, 'refusals.json');

export function readBudget(): Budget {
  return readJson(BUDGET_FILE) as Budget;
}

/** Causes that no open issue will remove. */
export function homeless(budget: Budget, causes: readonly string[]): readonly string[] {
  const open = budget.issues.filter((issue) => issue.open).flatMap((issue) => issue.brings);
  return causes.filter((cause) => !open.some((what) => fits(what, cause)));
}

function fits(what: string, cause: string): boolean {
  return what.endsWith('*') ? cause.startsWith(what.slice(0, -1)) : cause === what;
}
