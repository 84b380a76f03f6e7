import { describe, expect, test } from 'vitest';
import type { Family } from '../../netfilter/constants.ts';
import type { Xtables } from '../../xtables/xtables.ts';
import type { CommandResult } from '../command.ts';
import { freshXtables, run } from './cases.fixture.ts';
import { everyExtension, randomFrom, randomRule } from './random-rules.fixture.ts';

const ESTIMATE = '--rateest-name web --rateest-interval 1s --rateest-ewmalog 4s'.split(' ');
const TRIES = process.env.FIVEHOOKS_LONG === undefined ? 250 : 3000;

const rules = ({ stdout }: CommandResult): string[] =>
  stdout.split('\n').filter((line) => line.startsWith('-A'));

/** Tables of a host that has what the examples name; rules that it takes are the other family's. */
function prepared(family: Family): Xtables {
  const xtables = freshXtables();
  for (const argv of [
    ['nfacct', 'add', 'web'],
    ['ipset', 'create', 'web', 'hash:ip'],
    ['ipset', 'create', 'web6', 'hash:ip', 'family', 'inet6'],
    [...`${family === 4 ? 'ip6tables' : 'iptables'} -t mangle -A OUTPUT -j RATEEST`.split(' '), ...ESTIMATE],
  ]) {
    expect(run(xtables, argv, '')).toMatchObject({ exit: 0 });
  }
  return xtables;
}

describe.each([4, 6] as const)('IPv%i: rules made from the declarations', (family) => {
  const program = family === 4 ? 'iptables' : 'ip6tables';
  test.each(everyExtension(family).map((extension) => [extension.kind, extension.name, extension] as const))(
    '%s %s: what is printed reads back as itself',
    (_kind, _name, extension) => {
      const random = randomFrom(family * 1000 + extension.name.length);
      // What a kernel without SELinux refuses is no lack of this one.
      const neverLoads = extension.missing ?? extension.name === 'SECMARK';
      let readBack = 0;
      for (let i = 0; i < TRIES || (readBack === 0 && i < 5000 && !neverLoads); i++) {
        const xtables = prepared(family);
        const { table, chain, words } = randomRule(random, family, extension);
        const added = run(xtables, [program, '-t', table, '-A', chain, ...words], '')!;
        if (added.exit !== 0) {
          // Refused: nothing of it stays, and it is said why.
          expect([words.join(' '), added.stderr === '']).toEqual([words.join(' '), false]);
          expect(rules(run(xtables, [`${program}-save`], '')!)).toEqual([]);
          continue;
        }
        const saved = run(xtables, [`${program}-save`, '-t', table], '')!;
        const again = prepared(family);
        // The real tool prints a few values that it does not take (cluster's masks): then the live test compares.
        if (run(again, [`${program}-restore`], saved.stdout)!.exit !== 0) continue;
        readBack++;
        expect(rules(run(again, [`${program}-save`, '-t', table], '')!)).toEqual(rules(saved));
      }
      expect(readBack > 0).toBe(!neverLoads);
    },
  );
});
