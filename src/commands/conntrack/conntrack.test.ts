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

test('-E tells what has happened since it was asked before', () => {
  const host = freshHost();
  const run = (line: string) => runLine(host, line)!;
  expect(run('conntrack -E').stdout).toBe('');
  run('conntrack -I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -m 3');
  run('conntrack -U -s 1.1.1.1 -m 5');
  run('conntrack -F');
  const tuple = 'src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 [UNREPLIED] src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1';
  expect(run('conntrack -E').stdout.split('\n')).toEqual([
    `    [NEW] udp      17 100 ${tuple} mark=3`,
    ` [UPDATE] udp      17 100 ${tuple} mark=5`,
    `[DESTROY] udp      17 100 ${tuple} mark=5`,
    '',
  ]);
  run('conntrack -I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100');
  run('conntrack -I -p udp -s 1.1.1.2 -d 2.2.2.2 --sport 1 --dport 2 -t 100');
  run('conntrack -F');
  expect(run('conntrack -E -e NEW -s 1.1.1.2').stdout).toMatch(/^ {4}\[NEW\] udp .* src=1\.1\.1\.2 .*\n$/);
});
