import { type Connection, infoDirection, STATUS } from '../../conntrack/connection.ts';
import { ORIGINAL, REPLY, type Tuple } from '../../conntrack/tuple.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { type Address, formatAddress, formatMask } from '../address.ts';
import {
  ALL_STATES,
  attached,
  bitSet,
  bitText,
  noConnection,
  stateTest,
  track,
} from '../connection-state.ts';
import {
  type AnyValues,
  defineMatch,
  type FunctionTest,
  type Given,
  type Option,
  option,
  type PrintContext,
  type Test,
  type ValueType,
} from '../extension.ts';
import { type HostMask, hostMask, listAddress, narrow } from '../hosts.ts';
import { resolvedPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
import { protocolNumber } from '../protocols.ts';
import { range32 } from '../ranges.ts';
import type { Range } from '../values.ts';

/** Expiry is told in jiffies of 1/250 s. */
const MICROSECONDS_PER_JIFFY = 4000;
const HZ = 250;

const STATUS_WORDS = [
  ['EXPECTED', STATUS.EXPECTED],
  ['SEEN_REPLY', STATUS.SEEN_REPLY],
  ['ASSURED', STATUS.ASSURED],
  ['CONFIRMED', STATUS.CONFIRMED],
] as const;

const states = bitSet('ctstate', ALL_STATES);
const words = bitSet('ctstatus', [['NONE', 0], ...STATUS_WORDS]);
const status: ValueType<number> = { ...words, print: (bits) => bitText(STATUS_WORDS, bits) || 'NONE' };

const direction: ValueType<string> = {
  syntax: 'ORIGINAL|REPLY',
  argument: 'required',
  choices: ['ORIGINAL', 'REPLY'],
  parse(given, { extension }) {
    const word = given.toUpperCase();
    if (word === 'ORIGINAL' || word === 'REPLY') return word;
    throw new Problem(`${extension}: Bad value for "--ctdir" option: "${given}"`);
  },
  print: (word) => word,
};

/** The real tool prints no upper end that is 0: `2:0`, which holds no port, looks like 2. */
const portRange: ValueType<Range> = {
  ...resolvedPorts,
  print: (range, context) => (range.max === 0 ? String(range.min) : resolvedPorts.print(range, context)),
};

const address = (help: string) => option(hostMask, { invert: true, help });
const ports = (help: string) => option(portRange, { invert: true, help });

const options = {
  ctstate: option(states, {
    invert: true,
    help: 'The state is one of these: INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED, SNAT, DNAT.',
  }),
  ctproto: option(protocolNumber, { invert: true, help: 'Protocol of the connection.' }),
  ctorigsrc: address('Source of the original direction.'),
  ctorigdst: address('Destination of the original direction, before translation.'),
  ctreplsrc: address('Source of the replies: who really answers.'),
  ctrepldst: address('Destination of the replies: whom they are sent to.'),
  ctorigsrcport: ports('Source port of the original direction, or an echo’s identifier.'),
  ctorigdstport: ports('Destination port of the original direction.'),
  ctreplsrcport: ports('Source port of the replies.'),
  ctrepldstport: ports('Destination port of the replies.'),
  ctstatus: option(status, {
    invert: true,
    help: 'One of these holds: EXPECTED, SEEN_REPLY, ASSURED, CONFIRMED. NONE never does.',
  }),
  ctexpire: option(range32, { invert: true, help: 'Seconds until the connection expires.' }),
  ctdir: option(direction, { help: 'The packet goes this way.' }),
};

export const conntrack = defineMatch({
  name: 'conntrack',
  revision: 3,
  summary: 'state, addresses and more of the packet’s connection',
  about:
    'A packet without a connection fits only --ctstate (INVALID, UNTRACKED), and then all other options are ignored; ' +
    'without --ctstate it fits nothing, inverted or not. SNAT and DNAT count beside the state: an inverted ' +
    '--ctstate fails if any of its words holds. A connection that is not confirmed yet expires in 0 seconds.',
  source: 'net/netfilter/xt_conntrack.c conntrack_mt',
  options,
  settle(values) {
    if (Object.keys(values).length === 0) throw new Problem('conntrack: At least one option is required');
    return values;
  },
  list: (values, context) => {
    let text = '';
    const given = values as AnyValues;
    for (const [key, declared] of Object.entries(options)) {
      text += listed(key, declared, given[key] as Given<unknown> | undefined, context);
    }
    return text;
  },
  tests(values, environment) {
    track(environment);
    const tests: Test[] = [];
    const withoutConnection = values.ctstate !== undefined;
    const add = (
      key: string,
      given: { readonly inverted: boolean } | undefined,
      holds: (connection: Connection, packet: Packet) => boolean,
      text: (connection: Connection, packet: Packet) => string,
    ) => {
      if (given) tests.push(connectionTest(key, given.inverted, withoutConnection, holds, text));
    };
    const {
      ctstate,
      ctproto,
      ctstatus,
      ctexpire,
      ctdir,
      ctorigsrc,
      ctorigdst,
      ctreplsrc,
      ctrepldst,
      ctorigsrcport,
      ctorigdstport,
      ctreplsrcport,
      ctrepldstport,
    } = values;
    const fromTuple = (key: string, given: Given<HostMask> | undefined, reply: boolean, side: Side) =>
      add(
        key,
        given,
        (connection) => isWithin(given!.value, side, reply ? connection.reply : connection.original),
        (connection) => formatAddress(sideOf(side, reply ? connection.reply : connection.original)),
      );
    const fromPart = (
      key: string,
      given: Given<Range> | undefined,
      part: (connection: Connection) => number,
    ) =>
      add(
        key,
        given,
        (connection) => part(connection) >= given!.value.min && part(connection) <= given!.value.max,
        (connection) => String(part(connection)),
      );
    const seconds = ({ confirmed, timeout }: Connection) =>
      confirmed ? Math.max(0, Math.floor((jiffies(timeout) - jiffies(environment.services.now())) / HZ)) : 0;

    if (ctstate) tests.push(stateTest('ctstate', ctstate));
    const wanted = ctdir?.value === 'REPLY' ? REPLY : ORIGINAL;
    add(
      'ctdir',
      ctdir,
      (_, packet) => infoDirection(packet.connectionInfo) === wanted,
      (_, packet) => (infoDirection(packet.connectionInfo) === ORIGINAL ? 'ORIGINAL' : 'REPLY'),
    );
    fromTuple('ctorigsrc', ctorigsrc, false, 'source');
    fromTuple('ctorigdst', ctorigdst, false, 'destination');
    fromTuple('ctreplsrc', ctreplsrc, true, 'source');
    fromTuple('ctrepldst', ctrepldst, true, 'destination');
    add(
      'ctproto',
      ctproto,
      ({ original }) => original.protocol === ctproto!.value,
      ({ original }) => String(original.protocol),
    );
    fromPart('ctorigsrcport', ctorigsrcport, ({ original }) => original.sourcePart);
    fromPart('ctorigdstport', ctorigdstport, ({ original }) => original.destinationPart);
    fromPart('ctreplsrcport', ctreplsrcport, ({ reply }) => reply.sourcePart);
    fromPart('ctrepldstport', ctrepldstport, ({ reply }) => reply.destinationPart);
    add(
      'ctstatus',
      ctstatus,
      (connection) => (connection.status & ctstatus!.value) !== 0,
      (connection) => bitText(STATUS_WORDS, connection.status) || 'NONE',
    );
    add(
      'ctexpire',
      ctexpire,
      (connection) =>
        seconds(connection) >= ctexpire!.value.min && seconds(connection) <= ctexpire!.value.max,
      (connection) => String(seconds(connection)),
    );
    return tests;
  },
});

function listed(
  key: string,
  { type }: Option<unknown>,
  given: Given<unknown> | undefined,
  context: PrintContext,
): string {
  if (!given) return '';
  const value =
    type === hostMask ? listHost(given.value as HostMask, context) : type.print(given.value, context);
  return `${given.inverted ? ' !' : ''} ${key} ${value}`;
}

/** Without `-n` an address by its name; all zeros are `anywhere`, whatever the mask. */
function listHost({ address: shown, mask }: HostMask, context: PrintContext): string {
  if (!context.numeric && shown.every((word) => word === 0)) return 'anywhere';
  return listAddress(shown, context) + formatMask(narrow(mask, context.family));
}

const jiffies = (microseconds: number): number => Math.floor(microseconds / MICROSECONDS_PER_JIFFY);

/** A test of something that only a connection has; `without` is the answer where there is none. */
function connectionTest(
  key: string,
  inverted: boolean,
  without: boolean,
  holds: (connection: Connection, packet: Packet) => boolean,
  text: (connection: Connection, packet: Packet) => string,
): FunctionTest {
  return {
    option: key,
    run(packet) {
      const connection = attached(packet);
      return connection === undefined ? without : holds(connection, packet) !== inverted;
    },
    explain(packet) {
      const connection = attached(packet);
      return connection === undefined ? noConnection(packet) : text(connection, packet);
    },
  };
}

type Side = 'source' | 'destination';

function sideOf(side: Side, tuple: Tuple): Address {
  const all =
    side === 'source'
      ? [tuple.src0, tuple.src1, tuple.src2, tuple.src3]
      : [tuple.dst0, tuple.dst1, tuple.dst2, tuple.dst3];
  return tuple.family === 4 ? all.slice(0, 1) : all;
}

/** The bits under the mask are those of the written address, whatever that has outside the mask. */
function isWithin({ address: wanted, mask }: HostMask, side: Side, tuple: Tuple): boolean {
  const source = side === 'source';
  if (((source ? tuple.src0 : tuple.dst0) ^ wanted[0]!) & mask[0]) return false;
  if (tuple.family === 4) return true;
  return (
    (((source ? tuple.src1 : tuple.dst1) ^ wanted[1]!) & mask[1]) === 0 &&
    (((source ? tuple.src2 : tuple.dst2) ^ wanted[2]!) & mask[2]) === 0 &&
    (((source ? tuple.src3 : tuple.dst3) ^ wanted[3]!) & mask[3]) === 0
  );
}
