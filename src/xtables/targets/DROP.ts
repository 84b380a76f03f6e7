import { DROP as VERDICT } from '../../netfilter/verdict.ts';
import { defineTarget } from '../extension.ts';

export const DROP = defineTarget({
  name: 'DROP',
  summary: 'drops the packet without a word',
  source: 'net/netfilter/x_tables.c, the standard target',
  options: {},
  terminal: true,
  verdict: VERDICT,
});
