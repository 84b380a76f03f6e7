/** The worked example of CONTRIBUTING.md, done as it says in a copy of the sources. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

test('a match is added with its file, its test, and one line of an index', { timeout: 120_000 }, () => {
  const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text!);
  expect(blocks).toHaveLength(3);
  const copy = mkdtempSync(join(tmpdir(), 'fivehooks-example-'));
  try {
    for (const part of [
      'src',
      'scripts',
      'package.json',
      'tsconfig.json',
      'vitest.config.ts',
      'biome.json',
      '.gitignore',
    ]) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const folder = join(copy, 'src/xtables/matches');
    writeFileSync(join(folder, 'ipid.ts'), blocks[0]!);
    writeFileSync(join(folder, 'ipid.test.ts'), blocks[1]!);
    const index = join(folder, 'index.ts');
    const text = readFileSync(index, 'utf8')
      .replace(/^import .* from '.\/iprange.ts';$/m, (line) => `${blocks[2]!.trim()}\n${line}`)
      .replace(/^ {2}iprange,$/m, (line) => `  ipid,\n${line}`);
    writeFileSync(index, text);
    const run = (...words: string[]) =>
      execFileSync(join(root, 'node_modules/.bin', words[0]!), words.slice(1), {
        cwd: copy,
        encoding: 'utf8',
      });
    expect(run('vitest', 'run', '--project', 'quick', 'src/xtables/matches/ipid.test.ts')).toContain(
      '4 passed',
    );
    run('biome', 'check', '--error-on-warnings', 'src/xtables/matches');
    expect(run('tsc', '--noEmit', '-p', '.')).toBe('');
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
