import type { Family } from '../netfilter/constants.ts';
import { printIpv4, printIpv6 } from '../wire/address.ts';
import { type Connection, STATUS } from './connection.ts';
import type { Conntrack } from './conntrack.ts';
import type { Expectation } from './expectations.ts';
import { destinationBytes, type Handle, sourceBytes, type Tuple } from './tuple.ts';

/** Names that the conntrack command has for protocols that are not tracked by a tracker of their own. */
const DCCP = 33;

/** Protocol's name as `conntrack -L` writes it. */
export function protocolName(protocol: number, conntrack: Conntrack): string {
  return protocol === DCCP ? 'dccp' : conntrack.trackerOf(protocol).name;
}

/** `src=192.0.2.10 dst=198.51.100.20 sport=40000 dport=53`. */
export function tupleFields(tuple: Tuple): string {
  const source = addressText(sourceBytes(tuple), tuple.family);
  const destination = addressText(destinationBytes(tuple), tuple.family);
  const parts = partFields(tuple);
  return `src=${source} dst=${destination}${parts === '' ? '' : ` ${parts}`}`;
}

function partFields(tuple: Tuple): string {
  const { protocol, sourcePart, destinationPart } = tuple;
  switch (protocol) {
    case 6:
    case 17:
    case DCCP:
    case 132:
    case 136:
      return `sport=${sourcePart} dport=${destinationPart}`;
    case 1:
    case 58:
      return `type=${tuple.icmpType} code=${tuple.icmpCode} id=${sourcePart}`;
    case 47:
      return `srckey=0x${sourcePart.toString(16)} dstkey=0x${destinationPart.toString(16)}`;
    default:
      return '';
  }
}

function addressText(bytes: Uint8Array, family: Family): string {
  return family === 4
    ? printIpv4((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!)
    : printIpv6(bytes);
}

/** What a line about a connection has besides the usual. */
export interface TextParts {
  /** Names are padded, as the command writes them. */
  readonly padded?: boolean;
  /** The network protocol comes first (-o extended). */
  readonly extended?: boolean;
  readonly id?: boolean;
  /** Start and end by the wall clock (-o ktimestamp). */
  readonly kernelTimes?: boolean;
  /** Names of labels, by number (-o labels). */
  readonly labels?: ReadonlyMap<number, string>;
  /** How many users the kernel tells; 1 if left out. */
  readonly use?: number;
  /** Of an event: which fields the kernel tells with it. */
  readonly event?: 'new' | 'update' | 'destroy';
}

const RECORDED: TextParts = { extended: true };

/** A connection as `conntrack -L` writes it; without parts as recordings have it. */
export function connectionLine(
  connection: Connection,
  conntrack: Conntrack,
  parts: TextParts = RECORDED,
): string {
  const { original, reply, status, counts, help, mark } = connection;
  const { family, protocol } = original;
  const pad = (name: string): string => (parts.padded ? name.padEnd(8) : name);
  const words: string[] = [];
  if (parts.extended) words.push(pad(family === 4 ? 'ipv4' : 'ipv6'), family === 4 ? '2' : '10');
  words.push(pad(protocolName(protocol, conntrack)), String(protocol));
  const left = secondsLeft(connection.timeout, conntrack);
  if (parts.event !== 'destroy' || left > 0) words.push(String(left));
  const state = conntrack.trackerOf(protocol).stateName?.(connection);
  if (state !== undefined) words.push(state);
  const sided = original.zone !== reply.zone;
  const counted = parts.event === undefined || parts.event === 'destroy' ? counts : undefined;
  const direction = (handle: Handle, name: string, count?: { packets: number; bytes: number }): void => {
    words.push(tupleFields(handle));
    if (sided && handle.zone !== 0) words.push(`zone-${name}=${handle.zone}`);
    if (count) words.push(`packets=${count.packets} bytes=${count.bytes}`);
  };
  direction(original, 'orig', counted?.[0]);
  if ((status & STATUS.SEEN_REPLY) === 0) words.push('[UNREPLIED]');
  direction(reply, 'reply', counted?.[1]);
  if ((status & STATUS.ASSURED) !== 0) words.push('[ASSURED]');
  if (parts.event === undefined || mark !== 0) words.push(`mark=${mark >>> 0}`);
  if (!sided && original.zone !== 0) words.push(`zone=${original.zone}`);
  words.push(...times(connection, conntrack, parts));
  if (help?.helper) words.push(`helper=${help.helper.name}`);
  if (parts.event === undefined) words.push(`use=${parts.use ?? 1}`);
  if (parts.id) words.push(`id=${identity(connection, conntrack)}`);
  const labels = labelNames(connection, parts.labels);
  if (labels !== '') words.push(`labels=${labels}`);
  return words.join(' ');
}

/** Seconds from its beginning to now. */
export function lifetime({ started, stopped }: Connection, conntrack: Conntrack): number {
  const until = stopped || conntrack.services.wallClock();
  return Math.max(0, Math.floor(until / 1e6) - Math.floor(started / 1e6));
}

/** How long it has lived, and its times by the wall clock. */
function times(connection: Connection, conntrack: Conntrack, { kernelTimes }: TextParts): string[] {
  const { started, stopped } = connection;
  if (started === 0) return [];
  const words = [`delta-time=${lifetime(connection, conntrack)}`];
  if (kernelTimes) {
    words.push(`[start=${dateText(started)}]`);
    if (stopped !== 0) words.push(`[stop=${dateText(stopped)}]`);
  }
  return words;
}

/** `Mon Nov 23 15:35:36 2026`, UTC. */
function dateText(microseconds: number): string {
  const [day, date, month, year, time] = new Date(microseconds / 1000)
    .toUTCString()
    .replace(',', '')
    .split(' ');
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`;
}

function labelNames({ labels }: Connection, names: ReadonlyMap<number, string> | undefined): string {
  if (!labels || !names) return '';
  return [...names]
    .filter(([number]) => ((labels[number >> 5]! >>> (number & 31)) & 1) !== 0)
    .sort(([one], [other]) => one - other)
    .map(([, name]) => name)
    .join(',');
}

/** Number of a connection that nobody outside can foresee or count by. (nf_ct_get_id) */
export function identity(connection: Connection, conntrack: Conntrack): number {
  return (conntrack.hash.of(connection.original) ^ Math.imul(connection.serial, 0x9e3779b1)) >>> 0;
}

/** Flags of expectations, from bit 0 on. */
const FLAGS = ['PERMANENT', 'INACTIVE', 'USERSPACE'];

/** An expectation as `conntrack -L expect` writes it. */
export function expectationLine(expectation: Expectation, conntrack: Conntrack): string {
  const { tuple, mask, master } = expectation;
  const { family } = tuple;
  const ones = addressText(new Uint8Array(16).fill(255), family);
  const from = addressText(sourceBytes(mask), family);
  const words = [
    String(secondsLeft(expectation.timeout, conntrack)),
    `proto=${tuple.protocol}`,
    tupleFields(tuple),
  ];
  words.push(`mask-src=${from} mask-dst=${ones}`);
  const parts = partFields(mask);
  if (parts !== '') words.push(parts);
  const [source, destination, ...rest] = tupleFields(master.original).split(' ');
  words.push(`master-${source} master-${destination}`, ...rest);
  const flags = FLAGS.filter((_, bit) => (expectation.flags >> bit) & 1);
  if (flags.length > 0) words.push(flags.join(','));
  words.push(`class=${expectation.class}`);
  const helper = master.help?.helper;
  if (helper) words.push(`helper=${helper.name}`);
  return words.join(' ');
}

function secondsLeft(timeout: number, conntrack: Conntrack): number {
  return Math.max(0, Math.floor((timeout - conntrack.services.timers.now) / 1e6));
}
