import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch, type Given, option } from '../extension.ts';
import type { Place } from '../place.ts';
import { Problem } from '../problem.ts';
import { flag, integer } from '../values.ts';

const TCP = 6;
const TCP_HEADER = 20;
const FLAGS_AT = 13;

/** A flag of TCP. Without a whole header at hand no test fits; unlike elsewhere the packet is not dropped for it. */
function flagTest(name: string, bit: number, given: Given<true> | undefined) {
  if (!given) return [];
  const there = ({ end }: Packet, { transport }: Place): boolean => transport + TCP_HEADER <= end;
  const isSet = ({ bytes }: Packet, { transport }: Place): boolean =>
    (bytes[transport + FLAGS_AT]! & bit) !== 0;
  return [
    {
      option: name,
      run: (packet: Packet, place: Place) => there(packet, place) && isSet(packet, place) !== given.inverted,
      explain: (packet: Packet, place: Place) =>
        there(packet, place) ? (isSet(packet, place) ? 'set' : 'not set') : 'no whole TCP header',
    },
  ];
}

export const ecn = defineMatch({
  name: 'ecn',
  summary: 'the bits of explicit congestion notification (RFC 3168)',
  about:
    'The codepoints of IP: 0 not capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced. The flags of TCP need `-p tcp`.',
  source: 'net/netfilter/xt_ecn.c ecn_mt4, ecn_mt6',
  options: {
    'ecn-tcp-ece': option(flag, { invert: true, help: 'The ECE flag of TCP is set.' }),
    'ecn-tcp-cwr': option(flag, { invert: true, help: 'The CWR flag of TCP is set.' }),
    'ecn-ip-ect': option(integer(0, 3), { invert: true, help: 'The codepoint of the IP header, 0 to 3.' }),
  },
  verify(values) {
    if (Object.keys(values).length === 0) throw new Problem('ECN match: some option required');
  },
  list(values) {
    const word = (name: string, given: Given<unknown> | undefined): string =>
      given ? ` ${given.inverted ? '!' : ''}${name}` : '';
    return (
      ' ECN match' +
      word('ECE', values['ecn-tcp-ece']) +
      word('CWR', values['ecn-tcp-cwr']) +
      word(`ECT=${values['ecn-ip-ect']?.value}`, values['ecn-ip-ect'])
    );
  },
  check(values, { protocol, protocolInverted }) {
    const asksTcp = values['ecn-tcp-ece'] ?? values['ecn-tcp-cwr'];
    return asksTcp && (protocol !== TCP || protocolInverted) ? 'EINVAL' : undefined;
  },
  tests(values) {
    const ect = values['ecn-ip-ect'];
    return [
      ...(ect
        ? [
            {
              option: 'ecn-ip-ect',
              field: 'ip.ecn' as const,
              ranges: [[ect.value, ect.value] as const],
              inverted: ect.inverted,
            },
          ]
        : []),
      ...flagTest('ecn-tcp-ece', 0x40, values['ecn-tcp-ece']),
      ...flagTest('ecn-tcp-cwr', 0x80, values['ecn-tcp-cwr']),
    ];
  },
});
