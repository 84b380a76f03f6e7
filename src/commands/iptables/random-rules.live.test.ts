/** Rules made from the declarations, given to the real iptables and to the simulated one. */
import { describe, expect, it } from 'vitest';
import { run } from './cases.fixture.ts';
import { everyExtension, randomFrom, randomRule } from './random-rules.fixture.ts';
import { begin, comparable, real, useNamespace, works } from './real.fixture.ts';

const TRIES = process.env.FIVEHOOKS_LONG ? 60 : 4;

useNamespace();

describe.runIf(works)('rules made from the declarations, as the real iptables has them', () => {
  it.each([4, 6] as const)('IPv%i', { timeout: 1_200_000 }, (family) => {
    const program = family === 4 ? 'iptables' : 'ip6tables';
    const xtables = begin(program);
    const random = randomFrom(Number(process.env.FIVEHOOKS_SEED ?? family));
    for (const extension of everyExtension(family)) {
      for (let i = 0; i < TRIES; i++) {
        const { table, chain, words } = randomRule(random, family, extension);
        for (const argv of [
          [program, '-t', table, '-A', chain, ...words],
          [program, '-t', table, '-S', chain],
          [program, '-t', table, '-nvL', chain],
          [program, '-t', table, '-C', chain, ...words],
          [program, '-t', table, '-F', chain],
        ]) {
          const wanted = comparable(real(argv, ''));
          expect({ argv: argv.join(' '), ...comparable(run(xtables, argv, '')!) }).toEqual({
            argv: argv.join(' '),
            ...wanted,
          });
        }
      }
    }
  });
});
