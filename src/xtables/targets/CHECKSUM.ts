import { CONTINUE, defineTarget, option } from '../extension.ts';
import { flag } from '../values.ts';

export const CHECKSUM = defineTarget({
  name: 'CHECKSUM',
  summary: 'computes a checksum that was left to the network card',
  about:
    'Here every packet has its checksum from the start, so nothing is left to compute. A checksum that is wrong stays as ' +
    'it is, as in the kernel, which touches only those left to a card.',
  source: 'net/netfilter/xt_CHECKSUM.c checksum_tg',
  table: 'mangle',
  options: {
    'checksum-fill': option(flag, { required: true, help: 'Compute it.' }),
  },
  terminal: false,
  list: () => ' CHECKSUM fill',
  create: () => () => CONTINUE,
});
