import {
  defineMatch,
  type Given,
  option,
  type PrintContext,
  type SettleContext,
  type ValueType,
} from '../extension.ts';
import type { FieldName } from '../fields.ts';
import { listPort, parsePort } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { Range } from '../values.ts';

/** XT_MULTI_PORTS: a range counts as two. */
const MOST_PORTS = 15;
/** Protocols with ports where the others have them. */
const PROTOCOLS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

const list: ValueType<readonly Range[]> = {
  syntax: 'port[,port:port,…]',
  argument: 'required',
  parse(given, { names, protocol, protocolInverted }) {
    checkProtocol({ protocol, protocolInverted });
    const name = names.protocolName(protocol);
    let room = MOST_PORTS;
    return given.split(',').map((part) => {
      const colon = part.indexOf(':');
      room -= colon < 0 ? 1 : 2;
      if (room < 0) throw new Problem('too many ports specified');
      if (colon < 0) {
        const only = parsePort(part, name, names);
        return { min: only, max: only };
      }
      const min = parsePort(part.slice(0, colon), name, names);
      const max = parsePort(part.slice(colon + 1), name, names);
      if (min >= max) throw new Problem('invalid portrange specified');
      return { min, max };
    });
  },
  print: (ranges) => ranges.map(({ min, max }) => (min === max ? String(min) : `${min}:${max}`)).join(','),
};

function checkProtocol({
  protocol,
  protocolInverted,
}: Pick<SettleContext, 'protocol' | 'protocolInverted'>): void {
  if (protocol === 0) {
    throw new Problem("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
  }
  if (protocolInverted || !PROTOCOLS.has(protocol)) {
    throw new Problem('multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP');
  }
}

const portsOption = (
  fields: readonly FieldName[],
  others: readonly string[],
  rest: { aliases: readonly string[]; saveAs: string; help: string },
) =>
  option(list, {
    ...rest,
    invert: true,
    excludes: others,
    test: ({ value, inverted }) => ({
      field: fields,
      ranges: value.map(({ min, max }) => [min, max] as const),
      inverted,
    }),
  });

export const multiport = defineMatch({
  name: 'multiport',
  revision: 1,
  summary: 'several ports and ranges of ports in one rule',
  about: 'Up to 15 ports, where a range counts as two. Later fragments have no ports and never match.',
  source: 'net/netfilter/xt_multiport.c multiport_mt',
  options: {
    'source-ports': portsOption(['port.source'], ['destination-ports', 'ports'], {
      aliases: ['sports'],
      saveAs: 'sports',
      help: 'The source port is one of these.',
    }),
    'destination-ports': portsOption(['port.destination'], ['source-ports', 'ports'], {
      aliases: ['dports'],
      saveAs: 'dports',
      help: 'The destination port is one of these.',
    }),
    ports: portsOption(['port.source', 'port.destination'], ['source-ports', 'destination-ports'], {
      aliases: [],
      saveAs: 'ports',
      help: 'The source or the destination port is one of these.',
    }),
  },
  settle(values) {
    if (Object.keys(values).length === 0) throw new Problem('multiport expection an option');
    return values;
  },
  list: (values, context) =>
    listed('sports', values['source-ports'], context) +
    listed('dports', values['destination-ports'], context) +
    listed('ports', values.ports, context),
  check: (_, { protocol, protocolInverted }) =>
    !protocolInverted && PROTOCOLS.has(protocol) ? undefined : 'EINVAL',
});

function listed(name: string, given: Given<readonly Range[]> | undefined, context: PrintContext): string {
  if (!given) return '';
  const text = given.value.map(({ min, max }) =>
    min === max ? listPort(min, context) : `${listPort(min, context)}:${listPort(max, context)}`,
  );
  return ` multiport ${name} ${given.inverted ? ' !' : ''}${text.join(',')}`;
}
