import { defineMatch, option } from '../extension.ts';
import { icmpTypes, listType, type NamedType } from '../icmp-types.ts';

const TYPES: readonly NamedType[] = [
  ['destination-unreachable', 1, 0, 255],
  ['no-route', 1, 0, 0],
  ['communication-prohibited', 1, 1, 1],
  ['beyond-scope', 1, 2, 2],
  ['address-unreachable', 1, 3, 3],
  ['port-unreachable', 1, 4, 4],
  ['failed-policy', 1, 5, 5],
  ['reject-route', 1, 6, 6],
  ['packet-too-big', 2, 0, 255],
  ['time-exceeded', 3, 0, 255],
  ['ttl-exceeded', 3, 0, 255],
  ['ttl-zero-during-transit', 3, 0, 0],
  ['ttl-zero-during-reassembly', 3, 1, 1],
  ['parameter-problem', 4, 0, 255],
  ['bad-header', 4, 0, 0],
  ['unknown-header-type', 4, 1, 1],
  ['unknown-option', 4, 2, 2],
  ['echo-request', 128, 0, 255],
  ['ping', 128, 0, 255],
  ['echo-reply', 129, 0, 255],
  ['pong', 129, 0, 255],
  ['router-solicitation', 133, 0, 255],
  ['router-advertisement', 134, 0, 255],
  ['neighbour-solicitation', 135, 0, 255],
  ['neighbor-solicitation', 135, 0, 255],
  ['neighbour-advertisement', 136, 0, 255],
  ['neighbor-advertisement', 136, 0, 255],
  ['redirect', 137, 0, 255],
];

export const icmp6 = defineMatch({
  name: 'icmp6',
  aliases: ['icmpv6', 'ipv6-icmp'],
  families: [6],
  summary: 'type and code of ICMPv6',
  source: 'net/netfilter/xt_tcpudp.c icmp6_match',
  protocol: 58,
  requires: 'icmp6.type-code',
  options: {
    'icmpv6-type': option(icmpTypes(TYPES, 'ICMPv6'), {
      required: true,
      invert: true,
      help: 'The type, by name or number, with its code or with any.',
      test: ({ value: { type, minimum, maximum }, inverted }) => ({
        field: 'icmp6.type-code',
        ranges: [[type * 256 + minimum, type * 256 + maximum]],
        inverted,
      }),
    }),
  },
  list: ({ 'icmpv6-type': given }, context) =>
    given ? listType('ipv6-icmp', given.value, given.inverted, TYPES, context) : '',
});
