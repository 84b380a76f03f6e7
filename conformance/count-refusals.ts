// Counts anew what is refused and writes conformance/refusals.json. Refuses to let the total rise, unless --rise says that
// new scenarios came.
import { writeFileSync } from 'node:fs';
import { BUDGET_FILE, homeless, readBudget } from './budget.ts';
import { playFolder, refusals, scenarioNames, sharedFolder } from './folder.ts';

const budget = readBudget();
const shared = sharedFolder();
const repository = refusals(playFolder(import.meta.dirname));
const beside = shared
  ? refusals(playFolder(shared, scenarioNames(import.meta.dirname)))
  : budget.counts.shared;
const counts = { repository, shared: beside };
if (!shared) console.log('FIVEHOOKS_SHARED names no folder with kernel/scenarios: the counts of shared stay');

for (const [folder, now] of Object.entries(counts)) {
  const before = total(budget.counts[folder as keyof typeof counts]);
  console.log(`${folder}: ${total(now)} refused, ${before} before`);
  if (total(now) > before && !process.argv.includes('--rise')) {
    console.error('more are refused than before; nothing is written');
    process.exit(1);
  }
}
for (const cause of homeless(budget, Object.keys({ ...repository, ...beside }))) {
  console.error(`no open issue brings '${cause}'; write it into one`);
}
writeFileSync(BUDGET_FILE, `${JSON.stringify({ ...budget, counts }, undefined, 2)}\n`);

function total(counted: Readonly<Record<string, number>>): number {
  return Object.values(counted).reduce((sum, count) => sum + count, 0);
}
