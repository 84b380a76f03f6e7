import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import { entriesFit, entry, isEntry } from '../../testing/entries.ts';
import { runLine } from '../shell.ts';

/** What the real program answered, in the order in which it was asked in a fresh network namespace. */
interface Answer {
  readonly run: string;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const FOLDER = new URL('../../../conformance/conntrack-command/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

/** Without what depends on the machine: its second processor, and when it was asked. */
function comparable(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^cpu=[1-9]/.test(line))
    .map((line) => line.replace(/ delta-time=\d+/, '').replace(/-t \d+/, '-t T'))
    .sort();
}

function outputFits(one: readonly string[], two: readonly string[]): boolean {
  if (one.length !== two.length) return false;
  const left = [...two];
  return one.every((line) => {
    const at = left.findIndex((other) =>
      isEntry(line) && isEntry(other) ? entriesFit(entry(line), entry(other)) : line === other,
    );
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

test.each(FILES)('%s: every command line answers as the real program did', (file) => {
  const answers = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Answer[];
  const host = freshHost();
  const differences: string[] = [];
  for (const { run, exit, stdout, stderr } of answers) {
    const ours = runLine(host, run);
    if (!ours) throw new Error(`nothing was run for ${run}`);
    if (ours.exit !== exit || ours.stderr !== stderr) {
      differences.push(`${run}\n  expected ${exit} ${stderr}  got ${ours.exit} ${ours.stderr}`);
    }
    if (!outputFits(comparable(stdout), comparable(ours.stdout))) {
      differences.push(`${run}\n  expected ${stdout}  got ${ours.stdout}`);
    }
  }
  expect(differences).toEqual([]);
});
