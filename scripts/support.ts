/**
 * What the README says of what is supported, made from what there is. `npx tsx scripts/support.ts` writes it into the
 * README; a test holds it true.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commandNames } from '../src/commands/index.ts';
import { KNOWN } from '../src/xtables/known.ts';
import { findMatch, findTarget } from '../src/xtables/registry.ts';

export const README = resolve(import.meta.dirname, '..', 'README.md');
const BEGIN = '<!-- made by scripts/support.ts: begin -->';
const END = '<!-- made by scripts/support.ts: end -->';

/** Names of a kind, with the family where only one has it; `there`: those that are supported, else those that are not. */
function names(kind: 'match' | 'target', there: boolean): string {
  const find = kind === 'match' ? findMatch : findTarget;
  const all = [...new Set([...KNOWN[kind][4], ...KNOWN[kind][6]])].sort((a, b) => (a < b ? -1 : 1));
  return all
    .filter((name) => ((find(4, name) ?? find(6, name)) !== undefined) === there)
    .map((name) => `\`${name}\``)
    .join(' ');
}

/** The part of the README between the marks. */
export function support(): string {
  const commands = commandNames().filter((name) => !name.includes('-legacy'));
  return [
    BEGIN,
    '| | supported | refused by name (`not supported yet: …`) |',
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
