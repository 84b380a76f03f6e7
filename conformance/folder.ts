import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Recording } from '../src/formats/recording.ts';
import { readScenario, type Scenario } from '../src/formats/scenario.ts';
import { compareRecordings } from '../src/testing/compare.ts';
import { type Played, playScenario } from '../src/testing/player.ts';

/** A scenario of a folder, what the real kernel did with it, and what we do. */
export interface Outcome {
  /** Path below the folder of scenarios, without its ending. */
  readonly name: string;
  readonly scenario: Scenario;
  readonly expected: Recording;
  readonly played: Played;
}

/** Plays everything below `ROOT/scenarios`; the clock starts where that of `ROOT/recordings` did. */
export function playFolder(root: string, skip: ReadonlySet<string> = new Set()): readonly Outcome[] {
  const scenarios = join(root, 'scenarios');
  return jsonFiles(scenarios)
    .map((file) => relative(scenarios, file).replace(/\.json$/, ''))
    .filter((name) => !skip.has(name))
    .map((name) => {
      const scenario = readScenario(readJson(join(scenarios, `${name}.json`)));
      const expected = readJson(join(root, 'recordings', `${name}.recording.json`)) as Recording;
      return { name, scenario, expected, played: playAs(scenario, expected) };
    });
}

/** Plays a scenario at the time at which it was recorded. A fault of ours is this scenario's, not the others'. */
export function playAs(scenario: Scenario, expected: Recording, borrow = false): Played {
  try {
    return playScenario(scenario, { borrow, ...('time' in expected ? { time: expected.time } : {}) });
  } catch (error) {
    return {
      kind: 'broken',
      problem: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/** What differs from the kernel; a scenario that cannot be played by anyone is a difference, too. */
export function differences({ name, expected, played }: Omit<Outcome, 'scenario'>): readonly string[] {
  if (played.kind === 'played') return compareRecordings(name, expected, played.recording);
  return [
    played.kind === 'broken' ? `${name}: ${played.problem}` : `${name}: not supported yet: ${played.cause}`,
  ];
}

/** How many were refused for each cause. */
export function refusals(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { played } of outcomes) {
    if (played.kind === 'refused') counts[played.cause] = (counts[played.cause] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The folder beside the repository with the same scenarios and more; undefined if it is not there. */
export function sharedFolder(): string | undefined {
  const shared = process.env.FIVEHOOKS_SHARED;
  return shared && existsSync(join(shared, 'kernel', 'scenarios')) ? join(shared, 'kernel') : undefined;
}

/** Names of the scenarios below a folder. */
export function scenarioNames(root: string): ReadonlySet<string> {
  const scenarios = join(root, 'scenarios');
  return new Set(jsonFiles(scenarios).map((file) => relative(scenarios, file).replace(/\.json$/, '')));
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => join(folder, file));
}
