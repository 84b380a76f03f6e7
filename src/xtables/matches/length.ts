import { defineMatch, option } from '../extension.ts';
import { range16 } from '../ranges.ts';

export const length = defineMatch({
  name: 'length',
  summary: 'length of the IP packet',
  about:
    'For IPv4 the whole packet, for IPv6 header and payload, as the header says it. A backward range holds nothing.',
  source: 'net/netfilter/xt_length.c length_mt, length_mt6',
  options: {
    length: option(range16, {
      required: true,
      invert: true,
      help: 'Bytes, or a range of them.',
      test: ({ value: { min, max }, inverted }) => ({ field: 'ip.length', ranges: [[min, max]], inverted }),
    }),
  },
  list: ({ length: given }, context) =>
    given ? ` length ${given.inverted ? '!' : ''}${range16.print(given.value, context)}` : '',
});
