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

/** A connection as `conntrack -L -o extended` writes it, one blank between words. */
export function connectionLine(connection: Connection, conntrack: Conntrack): string {
  const { original, reply, status, counts, help, mark } = connection;
  const { family, protocol } = original;
  const words = [family === 4 ? 'ipv4 2' : 'ipv6 10', protocolName(protocol, conntrack), String(protocol)];
  words.push(String(secondsLeft(connection.timeout, conntrack)));
  const state = conntrack.trackerOf(protocol).stateName?.(connection);
  if (state !== undefined) words.push(state);
  const sided = original.zone !== reply.zone;
  const direction = (handle: Handle, name: string, count?: { packets: number; bytes: number }): void => {
    words.push(tupleFields(handle));
    if (sided && handle.zone !== 0) words.push(`zone-${name}=${handle.zone}`);
    if (count) words.push(`packets=${count.packets} bytes=${count.bytes}`);
  };
  direction(original, 'orig', counts?.[0]);
  if ((status & STATUS.SEEN_REPLY) === 0) words.push('[UNREPLIED]');
  direction(reply, 'reply', counts?.[1]);
  if ((status & STATUS.ASSURED) !== 0) words.push('[ASSURED]');
  words.push(`mark=${mark >>> 0}`);
  if (!sided && original.zone !== 0) words.push(`zone=${original.zone}`);
  if (help?.helper) words.push(`helper=${help.helper.name}`);
  words.push('use=1');
  return words.join(' ');
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
