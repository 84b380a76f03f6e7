import { bitSet, STATES, stateTest, track } from '../connection-state.ts';
import { defineMatch, option } from '../extension.ts';

const states = bitSet(
  'state',
  STATES,
  '"--state" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED',
);

export const state = defineMatch({
  name: 'state',
  kernelName: 'conntrack',
  revision: 3,
  summary: 'what the packet is to its connection',
  about: 'The older name of `conntrack --ctstate`. Words may be cut short: `E` is ESTABLISHED.',
  source: 'net/netfilter/xt_conntrack.c conntrack_mt',
  options: {
    state: option(states, {
      required: true,
      invert: true,
      help: 'The state is one of these: NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED.',
    }),
  },
  list: ({ state: given }, context) =>
    given ? `${given.inverted ? ' !' : ''} state ${states.print(given.value, context)}` : '',
  tests({ state: given }, environment) {
    track(environment);
    return given ? [stateTest('state', given)] : [];
  },
});
