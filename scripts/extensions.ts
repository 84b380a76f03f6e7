import type { Extension } from '../src/xtables/extension.ts';
import { extensionsOf, findMatch, findTarget } from '../src/xtables/registry.ts';

type Kind = Extension['kind'];

/** Names of all matches or targets, each under its first name, in order. */
export function extensionNames(kind: Kind): readonly string[] {
  const names = [...extensionsOf(kind, 4), ...extensionsOf(kind, 6)].map(({ name }) => name);
  return [...new Set(names)].sort((a, b) => (a < b ? -1 : 1));
}

/** What a name means: one definition for both families, or one for each. */
export function definitionsOf(kind: Kind, name: string): readonly Extension[] {
  const find = kind === 'match' ? findMatch : findTarget;
  return [...new Set([find(4, name), find(6, name)].filter((one) => one !== undefined))];
}
