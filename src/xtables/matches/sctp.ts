import type { Packet } from '../../netfilter/packet.ts';
import { IPPROTO_SCTP } from '../../wire/protocols.ts';
import { SCTP_CHUNK_LENGTH, SCTP_LENGTH } from '../../wire/sctp.ts';
import { defineMatch, type Given, option, type PrintContext, type ValueType } from '../extension.ts';
import type { Place } from '../place.ts';
import { listPorts, parsePort } from '../ports.ts';
import { Problem } from '../problem.ts';
import { CHUNKS, type ChunkFlags, chunkName, flagText, readChunks } from '../sctp-chunks.ts';
import type { Range } from '../values.ts';

type Scope = 'all' | 'any' | 'only';
const SCOPES: readonly Scope[] = ['all', 'any', 'only'];

interface Chunks {
  readonly scope: Scope;
  /** Types of chunks, ascending; 256 of them for ALL. */
  readonly types: readonly number[];
  /** What is asked of the flags of some types. */
  readonly flags: readonly ChunkFlags[];
}

const ports: ValueType<Range> = {
  syntax: 'port[:port]',
  argument: 'required',
  parse(given, { names }) {
    const colon = given.indexOf(':');
    if (colon < 0) {
      const only = parsePort(given, 'sctp', names);
      return { min: only, max: only };
    }
    const [low, high] = [given.slice(0, colon), given.slice(colon + 1)];
    const min = low === '' ? 0 : parsePort(low, 'sctp', names);
    const max = high === '' ? 65535 : parsePort(high, 'sctp', names);
    if (min > max) throw new Problem('invalid portrange (min > max)');
    return { min, max };
  },
  print: ({ min, max }) => (min === max ? String(min) : `${min}:${max}`),
};

const chunks: ValueType<Chunks> = {
  syntax: 'all|any|only type[:flags][,…]',
  argument: 'required',
  choices: SCOPES,
  parse(given, context) {
    const next = context.peek();
    if (next === undefined || next.startsWith('-') || next.startsWith('!')) {
      throw new Problem('--chunk-types requires two args');
    }
    const scope = SCOPES.find((one) => one === given.toLowerCase());
    if (!scope) throw new Problem('Match type has to be one of "ALL", "ANY" or "ONLY"');
    context.take();
    return { scope, ...readChunks(next) };
  },
  print: (given) => `${given.scope} ${printTypes(given, chunkName)}`,
};

function printTypes({ types, flags }: Chunks, name: (type: number) => string): string {
  if (types.length === 0) return 'NONE';
  if (types.length === 256) return 'ALL';
  return types.map((type) => name(type) + flagText(flags.find((one) => one.type === type))).join(',');
}

const hexName = (type: number): string => `0x${type.toString(16).toUpperCase().padStart(4, '0')}`;

function listChunks(given: Given<Chunks> | undefined, { numeric }: PrintContext): string {
  if (!given) return '';
  const { value, inverted } = given;
  return `${inverted ? ' !' : ''} ${value.scope} ${printTypes(value, numeric ? hexName : chunkName)}`;
}

/** Chunks that lie, or none behind the header, drop the packet. */
const MALFORMED = -1;

/** 1 if the chunks fit, 0 if not, MALFORMED (net/netfilter/xt_sctp.c match_packet). */
function compare({ bytes, end }: Packet, { transport }: Place, wanted: Chunks, isWanted: Uint8Array): number {
  const { scope, flags } = wanted;
  const flagsFit = (type: number, own: number): boolean => {
    const asked = flags.find((one) => one.type === type);
    return !asked || (own & asked.mask) === asked.set;
  };
  const seen = scope === 'all' ? new Uint8Array(256) : undefined;
  for (let at = transport + SCTP_LENGTH; ; ) {
    if (at + SCTP_CHUNK_LENGTH > end) return MALFORMED;
    const type = bytes[at]!;
    const own = bytes[at + 1]!;
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (length === 0) return MALFORMED;
    if (isWanted[type] === 1) {
      const fits = flagsFit(type, own);
      if (scope === 'any' && fits) return 1;
      if (scope === 'only' && !fits) return 0;
      if (seen && fits) seen[type] = 1;
    } else if (scope === 'only') return 0;
    at += (length + 3) & ~3;
    if (at >= end) break;
  }
  if (scope === 'any') return 0;
  return scope === 'only' || wanted.types.every((type) => seen![type] === 1) ? 1 : 0;
}

function chunksOf({ bytes, end }: Packet, { transport }: Place): string {
  const found: string[] = [];
  for (let at = transport + SCTP_LENGTH; at + SCTP_CHUNK_LENGTH <= end; ) {
    found.push(CHUNKS.has(bytes[at]!) ? chunkName(bytes[at]!) : String(bytes[at]));
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (length === 0) break;
    at += (length + 3) & ~3;
  }
  return found.length > 0 ? found.join(',') : 'no chunk';
}

const portOption = (field: 'port.source' | 'port.destination', name: string, alias: string, help: string) =>
  option(ports, {
    aliases: [alias],
    saveAs: alias,
    invert: true,
    repeated: `Only one \`--${name}' allowed`,
    help,
    test: ({ value: { min, max }, inverted }) => ({ field, ranges: [[min, max]], inverted }),
  });

export const sctp = defineMatch({
  name: 'sctp',
  summary: 'ports and chunks of SCTP',
  about:
    '`all`: each of these chunks is there; `any`: one of them is; `only`: no other is. A capital letter of a flag asks for it ' +
    'to be set, a small one for it not to be. A header that is cut off drops the packet, and so do chunks whose lengths ' +
    'lie where chunks are asked for. Later fragments never match.',
  source: 'net/netfilter/xt_sctp.c sctp_mt',
  protocol: IPPROTO_SCTP,
  requires: 'sctp.header',
  options: {
    'source-port': portOption('port.source', 'source-port', 'sport', 'Source port or ports.'),
    'destination-port': portOption(
      'port.destination',
      'destination-port',
      'dport',
      'Destination port or ports.',
    ),
    'chunk-types': option(chunks, {
      invert: true,
      repeated: "Only one `--chunk-types' allowed",
      help: 'Types of chunks, with flags.',
      test({ value, inverted }) {
        const isWanted = new Uint8Array(256);
        for (const type of value.types) isWanted[type] = 1;
        return {
          run(packet, place) {
            const fits = compare(packet, place, value, isWanted);
            if (fits === MALFORMED) place.drop = true;
            return (fits === 1) !== inverted;
          },
          explain: (packet, place) =>
            compare(packet, place, value, isWanted) === MALFORMED
              ? 'its chunks are cut off: the packet is dropped'
              : chunksOf(packet, place),
        };
      },
    }),
  },
  list: (values, context) =>
    ' sctp' +
    listPorts('spt', values['source-port'], context) +
    listPorts('dpt', values['destination-port'], context) +
    listChunks(values['chunk-types'], context),
});
