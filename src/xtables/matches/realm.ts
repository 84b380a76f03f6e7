import { FORWARD, INPUT, OUTPUT, POSTROUTING } from '../../netfilter/constants.ts';
import { defineMatch, option } from '../extension.ts';
import { listNamed, namedNumber } from '../named-number.ts';
import { hex } from '../values.ts';

/** /etc/iproute2/rt_realms of a fresh system. */
const realms = namedNumber(new Map([['cosmos', 0]]), 'realm[/mask]');

export const realm = defineMatch({
  name: 'realm',
  families: [4],
  summary: 'realm of the packet’s route (ip route … realm)',
  about:
    'The lower half is the realm of the next hop (`ip route … realm TO`), the upper half that of the way back to the sender. A ' +
    'route may give both (`realm FROM/TO`); a half that it leaves empty is filled by the policy rule (`ip rule … realms`), then ' +
    'by the way back. A packet for this host has only the realm ' +
    'of where it came from. A value with bits outside the mask never matches. Before the routing decision there is no realm, so ' +
    'PREROUTING is refused.',
  source: 'net/netfilter/xt_realm.c realm_mt',
  hooks: [INPUT, FORWARD, OUTPUT, POSTROUTING],
  options: {
    realm: option(realms, { required: true, invert: true, help: 'The realm, by number or name.' }),
  },
  list: ({ realm: given }, context) => listNamed('realm', realms, given, context),
  tests: ({ realm: given }) =>
    given
      ? [
          {
            option: 'realm',
            // The realm under the mask is compared with the whole value: bits outside the mask never fit.
            run: ({ route }) =>
              (((route?.realm ?? 0) & given.value.mask) >>> 0 === given.value.value) !== given.inverted,
            explain: ({ route }) => hex((route?.realm ?? 0) >>> 0),
          },
        ]
      : [],
});
