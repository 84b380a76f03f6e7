import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCommand } from '../src/commands/index.ts';
import { Host } from '../src/host/host.ts';
import { KNOWN } from '../src/xtables/known.ts';
import { isNotYet } from '../src/xtables/registry.ts';
import { README, support, withSupport } from './support.ts';

test('the README lists what is supported and what is not (npx tsx scripts/support.ts writes it)', () => {
  const readme = readFileSync(README, 'utf8');
  expect(readme).toBe(withSupport(readme));
  expect(support()).toContain('`REJECT`');
});

test('every match and target that is listed as refused is refused by its name, and nothing stays', () => {
  const host = new Host();
  for (const family of [4, 6] as const) {
    const program = family === 4 ? 'iptables' : 'ip6tables';
    const before = runCommand(host, [`${program}-save`, '-c']).stdout;
    for (const kind of ['match', 'target'] as const) {
      for (const name of KNOWN[kind][family]) {
        if (!isNotYet(kind, family, name)) continue;
        const words = kind === 'match' ? ['-m', name, '-j', 'ACCEPT'] : ['-j', name];
        const result = runCommand(host, [program, '-A', 'INPUT', ...words]);
        expect(result.unsupported, `${program} ${words.join(' ')}`).toBe(`${kind} ${name}`);
        expect(result.stderr).toContain(`not supported yet: ${kind} ${name}`);
        expect(result.exit).not.toBe(0);
      }
    }
    const rules = (text: string) => text.split('\n').filter((line) => line.startsWith('-A'));
    expect(rules(runCommand(host, [`${program}-save`, '-c']).stdout)).toEqual(rules(before));
  }
});
