import { defineMatch, option } from '../extension.ts';
import { icmpTypes, listType, type NamedType } from '../icmp-types.ts';

const TYPES: readonly NamedType[] = [
  ['any', 255, 0, 255],
  ['echo-reply', 0, 0, 255],
  ['pong', 0, 0, 255],
  ['destination-unreachable', 3, 0, 255],
  ['network-unreachable', 3, 0, 0],
  ['host-unreachable', 3, 1, 1],
  ['protocol-unreachable', 3, 2, 2],
  ['port-unreachable', 3, 3, 3],
  ['fragmentation-needed', 3, 4, 4],
  ['source-route-failed', 3, 5, 5],
  ['network-unknown', 3, 6, 6],
  ['host-unknown', 3, 7, 7],
  ['network-prohibited', 3, 9, 9],
  ['host-prohibited', 3, 10, 10],
  ['TOS-network-unreachable', 3, 11, 11],
  ['TOS-host-unreachable', 3, 12, 12],
  ['communication-prohibited', 3, 13, 13],
  ['host-precedence-violation', 3, 14, 14],
  ['precedence-cutoff', 3, 15, 15],
  ['source-quench', 4, 0, 255],
  ['redirect', 5, 0, 255],
  ['network-redirect', 5, 0, 0],
  ['host-redirect', 5, 1, 1],
  ['TOS-network-redirect', 5, 2, 2],
  ['TOS-host-redirect', 5, 3, 3],
  ['echo-request', 8, 0, 255],
  ['ping', 8, 0, 255],
  ['router-advertisement', 9, 0, 255],
  ['router-solicitation', 10, 0, 255],
  ['time-exceeded', 11, 0, 255],
  ['ttl-exceeded', 11, 0, 255],
  ['ttl-zero-during-transit', 11, 0, 0],
  ['ttl-zero-during-reassembly', 11, 1, 1],
  ['parameter-problem', 12, 0, 255],
  ['ip-header-bad', 12, 0, 0],
  ['required-option-missing', 12, 1, 1],
  ['timestamp-request', 13, 0, 255],
  ['timestamp-reply', 14, 0, 255],
  ['address-mask-request', 17, 0, 255],
  ['address-mask-reply', 18, 0, 255],
];

export const icmp = defineMatch({
  name: 'icmp',
  families: [4],
  summary: 'type and code of ICMP',
  source: 'net/netfilter/xt_tcpudp.c icmp_match',
  protocol: 1,
  requires: 'icmp.type-code',
  options: {
    'icmp-type': option(icmpTypes(TYPES, 'ICMP'), {
      required: true,
      invert: true,
      help: 'The type, by name or number, with its code or with any.',
      test: ({ value: { type, minimum, maximum }, inverted }) =>
        type === 255
          ? { field: 'icmp.type-code', ranges: [[0, 0xffff]], inverted }
          : { field: 'icmp.type-code', ranges: [[type * 256 + minimum, type * 256 + maximum]], inverted },
    }),
  },
  list: ({ 'icmp-type': given }, context) =>
    given ? listType('icmp', given.value, given.inverted, TYPES, context) : '',
});
