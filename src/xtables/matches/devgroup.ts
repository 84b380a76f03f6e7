import { FORWARD, INPUT, OUTPUT, POSTROUTING, PREROUTING } from '../../netfilter/constants.ts';
import { defineMatch, type Given, option } from '../extension.ts';
import { listNamed, maskedFits, namedNumber } from '../named-number.ts';
import type { Place } from '../place.ts';
import { Problem } from '../problem.ts';
import { hex, type Masked } from '../values.ts';

/** /etc/iproute2/group of a fresh system. */
const group = namedNumber(new Map([['default', 0]]), 'group[/mask]');

const INCOMING = (1 << PREROUTING) | (1 << INPUT) | (1 << FORWARD);
const OUTGOING = (1 << FORWARD) | (1 << OUTPUT) | (1 << POSTROUTING);

export const devgroup = defineMatch({
  name: 'devgroup',
  summary: 'group of the interface (ip link set … group)',
  source: 'net/netfilter/xt_devgroup.c devgroup_mt',
  options: {
    'src-group': option(group, { invert: true, help: 'Group of the incoming interface.' }),
    'dst-group': option(group, { invert: true, help: 'Group of the outgoing interface.' }),
  },
  verify(values) {
    if (!values['src-group'] && !values['dst-group']) {
      throw new Problem("devgroup match: You must specify either '--src-group' or '--dst-group'");
    }
  },
  list: (values, context) =>
    listNamed('src-group', group, values['src-group'], context) +
    listNamed('dst-group', group, values['dst-group'], context),
  check(values, { hooks }) {
    if (values['src-group'] && (hooks & ~INCOMING) !== 0) return 'EINVAL';
    return values['dst-group'] && (hooks & ~OUTGOING) !== 0 ? 'EINVAL' : undefined;
  },
  tests(values, { services: { interfaces } }) {
    const test = (name: string, given: Given<Masked> | undefined, device: (place: Place) => number) =>
      given
        ? [
            {
              option: name,
              run: (_packet: unknown, place: Place) => maskedFits(interfaces.groupOf(device(place)), given),
              explain: (_packet: unknown, place: Place) => hex(interfaces.groupOf(device(place))),
            },
          ]
        : [];
    return [
      ...test('src-group', values['src-group'], ({ inDevice }) => inDevice),
      ...test('dst-group', values['dst-group'], ({ outDevice }) => outDevice),
    ];
  },
});
