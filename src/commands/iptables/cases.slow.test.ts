import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Case, play } from './cases.fixture.ts';

const shared = process.env.FIVEHOOKS_SHARED ?? resolve(import.meta.dirname, '../../../../shared');
const folder = join(shared, 'iptables', 'cases');
const only = process.env.FIVEHOOKS_CASES;

/** Recorded things that one process without users cannot show. */
const OUTSIDE = ['another process holds the lock', 'a user who is not root'];

describe.runIf(existsSync(folder))('the recorded cases of the real iptables', () => {
  const files = ['', 'core'].flatMap((part) =>
    existsSync(join(folder, part))
      ? readdirSync(join(folder, part))
          .filter((name) => name.endsWith('.jsonl'))
          .map((name) => join(part, name))
      : [],
  );
  for (const file of files.filter((name) => !only || name.includes(only))) {
    it(file, () => {
      const refusals = new Map<string, number>();
      const failures: string[] = [];
      let equal = 0;
      const cases = readFileSync(join(folder, file), 'utf8').trim().split('\n');
      for (const text of cases) {
        const one = JSON.parse(text) as Case;
        const verdict = play(one);
        if (verdict.kind === 'equal') equal++;
        else if (verdict.kind === 'refused') {
          refusals.set(verdict.cause, (refusals.get(verdict.cause) ?? 0) + 1);
        } else {
          const { where, expected, got } = verdict;
          failures.push(
            `${one.family} ${one.name ?? `${one.table} ${one.chain} ${one.args}`}\n  ${where}\n` +
              `  expected ${JSON.stringify(expected)}\n  got      ${JSON.stringify(got)}`,
          );
        }
      }
      for (const cause of refusals.keys()) {
        expect(OUTSIDE.includes(cause) || /^(match|target|command) /.test(cause), cause).toBe(true);
      }
      const refused = [...refusals].map(([cause, count]) => `${count} ${cause}`).join(', ');
      if (process.env.FIVEHOOKS_REPORT) {
        console.log(
          `${file}: ${equal} of ${cases.length} equal, ${failures.length} different; refused: ${refused}`,
        );
      }
      expect(failures.slice(0, 20).join('\n'), `${failures.length} differ`).toBe('');
    });
  }
});
