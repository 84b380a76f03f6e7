/**
 * The reference of matches and targets, made from their declarations: a page each in docs/. `npx tsx scripts/reference.ts`
 * writes it; a test holds it true.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HOOK_NAMES } from '../src/netfilter/constants.ts';
import type { Extension, Option } from '../src/xtables/extension.ts';
import { definitionsOf, extensionNames } from './extensions.ts';

export const DOCS = resolve(import.meta.dirname, '..', 'docs');

/** Definitions of one name: one for both families, or one for each. */
interface Entry {
  readonly name: string;
  readonly kind: 'match' | 'target';
  readonly definitions: readonly Extension[];
}

/** What there is of a kind, by name. */
function entries(kind: 'match' | 'target'): readonly Entry[] {
  return extensionNames(kind).map((name) => ({ name, kind, definitions: definitionsOf(kind, name) }));
}

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

function families(extension: Extension): string {
  const { families: of } = extension;
  if (!of || of.length === 2) return 'IPv4 and IPv6';
  return of[0] === 4 ? 'IPv4' : 'IPv6';
}

function page({ name, kind, definitions }: Entry): string {
  const flag = kind === 'match' ? '-m' : '-j';
  const parts = [`# ${flag} ${name}`, ''];
  for (const definition of definitions) {
    if (definitions.length > 1) parts.push(`## ${families(definition)}`, '');
    parts.push(...section(definition, kind), '');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function section(definition: Extension, kind: 'match' | 'target'): string[] {
  const { summary, about, source, aliases, table, hooks, protocol, optionList, kernelName, revision } =
    definition;
  const lines = [`${kind === 'match' ? 'Asks for' : 'What it does'}: ${summary}.`, ''];
  if (about) lines.push(about, '');
  lines.push(...optionTable(optionList), '');
  const facts: [string, string][] = [['families', families(definition)]];
  if (aliases?.length) facts.push(['other names', aliases.map(code).join(', ')]);
  if (kernelName) facts.push(['the kernel’s name', code(kernelName)]);
  if (revision !== undefined) facts.push(['revision', String(revision)]);
  if (table) facts.push(['only in table', code(table)]);
  if (hooks) facts.push(['only from hooks', hooks.map((hook) => HOOK_NAMES[hook]).join(', ')]);
  if (protocol !== undefined) facts.push(['only with', code(`-p ${protocol}`)]);
  facts.push(['in Linux', code(source)]);
  lines.push('| | |', '| --- | --- |', ...facts.map(([what, value]) => `| ${what} | ${value} |`));
  return lines;
}

function optionTable(options: readonly (readonly [string, Option<unknown>])[]): string[] {
  if (options.length === 0) return ['It has no options.'];
  return [
    '| option | value | |',
    '| --- | --- | --- |',
    ...options.map(([name, option]) => {
      const { type, aliases = [], invert, help } = option;
      const names = [name, ...aliases].map((one) => code(`--${one}`)).join(', ');
      const value =
        type.syntax === '' ? '' : code(type.argument === 'optional' ? `[${type.syntax}]` : type.syntax);
      const choices = type.choices?.length ? ` One of ${type.choices.map(code).join(', ')}.` : '';
      const examples = type.examples?.map((words) =>
        code(`--${name} ${words.map((word) => (/[ &|<>!;]/.test(word) ? `"${word}"` : word)).join(' ')}`),
      );
      const notes = [
        option.required ? 'Required.' : '',
        examples ? `For instance ${examples.join(' or ')}.` : '',
        option.multiple ? 'May be given several times.' : '',
        option.excludes?.length
          ? option.excludes.includes('*')
            ? 'Alone.'
            : `Not with ${option.excludes.map((other) => code(`--${other}`)).join(', ')}.`
          : '',
        option.needs?.length ? `Needs ${option.needs.map((other) => code(`--${other}`)).join(', ')}.` : '',
      ].filter((note) => note !== '');
      const text = [help, ...notes].join(' ').replaceAll('|', '\\|');
      return `| ${invert ? '[!] ' : ''}${names} | ${value} | ${text}${choices} |`;
    }),
  ];
}

/** Every page by its path in docs/. */
export function reference(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const index = ['# Matches and targets', '', 'Made from the extensions’ own declarations.', ''];
  for (const [kind, folder] of [
    ['match', 'matches'],
    ['target', 'targets'],
  ] as const) {
    index.push(`## ${kind === 'match' ? 'Matches' : 'Targets'}`, '', '| | |', '| --- | --- |');
    for (const entry of entries(kind)) {
      const path = `${folder}/${entry.name}.md`;
      pages.set(path, page(entry));
      index.push(`| [${entry.name}](${path}) | ${entry.definitions[0]!.summary} |`);
    }
    index.push('');
  }
  pages.set('README.md', `${index.join('\n').trimEnd()}\n`);
  return pages;
}

/** Pages that lie in docs/ now. */
export function written(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  for (const file of readdirSync(DOCS, { recursive: true, encoding: 'utf8' })) {
    // Other pages are written by hand.
    if (/^(README|(matches|targets)\/.*)\.md$/.test(file))
      pages.set(file, readFileSync(resolve(DOCS, file), 'utf8'));
  }
  return pages;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const folder of ['matches', 'targets']) {
    rmSync(resolve(DOCS, folder), { recursive: true, force: true });
    mkdirSync(resolve(DOCS, folder), { recursive: true });
  }
  for (const [path, text] of reference()) writeFileSync(resolve(DOCS, path), text);
}
