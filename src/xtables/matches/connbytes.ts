import type { Connection } from '../../conntrack/connection.ts';
import { ORIGINAL, REPLY } from '../../conntrack/tuple.ts';
import { attached, noConnection, track } from '../connection-state.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readEnds } from '../ranges.ts';

const MOST = 2n ** 64n - 1n;

/** Both ends belong to it. A backward one holds what lies outside of it: that is how inversion is kept. */
interface Bounds {
  readonly from: bigint;
  readonly to: bigint;
}

const bounds: ValueType<Bounds> = {
  syntax: 'from[:to]',
  argument: 'required',
  parse(given, context) {
    const { low, high = MOST } = readEnds(given, MOST, context);
    if (high < low) throw new Problem(`${low} should be less than ${high}`);
    return context.inverted ? { from: high, to: low } : { from: low, to: high };
  },
  print({ from, to }) {
    const [low, high] = from > to ? [to, from] : [from, to];
    return high > 0n && high < MOST ? `${low}:${high}` : String(low);
  },
};

function oneOf<const W extends string>(words: readonly W[]): ValueType<W> {
  return {
    syntax: words.join('|'),
    argument: 'required',
    choices: words,
    parse(given, { option: name }) {
      const word = words.find((known) => known === given);
      if (word === undefined) throw new Problem(`Unknown --${name} \`${given}'`);
      return word;
    },
    print: (word) => word,
  };
}

const modes = oneOf(['packets', 'bytes', 'avgpkt']);
const directions = oneOf(['original', 'reply', 'both']);

const COUNTED: Readonly<Record<string, readonly (typeof ORIGINAL | typeof REPLY)[]>> = {
  original: [ORIGINAL],
  reply: [REPLY],
  both: [ORIGINAL, REPLY],
};

export const connbytes = defineMatch({
  name: 'connbytes',
  summary: 'how much a connection has carried so far',
  about:
    'A rule with it turns accounting of connections on (net.netfilter.nf_conntrack_acct); connections that began ' +
    'before have no counts and never fit. A range of one value cannot be inverted.',
  source: 'net/netfilter/xt_connbytes.c connbytes_mt',
  options: {
    connbytes: option(bounds, {
      required: true,
      invert: true,
      help: 'Packets, bytes or bytes of a packet on average, at least from and at most to.',
    }),
    'connbytes-dir': option(directions, { required: true, help: 'Which direction counts.' }),
    'connbytes-mode': option(modes, { required: true, help: 'What is counted.' }),
  },
  settle: (values) => {
    const { connbytes: given } = values;
    if (!given) return values;
    return { ...values, connbytes: { ...given, inverted: given.value.from > given.value.to } };
  },
  save: ({ connbytes: given, 'connbytes-mode': mode, 'connbytes-dir': direction }, context) =>
    given
      ? `${given.inverted ? ' !' : ''} --connbytes ${bounds.print(given.value, context)}` +
        ` --connbytes-mode ${mode?.value} --connbytes-dir ${direction?.value}`
      : '',
  list: ({ connbytes: given, 'connbytes-mode': mode, 'connbytes-dir': direction }, context) =>
    given
      ? `${given.inverted ? ' !' : ''} connbytes ${bounds.print(given.value, context)}` +
        ` connbytes mode ${mode?.value} connbytes direction ${direction?.value}`
      : '',
  tests(values, environment) {
    track(environment);
    environment.connections.settings.flag('acct', false).value = 1;
    const { connbytes: given, 'connbytes-mode': mode, 'connbytes-dir': direction } = values;
    if (!given || !mode || !direction) return [];
    const from = Number(given.value.from);
    const to = Number(given.value.to);
    const counted = COUNTED[direction.value]!;
    const measure = ({ counts }: Connection): number | undefined => {
      if (counts === undefined) return undefined;
      let packets = 0;
      let bytes = 0;
      for (const one of counted) {
        packets += counts[one].packets;
        bytes += counts[one].bytes;
      }
      if (mode.value === 'packets') return packets;
      if (mode.value === 'bytes') return bytes;
      return packets === 0 ? 0 : Math.floor(bytes / packets);
    };
    return [
      {
        option: 'connbytes',
        run(packet) {
          const connection = attached(packet);
          const what = connection && measure(connection);
          if (what === undefined) return false;
          return to >= from ? what <= to && what >= from : what < to || what > from;
        },
        explain(packet) {
          const connection = attached(packet);
          if (connection === undefined) return noConnection(packet);
          return String(measure(connection) ?? 'the connection began before accounting did');
        },
      },
    ];
  },
});
