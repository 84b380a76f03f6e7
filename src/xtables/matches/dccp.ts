import type { Packet } from '../../netfilter/packet.ts';
import * as wire from '../../wire/dccp.ts';
import { dccpHeaderLength, dccpType } from '../../wire/dccp.ts';
import { IPPROTO_DCCP } from '../../wire/protocols.ts';
import { defineMatch, type Given, option, type PrintContext, type ValueType } from '../extension.ts';
import { listPorts, resolvedPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
import { integer } from '../values.ts';

/** Names of the types by number; the last stands for all that are reserved. */
const TYPES = [
  ...['REQUEST', 'RESPONSE', 'DATA', 'ACK', 'DATAACK', 'CLOSEREQ', 'CLOSE', 'RESET', 'SYNC', 'SYNCACK'],
  'INVALID',
];
const INVALID = TYPES.indexOf('INVALID');
const RESERVED_TYPES = 0xfc00;

const bitsOf = (type: number): number => (type === INVALID ? RESERVED_TYPES : 1 << type);

const types: ValueType<number> = {
  syntax: 'type[,type…]',
  argument: 'required',
  choices: TYPES,
  parse(given) {
    let bits = 0;
    for (const word of given.split(',').filter((one) => one !== '')) {
      const type = TYPES.indexOf(word.toUpperCase());
      if (type < 0) throw new Problem(`Unknown DCCP type \`${word}'`);
      bits |= bitsOf(type);
    }
    return bits;
  },
  print: (bits) => TYPES.filter((_, type) => (bits & bitsOf(type)) !== 0).join(','),
};

function listTypes(bits: number, context: PrintContext): string {
  if (!context.numeric) return types.print(bits, context);
  return Array.from({ length: 16 }, (_, type) => type)
    .filter((type) => (bits & (1 << type)) !== 0)
    .join(',');
}

const MALFORMED = -1;

/** Length of a header without options as Linux counts it: acknowledgments are 8 bytes, reserved types like RESET. */
function fixedLength(bytes: Uint8Array, at: number): number {
  const basic = wire.dccpExtended(bytes, at) ? 16 : wire.DCCP_LENGTH;
  switch (dccpType(bytes, at)) {
    case wire.DCCP_DATA:
      return basic;
    case wire.DCCP_REQUEST:
      return basic + 4;
    case wire.DCCP_ACK:
    case wire.DCCP_DATAACK:
    case wire.DCCP_SYNC:
    case wire.DCCP_SYNCACK:
    case wire.DCCP_CLOSE:
    case wire.DCCP_CLOSEREQ:
      return basic + 8;
    default:
      return basic + 12;
  }
}

/** 1 if the header has an option of this kind, 0 if not, MALFORMED if its lengths lie (dccp_find_option). */
function hasOption({ bytes, end }: Packet, at: number, kind: number): number {
  const first = at + fixedLength(bytes, at);
  const last = at + dccpHeaderLength(bytes, at);
  if (last < first) return MALFORMED;
  if (last === first) return 0;
  if (last > end) return MALFORMED;
  for (let o = first; o < last; ) {
    if (bytes[o] === kind) return 1;
    o += bytes[o]! < 2 || o + 1 >= last ? 1 : bytes[o + 1]! || 1;
  }
  return 0;
}

const portOption = (field: 'port.source' | 'port.destination', alias: string, help: string) =>
  option(resolvedPorts, {
    aliases: [alias],
    saveAs: alias,
    invert: true,
    help,
    test: ({ value: { min, max }, inverted }) => ({ field, ranges: [[min, max]], inverted }),
  });

export const dccp = defineMatch({
  name: 'dccp',
  summary: 'ports, type and options of DCCP',
  about:
    'A header that is cut off drops the packet, and so does one whose lengths lie where options are asked for. Later fragments ' +
    'never match.',
  source: 'net/netfilter/xt_dccp.c dccp_mt',
  protocol: IPPROTO_DCCP,
  requires: 'dccp.header',
  options: {
    'source-port': portOption('port.source', 'sport', 'Source port or ports.'),
    'destination-port': portOption('port.destination', 'dport', 'Destination port or ports.'),
    'dccp-types': option(types, {
      invert: true,
      help: 'Types, of which the packet has one.',
      test: ({ value, inverted }) => ({
        run: ({ bytes }, { transport }) => ((value >> dccpType(bytes, transport)) & 1) !== Number(inverted),
        explain: ({ bytes }, { transport }) => TYPES[dccpType(bytes, transport)] ?? 'INVALID',
      }),
    }),
    'dccp-option': option(integer(1, 255), {
      invert: true,
      help: 'An option that the header has.',
      test: ({ value, inverted }) => ({
        run(packet, place) {
          const found = hasOption(packet, place.transport, value);
          if (found === MALFORMED) place.drop = true;
          return (found === 1) !== inverted;
        },
        explain: (packet, { transport }) =>
          hasOption(packet, transport, value) === MALFORMED
            ? 'its options are cut off: the packet is dropped'
            : `${inverted ? 'it has' : 'no'} option ${value}`,
      }),
    }),
  },
  list(values, context) {
    const kinds = values['dccp-types'];
    const wanted: Given<number> | undefined = values['dccp-option'];
    return (
      ' dccp' +
      listPorts('spt', values['source-port'], context) +
      listPorts('dpt', values['destination-port'], context) +
      (kinds ? `${kinds.inverted ? ' !' : ''} ${listTypes(kinds.value, context)}` : '') +
      (wanted ? ` option=${wanted.inverted ? '!' : ''}${wanted.value}` : '')
    );
  },
});
