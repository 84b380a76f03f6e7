import { EVENT } from '../../conntrack/events.ts';
import { attached, noConnection, track } from '../connection-state.ts';
import { defineMatch, option, type PrintContext, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { flag, readUnsigned } from '../values.ts';

/** Bits that connections have for labels (NF_CT_LABELS_MAX_SIZE). */
const LABELS = 128;

/** A number as the real tool keeps it: an int, of which 16 bits reach the kernel. Undefined if it is none or negative. */
function numberOf(given: string): number | undefined {
  const read = readUnsigned(given);
  if (read === undefined || read.rest !== '') return undefined;
  const value = Number(BigInt.asIntN(32, read.value));
  return value < 0 ? undefined : value & 0xffff;
}

const NO_FILE = 'Warning: cannot open /etc/xtables/connlabel.conf: No such file or directory\n';

const label: ValueType<number> = {
  syntax: 'number|name',
  argument: 'required',
  parse(given, { names, warn }) {
    if (given === '') throw new Problem('Argument must have a minimum length of 1 characters\n');
    const number = numberOf(given);
    if (number !== undefined) return number;
    const { connectionLabels } = names;
    if (connectionLabels === undefined) warn(NO_FILE);
    const named = connectionLabels?.byName.get(given);
    if (named === undefined) throw new Problem(`label '${given}' not found or invalid value`);
    return named;
  },
  print: (value, context) => `"${nameOf(value, context)}"`,
};

/** A label's name, or its number. Without a file of names the real tool complains each time. */
function nameOf(value: number, { names, warn }: PrintContext): string {
  if (names.connectionLabels === undefined) warn?.(NO_FILE);
  return names.connectionLabels?.byId.get(value) ?? String(value);
}

export const connlabel = defineMatch({
  name: 'connlabel',
  revision: 1,
  summary: 'labels of the packet’s connection, which it can also set',
  about:
    'A connection has 128 labels if a rule with this match was there when it began. Names of labels are those of ' +
    '/etc/xtables/connlabel.conf.',
  source: 'net/netfilter/xt_connlabel.c connlabel_mt',
  options: {
    label: option(label, { required: true, invert: true, help: 'The connection has this label.' }),
    set: option(flag, { help: 'Give it the label if it has not got it; fits if that was possible.' }),
  },
  list: ({ label: given, set }, context) =>
    given
      ? ` connlabel${given.inverted ? ' !' : ''} ${nameOf(given.value, context)}${set ? ' set' : ''}`
      : '',
  check: ({ label: given }) => (given && given.value >= LABELS ? 'ERANGE' : undefined),
  tests({ label: given, set }, environment) {
    track(environment);
    const { connections } = environment;
    connections.labelUsers++;
    environment.onDestroy(() => {
      connections.labelUsers--;
    });
    if (!given) return [];
    const { value, inverted } = given;
    const word = value >>> 5;
    const bit = 1 << (value & 31);
    return [
      {
        option: 'label',
        run(packet) {
          const connection = attached(packet);
          const labels = connection?.labels;
          if (connection === undefined || labels === undefined) return inverted;
          if ((labels[word]! & bit) !== 0) return !inverted;
          if (!set) return inverted;
          labels[word] = labels[word]! | bit;
          connections.events.note(connection, EVENT.LABEL);
          return !inverted;
        },
        explain(packet) {
          const connection = attached(packet);
          if (connection === undefined) return noConnection(packet);
          const { labels } = connection;
          if (labels === undefined) return 'the connection began before there was a rule with labels';
          const found: number[] = [];
          for (let n = 0; n < LABELS; n++) if ((labels[n >>> 5]! & (1 << (n & 31))) !== 0) found.push(n);
          return found.join(',') || 'the connection has no labels';
        },
      },
    ];
  },
});
