import { defineMatch, option } from '../extension.ts';
import { markMask } from '../values.ts';

export const mark = defineMatch({
  name: 'mark',
  revision: 1,
  summary: 'the firewall mark of the packet',
  source: 'net/netfilter/xt_mark.c mark_mt',
  options: {
    mark: option(markMask, {
      required: true,
      invert: true,
      help: 'The mark, ANDed with mask where there is one, equals value.',
      // The kernel compares with the value as it was written: bits outside the mask never match.
      test: ({ value: { value, mask }, inverted }) => ({
        field: 'packet.mark',
        mask,
        ranges: [[value, value]],
        inverted,
      }),
    }),
  },
  list: ({ mark: given }, context) =>
    given ? ` mark match${given.inverted ? ' !' : ''} ${markMask.print(given.value, context)}` : '',
});
