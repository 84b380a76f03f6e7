import { ACCEPT as VERDICT } from '../../netfilter/verdict.ts';
import { defineTarget } from '../extension.ts';

export const ACCEPT = defineTarget({
  name: 'ACCEPT',
  summary: 'lets the packet through',
  source: 'net/netfilter/x_tables.c, the standard target',
  options: {},
  terminal: true,
  verdict: VERDICT,
});
