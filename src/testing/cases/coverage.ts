import type { Host } from '../../host/host.ts';
import type { Asked, Journey } from '../../journey/journey.ts';
import { type RuleTest, ruleTests } from '../../xtables/rule-tests.ts';
import { ruleText } from './rule-text.ts';

/** A test inside a rule: how often it held, and how often the rule ended there. */
export interface CoveredTest extends RuleTest {
  held: number;
  failed: number;
}

/** A rule, and what the cases made of it. */
export interface CoveredRule {
  readonly family: 4 | 6;
  readonly table: string;
  readonly chain: string;
  /** From 1. */
  readonly number: number;
  readonly rule: string;
  /** Line of the ruleset's text, from 1; 0 if it is in none. */
  readonly line: number;
  matched: number;
  asked: number;
  readonly tests: readonly CoveredTest[];
}

/** Which rules of a host's tables the cases reached, and which tests inside them. */
export class Coverage {
  readonly rules: readonly CoveredRule[];
  readonly #byPlace = new Map<string, CoveredRule>();

  /** Of a host that nothing has happened to. */
  constructor(host: Host) {
    const rules: CoveredRule[] = [];
    for (const family of [4, 6] as const) {
      for (const table of host.xtables.tables(family)) {
        for (const chain of table.image.chains) {
          chain.entries.forEach(({ rule, line }, index) => {
            const covered: CoveredRule = {
              family,
              table: table.name,
              chain: chain.name,
              number: index + 1,
              rule: ruleText(host, chain.name, rule),
              line,
              matched: 0,
              asked: 0,
              tests: ruleTests(rule, host.xtables.names).map((test) => ({ ...test, held: 0, failed: 0 })),
            };
            rules.push(covered);
            this.#byPlace.set(placeOf(family, covered), covered);
          });
        }
      }
    }
    this.rules = rules;
  }

  /** Counts what the rules made of a packet, told with those that did not match, and of those it caused. */
  count(journey: Journey): void {
    for (const step of journey.steps) {
      if (step.kind === 'hook') for (const line of step.asked) this.#count(journey.family, line);
    }
    for (const caused of journey.caused) this.count(caused);
  }

  #count(family: 4 | 6, line: Asked): void {
    const rule = this.#byPlace.get(placeOf(family, line));
    // A rule that a command of a case has put there is not the ruleset's.
    if (!rule || line.rule !== rule.rule) return;
    rule.asked++;
    if (line.outcome !== 'missed') {
      rule.matched++;
      for (const test of rule.tests) test.held++;
      return;
    }
    const text = line.test ?? '';
    // What a match needs beside its options, such as a whole header, counts for its first one.
    const failed =
      rule.tests.find((test) => test.text === text) ??
      rule.tests.find(({ match }) => match !== undefined && `${text} `.startsWith(`${match} `));
    for (const test of rule.tests) {
      if (test === failed) {
        test.failed++;
        return;
      }
      test.held++;
    }
  }

  /** Rules that matched at least once, and all. */
  get totals(): {
    readonly rules: number;
    readonly matched: number;
    readonly tests: number;
    readonly both: number;
  } {
    let matched = 0;
    let tests = 0;
    let both = 0;
    for (const rule of this.rules) {
      if (rule.matched > 0) matched++;
      for (const test of rule.tests) {
        tests += 2;
        both += (test.held > 0 ? 1 : 0) + (test.failed > 0 ? 1 : 0);
      }
    }
    return { rules: this.rules.length, matched, tests, both };
  }
}

function placeOf(
  family: 4 | 6,
  { table, chain, number }: { table: string; chain: string; number: number },
): string {
  return `${family} ${table} ${chain} ${number}`;
}
