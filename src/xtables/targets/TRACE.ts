import { CONTINUE, defineTarget } from '../extension.ts';

export const TRACE = defineTarget({
  name: 'TRACE',
  summary: 'has every rule that the packet meets from here on written to the kernel log',
  source: 'net/netfilter/xt_TRACE.c trace_tg',
  table: 'raw',
  options: {},
  terminal: false,
  create: () => (packet) => {
    packet.traced = true;
    return CONTINUE;
  },
});
