import { defineTarget, RETURN as VERDICT } from '../extension.ts';

export const RETURN = defineTarget({
  name: 'RETURN',
  summary: 'goes back to the calling chain; in a built-in chain the policy decides',
  source: 'net/netfilter/x_tables.c, the standard target',
  options: {},
  terminal: true,
  verdict: VERDICT,
});
