import { type Connection, STATUS } from '../../conntrack/connection.ts';
import type { Conntrack } from '../../conntrack/conntrack.ts';
import { SCTP_STATE_NAMES, SctpData, swapped } from '../../conntrack/protocols/sctp-state.ts';
import {
  connectionLine,
  identity,
  lifetime,
  protocolName,
  type TextParts,
  tupleFields,
} from '../../conntrack/text.ts';
import type { Tuple } from '../../conntrack/tuple.ts';
import type { Names } from '../../xtables/names.ts';
import { protocolOptions } from './protocols.ts';

/** How entries are written. */
export interface Style {
  readonly output: ReadonlySet<string>;
  readonly names: Names;
  /** How many users the kernel tells: one more while it answers for a single entry. */
  readonly use: number;
}

/** A connection as the command writes it. */
export function entryText(connection: Connection, conntrack: Conntrack, style: Style): string {
  if (style.output.has('save')) return saveText(connection, conntrack);
  if (style.output.has('xml')) return xmlText(connection, conntrack, style);
  return connectionLine(connection, conntrack, textParts(style));
}

/** What a line has besides the usual. */
export function textParts({ output, names, use }: Style): TextParts {
  const labels = output.has('labels') ? names.connectionLabels?.byId : undefined;
  return {
    padded: true,
    extended: output.has('extended'),
    id: output.has('id'),
    kernelTimes: output.has('ktimestamp'),
    use,
    ...(labels ? { labels } : {}),
  };
}

const SAVED_STATUS: readonly (readonly [number, string])[] = [
  [STATUS.EXPECTED, 'EXPECTED'],
  [STATUS.SEEN_REPLY, 'SEEN_REPLY'],
  [STATUS.ASSURED, 'ASSURED'],
  [STATUS.FIXED_TIMEOUT, 'FIXED_TIMEOUT'],
];

/** Fields `src=…`, `dst=…`, … of a tuple by name. */
function fieldsOf(tuple: Tuple): Map<string, string> {
  return new Map(
    tupleFields(tuple)
      .split(' ')
      .map((field) => field.split('=') as [string, string]),
  );
}

/** Whether an address was translated on a side: the source if the answers' destination is another one. */
export function isTranslated(connection: Connection, side: 'source' | 'destination'): boolean {
  const bit = side === 'source' ? STATUS.SRC_NAT_DONE : STATUS.DST_NAT_DONE;
  if ((connection.status & bit) === 0) return false;
  const { original, reply } = connection;
  return side === 'source'
    ? fieldsOf(original).get('src') !== fieldsOf(reply).get('dst')
    : fieldsOf(original).get('dst') !== fieldsOf(reply).get('src');
}

function field(fields: ReadonlyMap<string, string>, name: string): string {
  return fields.get(name) ?? '';
}

/** The words that would make this entry: `-A -t 99 -u UNSET -s …`. */
function saveText(connection: Connection, conntrack: Conntrack): string {
  const { original, reply, status } = connection;
  const { protocol } = original;
  const one = fieldsOf(original);
  const two = fieldsOf(reply);
  const left = connectionLine(connection, conntrack).split(' ')[4]!;
  const bits = SAVED_STATUS.filter(([bit]) => (status & bit) !== 0).map(([, name]) => name);
  const words = ['-A', '-t', left, '-u', bits.join(',') || 'UNSET'];
  if (original.zone !== reply.zone) {
    if (original.zone !== 0) words.push('--orig-zone', String(original.zone));
    if (reply.zone !== 0) words.push('--reply-zone', String(reply.zone));
  } else if (original.zone !== 0) words.push('-w', String(original.zone));
  words.push('-s', field(one, 'src'), '-d', field(one, 'dst'));
  words.push(isTranslated(connection, 'destination') ? '-g' : '-r', field(two, 'src'));
  words.push(isTranslated(connection, 'source') ? '-n' : '-q', field(two, 'dst'));
  const known = protocolOptions(protocol);
  words.push('-p', known.name === 'unknown' ? String(protocol) : known.name);
  if (protocol === 1 || protocol === 58) {
    for (const name of ['type', 'code', 'id']) words.push(`--${known.name}-${name}`, field(one, name));
  } else if (known.parts && protocol !== 33) {
    const values = [original, reply].flatMap(({ sourcePart, destinationPart }) => [
      sourcePart,
      destinationPart,
    ]);
    for (const [at, name] of known.parts.entries()) words.push(`--${name}`, String(values[at]));
    const state = conntrack.trackerOf(protocol).stateName?.(connection);
    if (state !== undefined) words.push('--state', state);
    if (connection.protocolData instanceof SctpData) {
      const { tags } = connection.protocolData;
      words.push(
        '--orig-vtag',
        String(swapped(tags[0]) >>> 0),
        '--reply-vtag',
        String(swapped(tags[1]) >>> 0),
      );
    }
  }
  return words.join(' ');
}

function xmlText(connection: Connection, conntrack: Conntrack, { output, use }: Style): string {
  const { original, reply, status, counts, mark } = connection;
  const left = connectionLine(connection, conntrack).split(' ')[4]!;
  const independent: string[] = [];
  const state = conntrack.trackerOf(original.protocol).stateName?.(connection);
  // libnetfilter_conntrack looks an SCTP state's number up among the names of TCP's.
  const shown = original.protocol === 132 ? XML_STATES[SCTP_STATE_NAMES.indexOf(state ?? '')] : state;
  if (shown !== undefined) independent.push(tag('state', shown));
  independent.push(tag('timeout', left), tag('mark', mark >>> 0));
  const sided = original.zone !== reply.zone;
  if (!sided && original.zone !== 0) independent.push(tag('zone', original.zone));
  if (connection.help?.helper) independent.push(tag('helper', connection.help.helper.name));
  independent.push(tag('use', use), tag('id', identity(connection, conntrack)));
  if ((status & STATUS.ASSURED) !== 0) independent.push('<assured/>');
  if ((status & STATUS.SEEN_REPLY) === 0) independent.push('<unreplied/>');
  if (connection.started !== 0) {
    if (output.has('ktimestamp')) {
      independent.push(tag('timestamp', tag('start', `${Math.floor(connection.started)}000`)));
    }
    independent.push(tag('deltatime', lifetime(connection, conntrack)));
  }
  const directions = [original, reply].map((tuple, i) => {
    const count = counts?.[i];
    const counters = count ? tag('counters', tag('packets', count.packets) + tag('bytes', count.bytes)) : '';
    const zone = sided && tuple.zone !== 0 ? tag('zone', tuple.zone) : '';
    return `<meta direction="${i === 0 ? 'original' : 'reply'}">${tupleXml(tuple, conntrack)}${zone}${counters}</meta>`;
  });
  return `<flow>${directions.join('')}<meta direction="independent">${independent.join('')}</meta></flow>`;
}

const XML_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
];

function tag(name: string, value: string | number): string {
  return `<${name}>${value}</${name}>`;
}

function tupleXml(tuple: Tuple, conntrack: Conntrack): string {
  const fields = fieldsOf(tuple);
  const [number, name] = tuple.family === 4 ? [2, 'ipv4'] : [10, 'ipv6'];
  const addresses = tag('src', fields.get('src')!) + tag('dst', fields.get('dst')!);
  const parts = ['sport', 'dport', 'srckey', 'dstkey']
    .map((field) => (fields.has(field) ? tag(field, fields.get(field)!) : ''))
    .join('');
  const protocol = protocolName(tuple.protocol, conntrack);
  return (
    `<layer3 protonum="${number}" protoname="${name}">${addresses}</layer3>` +
    `<layer4 protonum="${tuple.protocol}" protoname="${protocol}">${parts}</layer4>`
  );
}
