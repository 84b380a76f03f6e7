import { defineMatch, option, type ValueType } from '../extension.ts';
import type { FieldName } from '../fields.ts';
import type { Names } from '../names.ts';
import { isAllPorts, listPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { Range } from '../values.ts';

/**
 * A port as libxtables' own parser of ranges reads it (XTTYPE_PORTRC): by getaddrinfo, which takes decimal digits, cuts
 * to 16 bits what is too large for them, and knows the names of services.
 */
function port(given: string, names: Names): number {
  const digits = /^[ \t]*([0-9]*)$/.exec(given);
  if (digits && BigInt(`0${digits[1]}`) < 2n ** 63n) {
    const number = BigInt(`0${digits[1]}`);
    // strtoul keeps within a long, and the result is cut to an int that must not be negative.
    if (BigInt.asIntN(32, number) >= 0n) return Number(number & 0xffffn);
  }
  // It is not told the protocol: TCP's services come first.
  const named = names.servicePort(given, 'tcp') ?? names.servicePort(given, 'udp');
  if (named === undefined) throw new Problem(`Port "${given}" does not resolve to anything.\n`);
  return named;
}

const ports: ValueType<Range> = {
  syntax: 'port[:port]',
  argument: 'required',
  parse(given, { names }) {
    const colon = given.indexOf(':');
    if (colon < 0) {
      const only = port(given, names);
      return { min: only, max: only };
    }
    const low = given.slice(0, colon);
    const high = given.slice(colon + 1);
    return { min: low === '' ? 0 : port(low, names), max: high === '' ? 65535 : port(high, names) };
  },
  print: ({ min, max }) => (min === max ? String(min) : `${min}:${max}`),
};

const portOption = (field: FieldName, alias: string, help: string) =>
  option(ports, {
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
