import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCommand } from '../src/commands/index.ts';
import { splitWords } from '../src/commands/words.ts';
import { Host } from '../src/host/host.ts';
import { definitionsOf, extensionNames } from './extensions.ts';
import { README, support, withSupport } from './support.ts';

test('the README lists what is supported and what is not (npm run generate writes it)', () => {
  const readme = readFileSync(README, 'utf8');
  expect(readme).toBe(withSupport(readme));
  expect(support()).toContain('`REJECT`');
});

/** Words that make a complete rule of each extension whose kernel module is not there. */
const COMPLETE: Readonly<Record<string, string>> = {
  ipvs: '-m ipvs --ipvs',
  CLUSTERIP:
    '-d 192.0.2.1 -j CLUSTERIP --new --hashmode sourceip --clustermac 01:00:5e:00:00:01 --total-nodes 2 --local-node 1',
  LED: '-j LED --led-trigger-id a',
  ULOG: '-j ULOG',
};

test('a rule with an extension that is listed as refused does not load, and nothing stays', () => {
  const missing = (['match', 'target'] as const).flatMap((kind) =>
    extensionNames(kind).filter((name) => definitionsOf(kind, name).every((one) => one.missing)),
  );
  expect(missing.sort()).toEqual(Object.keys(COMPLETE).sort());
  for (const name of missing) {
    const host = new Host();
    const result = runCommand(host, ['iptables', '-A', 'INPUT', ...splitWords(COMPLETE[name]!)]);
    expect([name, result.exit, result.stderr]).toEqual([
      name,
      1,
      expect.stringContaining('iptables: No chain/target/match by that name.\n'),
    ]);
    expect(runCommand(host, ['iptables', '-S', 'INPUT']).stdout).toBe('-P INPUT ACCEPT\n');
  }
});
