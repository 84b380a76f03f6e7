import { defineMatch, option } from '../extension.ts';
import type { FieldName } from '../fields.ts';
import { isAllPorts, listPorts, resolvedPorts } from '../ports.ts';

const portOption = (field: FieldName, alias: string, help: string) =>
  option(resolvedPorts, {
    aliases: [alias],
    saveAs: alias,
    invert: true,
    help,
    omit: ({ value }) => isAllPorts(value),
    // A range that is written backwards holds no port.
    test: ({ value: { min, max }, inverted }) => ({ field, ranges: [[min, max]], inverted }),
  });

export const udp = defineMatch({
  name: 'udp',
  summary: 'ports of UDP',
  about: 'A header that is cut off drops the packet. Later fragments have no ports and never match.',
  source: 'net/netfilter/xt_tcpudp.c udp_mt',
  protocol: 17,
  requires: 'udp.header',
  options: {
    'source-port': portOption('udp.sport', 'sport', 'Source port or ports.'),
    'destination-port': portOption('udp.dport', 'dport', 'Destination port or ports.'),
  },
  list: (values, context) =>
    ' udp' +
    listPorts('spt', values['source-port'], context) +
    listPorts('dpt', values['destination-port'], context),
});
