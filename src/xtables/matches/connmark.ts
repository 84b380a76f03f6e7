import { attached, noConnection, track } from '../connection-state.ts';
import { defineMatch, option } from '../extension.ts';
import { hex, markMask } from '../values.ts';

export const connmark = defineMatch({
  name: 'connmark',
  revision: 1,
  summary: 'the mark of the packet’s connection',
  about: 'A packet without a connection never fits, inverted or not.',
  source: 'net/netfilter/xt_connmark.c connmark_mt',
  options: {
    mark: option(markMask, {
      required: true,
      invert: true,
      help: 'The mark, ANDed with mask where there is one, equals value.',
    }),
  },
  list: ({ mark: given }, context) =>
    given ? ` connmark match ${given.inverted ? '!' : ''} ${markMask.print(given.value, context)}` : '',
  tests({ mark: given }, environment) {
    track(environment);
    if (!given) return [];
    const { value, mask } = given.value;
    return [
      {
        option: 'mark',
        run(packet) {
          const connection = attached(packet);
          // Compared with the value as it was written: bits outside the mask never match.
          return connection !== undefined && ((connection.mark & mask) >>> 0 === value) !== given.inverted;
        },
        explain(packet) {
          const connection = attached(packet);
          return connection === undefined ? noConnection(packet) : hex(connection.mark);
        },
      },
    ];
  },
});
