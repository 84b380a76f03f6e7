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

const FILE = resolve(import.meta.dirname, '../../../conformance/ipset-command/calls.jsonl');
const sequences = readFileSync(FILE, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => (JSON.parse(line) as { calls: readonly Call[] }).calls);

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

/** Sequences that answer otherwise here: the count may only fall. */
const DIFFERENT = 36;

function different(calls: readonly Call[]): string[] {
  const host = freshHost();
  const found: string[] = [];
  for (const { argv, stdin, exit, stdout, stderr } of calls) {
    const got = runCommand(host, argv, stdin);
    if (got.exit === exit && plain(got.stdout) === plain(stdout) && got.stderr === stderr) continue;
    found.push(
      `${argv.join(' ')}: ${exit} ${got.exit} ${JSON.stringify([stderr || stdout, got.stderr || got.stdout])}`,
    );
  }
  return found;
}

describe('what the real ipset answered', () => {
  it('has recordings', () => expect(sequences.length).toBeGreaterThanOrEqual(200));

  it('is what this one answers', () => {
    const all = sequences.map(different).filter((found) => found.length > 0);
    if (process.env.FIVEHOOKS_REPORT) console.log(`${all.flat().join('\n')}\nDIFF ${all.length}`);
    expect(all.length).toBeLessThanOrEqual(DIFFERENT);
  });
});
