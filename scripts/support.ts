/**
 * What the README says of what is supported, made from what there is. `npx tsx scripts/support.ts` writes it into the
 * README; a test holds it true.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commandNames } from '../src/commands/index.ts';
import { definitionsOf, extensionNames } from './extensions.ts';

export const README = resolve(import.meta.dirname, '..', 'README.md');
const BEGIN = '<!-- made by scripts/support.ts: begin -->';
const END = '<!-- made by scripts/support.ts: end -->';

/** Names of a kind; `loads`: those whose rules load, else those that the command knows and the kernel lacks. */
function names(kind: 'match' | 'target', loads: boolean): string {
  return extensionNames(kind)
    .filter((name) => definitionsOf(kind, name).some(({ missing }) => !missing) === loads)
    .map((name) => `\`${name}\``)
    .join(' ');
}

/** The part of the README between the marks. */
export function support(): string {
  const commands = commandNames().filter((name) => !name.includes('-legacy'));
  return [
    BEGIN,
    '| | supported | known to the command, and refused as on a kernel without its module |',
    '| --- | --- | --- |',
    `| matches | ${names('match', true)} | ${names('match', false)} |`,
    `| targets | ${names('target', true)} | ${names('target', false)} |`,
    `| commands | ${commands.map((name) => `\`${name}\``).join(' ')} | |`,
    END,
  ].join('\n');
}

/** The README with its part made anew. */
export function withSupport(readme: string): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error('README.md has no place for what is supported');
  return readme.slice(0, from) + support() + readme.slice(to + END.length);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(README, withSupport(readFileSync(README, 'utf8')));
}
