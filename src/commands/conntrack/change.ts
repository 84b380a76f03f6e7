import { type Connection, DEFAULT_ZONE, STATUS, type Zone } from '../../conntrack/connection.ts';
import { EVENT } from '../../conntrack/events.ts';
import { setSctpState } from '../../conntrack/protocols/sctp-state.ts';
import { setTcpState } from '../../conntrack/protocols/tcp-state.ts';
import { sameTuple, setDestinationBytes, setSourceBytes, Tuple } from '../../conntrack/tuple.ts';
import type { Host } from '../../host/host.ts';
import { addressWords, DESTINATION, NO_ADDRESS, oneAddress, oneEnd, SOURCE } from '../../nat/range.ts';
import { failed } from './problem.ts';
import type { Request } from './request.ts';

const ICMP = 1;
const ICMPV6 = 58;
/** Longest timeout: what the kernel's counter of ticks can say. */
const LONGEST = 8589934;

/** Says in the tool's words what the kernel answered. */
function refuse(why: string): never {
  failed(`Operation failed: ${why}`);
}

/** The tuple that the options say for a direction; undefined if its addresses are not given. */
export function givenTuple(request: Request, side: 'orig' | 'reply' | 'tuple' | 'mask'): Tuple | undefined {
  const letters = { orig: 'sd', reply: 'rq', tuple: '[]', mask: '{}' }[side];
  const source = request.addresses.get(letters[0]!);
  const destination = request.addresses.get(letters[1]!);
  if (!source || !destination) return undefined;
  const { values } = request;
  const tuple = new Tuple();
  tuple.family = source.family;
  tuple.protocol = request.protocol!.protocol;
  setSourceBytes(tuple, source.bytes);
  setDestinationBytes(tuple, destination.bytes);
  const kind = tuple.protocol === 47 ? 'key' : 'port';
  if (tuple.protocol === ICMP || tuple.protocol === ICMPV6) {
    tuple.sourcePart = values.get('id') ?? 0;
    tuple.destinationPart = ((values.get('type') ?? 0) << 8) | (values.get('code') ?? 0);
  } else if (HAS_PARTS.has(tuple.protocol)) {
    tuple.sourcePart = values.get(`${side}-${kind}-src`) ?? 0;
    tuple.destinationPart = values.get(`${side}-${kind}-dst`) ?? 0;
  }
  return tuple;
}

const HAS_PARTS = new Set([6, 17, 47, 132, 136]);

/** The zone that the options say. */
function givenZone({ zones }: Request): Zone {
  if (zones.size > 1) refuse('invalid parameters');
  for (const [letter, id] of zones) {
    const directions = letter === 'w' ? 3 : letter === '(' ? 1 : 2;
    return { id, directions, fromMark: false };
  }
  return DEFAULT_ZONE;
}

/** Makes an entry by -I or -A; false if -A found it there already. (ctnetlink_create_conntrack) */
export function createEntry(host: Host, request: Request): boolean {
  const { conntrack } = host;
  const { protocol, values } = request;
  const reply = new Tuple();
  const first = givenTuple(request, 'orig') ?? givenTuple(request, 'reply')!;
  if (first.protocol === ICMP ? first.family !== 4 : first.protocol === ICMPV6 && first.family !== 6) {
    refuse('invalid parameters');
  }
  if (!conntrack.invert(first, reply)) refuse('invalid parameters');
  let original = first;
  let answers = reply;
  if (!request.addresses.has('s')) [original, answers] = [reply, first];
  else if (request.addresses.has('r')) {
    const given = givenTuple(request, 'reply')!;
    if (protocol!.parts && HAS_PARTS.has(first.protocol)) {
      const kind = first.protocol === 47 ? 'key' : 'port';
      for (const end of ['src', 'dst']) {
        if (!values.has(`reply-${kind}-${end}`)) refuse('invalid parameters');
      }
    }
    answers = given;
  }
  const zone = givenZone(request);
  if (conntrack.findHandle(original, zone) || conntrack.findHandle(answers, zone)) {
    if (request.command === 'A') return false;
    refuse('Such conntrack exists, try -U to update');
  }
  const connection = conntrack.make(original, answers, zone);
  if (request.options.has('u')) changeStatus(connection, request.status.status);
  connection.mark = (request.mark?.value ?? 0) | 0;
  setState(connection, request);
  translate(host, connection, request);
  if (request.changedLabels && request.changedLabels.length > 0) changeLabels(connection, request, true);
  connection.timeout = Math.min(request.timeout ?? 0, LONGEST) * 1e6;
  conntrack.insert(connection);
  conntrack.events.deliver(connection);
  return true;
}

function setState(connection: Connection, { values }: Request): void {
  const state = values.get('state');
  const { protocol } = connection.original;
  if (protocol === 6 && state !== undefined) setTcpState(connection, state);
  if (protocol === 132 && state !== undefined) {
    setSctpState(connection, state, values.get('orig-vtag') ?? 0, values.get('reply-vtag') ?? 0);
  }
}

/** Nothing is bound if neither side is named, both are if one is. (ctnetlink_setup_nat) */
function translate(host: Host, connection: Connection, { addresses, natPorts, options }: Request): void {
  if (!options.has('n') && !options.has('g')) return;
  for (const [letter, side] of [
    ['g', DESTINATION],
    ['n', SOURCE],
  ] as const) {
    const address = addresses.get(letter);
    const port = natPorts.get(letter);
    if (!address) host.nat.bindNothing(connection, side);
    else {
      const words = address ? addressWords(address.bytes, 0, address.family) : NO_ADDRESS;
      host.nat.setup(connection, port === undefined ? oneAddress(words) : oneEnd(words, port), side);
    }
  }
}

/** Sets status bits that were not there. Bits of tracking itself cannot be set or taken. (ctnetlink_change_status) */
function changeStatus(connection: Connection, bits: number): void {
  if ((bits & STATUS.EXPECTED) !== 0 && (connection.status & STATUS.EXPECTED) === 0) {
    refuse('Device or resource busy');
  }
  connection.status |= bits & (STATUS.SEEN_REPLY | STATUS.ASSURED | STATUS.FIXED_TIMEOUT);
}

function changeLabels(connection: Connection, { changedLabels }: Request, add: boolean): void {
  const { labels } = connection;
  if (!labels) return;
  for (const bit of changedLabels ?? []) {
    if (add) labels[bit >> 5]! |= 1 << (bit & 31);
    else labels[bit >> 5]! &= ~(1 << (bit & 31));
  }
  if (changedLabels === undefined) labels.fill(0);
}

/** Whether -U would change something about an entry. */
export function wouldChange(connection: Connection, request: Request): boolean {
  const { mark, status, options, timeout, values } = request;
  if (mark && markAfter(connection, request) !== connection.mark) return true;
  if (timeout !== undefined) return true;
  if (options.has('u') && (status.status & ~connection.status) !== 0) return true;
  if (connection.labels && (options.has('<') || options.has('>'))) return true;
  const state = values.get('state');
  return state !== undefined && state !== connection.state;
}

function markAfter(connection: Connection, { mark }: Request): number {
  return mark ? (connection.mark & ~mark.mask) ^ mark.value : connection.mark;
}

/** Changes an entry by -U; what the kernel refuses of it is said, and the rest stays as it was. */
export function updateEntry(host: Host, connection: Connection, request: Request): void {
  if (request.options.has('u')) changeStatus(connection, request.status.status);
  const { timeout } = request;
  if (timeout !== undefined) host.conntrack.expireIn(connection, Math.min(timeout, LONGEST) * 1e6);
  connection.mark = markAfter(connection, request);
  setState(connection, request);
  if (request.options.has('<')) changeLabels(connection, request, true);
  if (request.options.has('>')) changeLabels(connection, request, false);
  const { events } = host.conntrack;
  events.note(connection, EVENT.MARK | EVENT.PROTOINFO | EVENT.REPLY | EVENT.ASSURED);
  events.deliver(connection);
}

/** The entry that -G asks for, found by either of its directions. */
export function findEntry(host: Host, request: Request): Connection {
  const tuple = givenTuple(request, 'orig');
  if (!tuple) return refuse('invalid parameters');
  const found = host.conntrack.findHandle(tuple);
  return found?.connection ?? refuse("such conntrack doesn't exist");
}

/** The expectation of just this tuple. */
export function findExpectation(host: Host, request: Request) {
  const tuple = givenTuple(request, 'orig')!;
  for (const expectation of host.conntrack.expectations) {
    if (sameTuple(expectation.tuple, tuple)) return expectation;
  }
  return refuse('No such file or directory');
}
