import { describe, expect, test } from 'vitest';
import { homeless, readBudget } from './budget.ts';
import { differences, playFolder, refusals, scenarioNames, sharedFolder } from './folder.ts';

const REGENERATE = 'run `npx tsx conformance/count-refusals.ts` if this is as it should be';
const budget = readBudget();
const shared = sharedFolder();

const FOLDERS = {
  repository: { root: import.meta.dirname, skip: new Set<string>() },
  ...(shared ? { shared: { root: shared, skip: scenarioNames(import.meta.dirname) } } : {}),
};

/** Every scenario is played as the real kernel did, or refused for a cause that an open issue will remove. */
describe.each(Object.entries(FOLDERS))('scenarios of the folder: %s', (folder, { root, skip }) => {
  const outcomes = playFolder(root, skip);

  for (const outcome of outcomes) {
    if (outcome.played.kind === 'refused') continue;
    test(outcome.name, () => expect(differences(outcome)).toEqual([]));
  }

  test('there are scenarios', () => expect(outcomes.length).toBeGreaterThan(100));

  test('no more and no fewer are refused than are counted', () => {
    expect(refusals(outcomes), REGENERATE).toEqual(budget.counts[folder as keyof typeof FOLDERS]);
  });

  test('every cause of a refusal belongs to an open issue', () => {
    expect(homeless(budget, Object.keys(refusals(outcomes)))).toEqual([]);
  });
});
