import type { Family } from '../netfilter/constants.ts';
import type { Extension, Match, Target } from './extension.ts';
import { MATCHES } from './matches/index.ts';
import { TARGETS } from './targets/index.ts';

/** Extensions by family and name (aliases too). */
function byName<E extends Extension>(extensions: readonly E[], family: Family): ReadonlyMap<string, E> {
  const map = new Map<string, E>();
  for (const extension of extensions) {
    if (extension.families && !extension.families.includes(family)) continue;
    for (const name of [extension.name, ...(extension.aliases ?? [])]) {
      if (map.has(name)) throw new Error(`two definitions of ${extension.kind} ${name} for IPv${family}`);
      map.set(name, extension);
    }
  }
  return map;
}

const matches = { 4: byName(MATCHES, 4), 6: byName(MATCHES, 6) };
const targets = { 4: byName(TARGETS, 4), 6: byName(TARGETS, 6) };

export function findMatch(family: Family, name: string): Match | undefined {
  return matches[family].get(name);
}

export function findTarget(family: Family, name: string): Target | undefined {
  return targets[family].get(name);
}

/** Every match, or every target, of a family: its first name. */
export function extensionsOf(kind: 'match' | 'target', family: Family): readonly Extension[] {
  return [...new Set<Extension>((kind === 'match' ? matches : targets)[family].values())];
}
