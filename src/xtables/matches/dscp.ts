import { codePoint, dscpClass, printDscp } from '../dscp.ts';
import { defineMatch, option } from '../extension.ts';
import { Problem } from '../problem.ts';

export const dscp = defineMatch({
  name: 'dscp',
  summary: 'the differentiated services code point',
  source: 'net/netfilter/xt_dscp.c dscp_mt, dscp_mt6',
  options: {
    dscp: option(codePoint, {
      invert: true,
      excludes: ['dscp-class'],
      help: 'The code point, 0 to 63.',
      test: ({ value, inverted }) => ({
        field: 'ip.dscp',
        ranges: [[value, value]],
        inverted,
      }),
    }),
    'dscp-class': option(dscpClass, {
      invert: true,
      excludes: ['dscp'],
      help: 'The code point of a class: BE, EF, CS0 to CS7, AF11 to AF43.',
    }),
  },
  settle(values) {
    const given = values.dscp ?? values['dscp-class'];
    if (!given) throw new Problem('DSCP match: Parameter --dscp is required');
    return { dscp: given };
  },
  list: ({ dscp: given }) =>
    given ? ` DSCP match ${given.inverted ? '!' : ''}${printDscp(given.value)}` : '',
});
