import { codePoint, dscpClass, printDscp } from '../dscp.ts';
import { CONTINUE, defineTarget, option } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readTos, writeTos } from '../tos.ts';

export const DSCP = defineTarget({
  name: 'DSCP',
  summary: 'sets the differentiated services code point',
  source: 'net/netfilter/xt_DSCP.c dscp_tg, dscp_tg6',
  table: 'mangle',
  options: {
    'set-dscp': option(codePoint, {
      excludes: ['set-dscp-class'],
      help: 'The code point, 0 to 63.',
    }),
    'set-dscp-class': option(dscpClass, {
      excludes: ['set-dscp'],
      help: 'The code point of a class: BE, EF, CS0 to CS7, AF11 to AF43.',
    }),
  },
  terminal: false,
  settle(values) {
    const given = values['set-dscp'] ?? values['set-dscp-class'];
    if (!given) throw new Problem('DSCP target: Parameter --set-dscp is required');
    return { 'set-dscp': given };
  },
  list: (values) => ` DSCP set ${printDscp(values['set-dscp']?.value ?? 0)}`,
  create(values) {
    const bits = (values['set-dscp']?.value ?? 0) << 2;
    return (packet) => {
      const before = readTos(packet);
      if ((before & 0xfc) !== bits) writeTos(packet, bits | (before & 3));
      return CONTINUE;
    };
  },
});
