import { expect, test } from 'vitest';
import { reference, written } from './reference.ts';

test('docs/ is what the declarations say (npm run generate writes it)', () => {
  const pages = reference();
  expect([...written().keys()].sort()).toEqual([...pages.keys()].sort());
  for (const [path, text] of written()) expect(text, path).toBe(pages.get(path));
});

test('a page names options, values, families and the source of the behaviour', () => {
  const page = reference().get('matches/length.md');
  expect(page).toContain('`--length`');
  expect(page).toContain('IPv4 and IPv6');
  expect(page).toContain('net/netfilter/xt_length.c');
});
