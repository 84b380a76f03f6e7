import { PREROUTING } from '../../netfilter/constants.ts';
import { REVERSE_PATH } from '../../netfilter/services.ts';
import { defineMatch, option } from '../extension.ts';
import { flag } from '../values.ts';

const REASONS: Readonly<Record<number, string>> = {
  [REVERSE_PATH.FITS]: 'the way back to the source leads by the same interface, or counts as such',
  [REVERSE_PATH.NO_ROUTE]: 'no route leads back to the source',
  [REVERSE_PATH.NOT_UNICAST]: 'the source is an address of this host, a broadcast or an anycast address',
  [REVERSE_PATH.OTHER_INTERFACE]: 'the way back to the source leads by another interface',
};

const WORDS = ['loose', 'validmark', 'accept-local', 'invert'] as const;

export const rpfilter = defineMatch({
  name: 'rpfilter',
  summary: 'an answer to the source would leave by the interface that the packet came in by',
  about:
    'Only in PREROUTING of the tables raw and mangle. Packets that came in by lo always fit, as do those without a ' +
    'source address that ask for one. IPv6 looks for any route by the interface, whatever its metric; IPv4 for the best.',
  source: 'net/ipv4/netfilter/ipt_rpfilter.c rpfilter_mt, net/ipv6/netfilter/ip6t_rpfilter.c rpfilter_mt',
  hooks: [PREROUTING],
  options: {
    loose: option(flag, { help: 'Any route back to the source is enough, whatever its interface.' }),
    validmark: option(flag, { help: 'Policy rules see the firewall mark of the packet, not 0.' }),
    'accept-local': option(flag, { help: 'Sources that are addresses of this host fit as well.' }),
    invert: option(flag, { help: 'Fits packets that fail the test.' }),
  },
  list: (values) => ` rpfilter${WORDS.map((word) => (values[word] ? ` ${word}` : '')).join('')}`,
  check: (_values, { table }) => (table === 'raw' || table === 'mangle' ? undefined : 'EINVAL'),
  tests(values, { services }) {
    const loose = values.loose !== undefined;
    const marked = values.validmark !== undefined;
    const local = values['accept-local'] !== undefined;
    const inverted = values.invert !== undefined;
    let answer = 0;
    return [
      {
        run(packet, { inDevice }) {
          answer = services.reversePath(packet, inDevice, marked ? packet.mark : 0, loose, local);
          return (answer === REVERSE_PATH.FITS) !== inverted;
        },
        explain: () => REASONS[answer]!,
      },
    ];
  },
});
