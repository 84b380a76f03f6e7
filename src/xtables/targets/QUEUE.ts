import { QUEUE as VERDICT } from '../../netfilter/verdict.ts';
import { defineTarget } from '../extension.ts';

export const QUEUE = defineTarget({
  name: 'QUEUE',
  summary: 'hands the packet to the listener of queue 0, dropping it if there is none',
  source: 'net/netfilter/x_tables.c, the standard target',
  options: {},
  terminal: true,
  verdict: VERDICT,
});
