import { defineMatch, option } from '../extension.ts';
import { tosName, tos as tosValue } from '../tos-value.ts';

export const tos = defineMatch({
  name: 'tos',
  revision: 1,
  summary: 'type of service, or the traffic class of IPv6',
  source: 'net/netfilter/xt_dscp.c tos_mt',
  options: {
    tos: option(tosValue, {
      required: true,
      invert: true,
      help: 'Value under a mask, or a name, which stands for the upper six bits of the old field.',
      test: ({ value: { value, mask }, inverted }) => ({
        field: 'ip.tos',
        mask,
        ranges: [[value, value]],
        inverted,
      }),
    }),
  },
  // The real tool writes no blank in front of numbers.
  list({ tos: given }, context) {
    if (!given) return '';
    const name = context.numeric ? undefined : tosName(given.value);
    return ` tos match${given.inverted ? '!' : ''}${name ? ` ${name}` : tosValue.print(given.value, context)}`;
  },
});
