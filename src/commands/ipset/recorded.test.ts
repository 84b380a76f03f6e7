/** Sequences of commands that the real ipset 7.17 ran on Linux 6.18, each in a fresh network namespace. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import { runCommand } from '../index.ts';

interface Call {
  readonly argv: readonly string[];
  readonly stdin: string;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Sequence {
  readonly calls: readonly Call[];
}

const FILE = resolve(import.meta.dirname, '../../../conformance/ipset-command/calls.jsonl');
const sequences = readFileSync(FILE, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Sequence);

/** Without what the kernel's memory and its clock decide: sizes, keys of hashes, order of members, seconds left. */
function plain(text: string): string {
  return text
    .replace(/(initval[> ])\w+/g, '$1*')
    .replace(/(Size in memory: |<memsize>)\d+/g, '$1*')
    .replace(
      /(timeout[> ])(\d+)/g,
      (_, word: string, seconds: string) => word + Math.ceil(Number(seconds) / 10),
    )
    .split('\n')
    .sort()
    .join('\n');
}

/** Characters of a difference that are shown. */
const MOST_SHOWN = 500;

/** Types that the recorded kernel had none of; here they follow their documentation. */
const UNKNOWN_THERE = 'set type not supported';

/** Help is in words of our own; the real tool says it on standard output, too. */
function withoutHelp(text: string): string {
  return text.includes('Usage: ipset') ? 'help' : text;
}

function different({ calls }: Sequence): string[] {
  const host = freshHost();
  const found: string[] = [];
  for (const { argv, stdin, exit, stdout, stderr } of calls) {
    const got = runCommand(host, argv, stdin);
    const isSame =
      got.exit === exit &&
      plain(withoutHelp(got.stdout)) === plain(withoutHelp(stdout)) &&
      got.stderr === stderr;
    if (isSame) continue;
    found.push(
      `${argv.join(' ')}: ${exit} ${got.exit} ${JSON.stringify([stderr || stdout, got.stderr || got.stdout]).slice(0, MOST_SHOWN)}`,
    );
  }
  return found;
}

const isUnknownThere = ({ calls }: Sequence): boolean =>
  calls.some(({ stderr }) => stderr.includes(UNKNOWN_THERE));

describe('what the real ipset answered', () => {
  it('has recordings', () => expect(sequences.length).toBeGreaterThanOrEqual(700));

  it('is what this one answers', () => {
    const all = sequences.filter((sequence) => !isUnknownThere(sequence)).map(different);
    const found = all.filter((one) => one.length > 0);
    if (process.env.FIVEHOOKS_REPORT) console.log(`${found.flat().join('\n')}\nDIFF ${found.length}`);
    expect(found).toEqual([]);
  });

  it('knows the types that the recorded kernel had none of', () => {
    const unknown = sequences.filter(isUnknownThere);
    expect(unknown.length).toBeGreaterThan(0);
    for (const { calls } of unknown)
      for (const { argv, stderr } of calls)
        if (stderr.includes(UNKNOWN_THERE)) expect(runCommand(freshHost(), argv).exit).toBe(0);
  });
});
