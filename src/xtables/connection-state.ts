import { Connection, INFO_UNTRACKED, STATUS } from '../conntrack/connection.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Environment, FunctionTest, Given, ValueType } from './extension.ts';
import { Problem } from './problem.ts';

/** Words of a set of bits, in the order in which they are printed. */
export type BitWords = readonly (readonly [word: string, bit: number])[];

/** What a packet can be to its connection (XT_CONNTRACK_STATE_*): one of five, and what NAT does besides. */
const INVALID = 1 << 0;
const ESTABLISHED = 1 << 1;
const RELATED = 1 << 2;
const NEW = 1 << 3;
const SNAT = 1 << 6;
const DNAT = 1 << 7;
const UNTRACKED = 1 << 8;
/** By ctinfo. */
const BY_INFO: readonly number[] = [ESTABLISHED, RELATED, NEW, ESTABLISHED, RELATED];

/** What `-m state` knows. */
export const STATES: BitWords = [
  ['INVALID', INVALID],
  ['NEW', NEW],
  ['RELATED', RELATED],
  ['ESTABLISHED', ESTABLISHED],
  ['UNTRACKED', UNTRACKED],
];

/** What `-m conntrack --ctstate` knows. */
export const ALL_STATES: BitWords = [...STATES, ['SNAT', SNAT], ['DNAT', DNAT]];

export function bitText(words: BitWords, bits: number): string {
  return words
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([word]) => word)
    .join(',');
}

/**
 * Words between commas, in capitals or not, each as short as one likes (`e` is ESTABLISHED). `empty` is said when the
 * last one is missing; else `Bad NAME "…"` with the rest of the text, as for any word that is not known.
 */
export function bitSet(name: string, words: BitWords, empty?: string): ValueType<number> {
  return {
    syntax: `${name}[,${name}…]`,
    argument: 'required',
    choices: words.map(([word]) => word),
    parse(given) {
      let bits = 0;
      for (let rest: string | undefined = given; rest !== undefined; ) {
        const comma: number = rest.indexOf(',');
        const start = (comma < 0 ? rest : rest.slice(0, comma)).toUpperCase();
        const found = start === '' ? undefined : words.find(([word]) => word.startsWith(start));
        if (found === undefined) {
          throw new Problem(rest === '' && empty !== undefined ? empty : `Bad ${name} "${rest}"`);
        }
        bits |= found[1];
        rest = comma < 0 ? undefined : rest.slice(comma + 1);
      }
      return bits;
    },
    print: (bits) => bitText(words, bits),
  };
}

/**
 * What hangs on a packet: its connection, or the template of a rule's CT target while the packet has not been tracked
 * yet, which the kernel's matches do not tell apart (nf_ct_get).
 */
export function attached({ connection }: Packet): Connection | undefined {
  return connection instanceof Connection ? connection : undefined;
}

/** Bits of {@link ALL_STATES} that hold for a packet. */
function stateBits(packet: Packet): number {
  const connection = attached(packet);
  if (connection === undefined) return packet.connectionInfo === INFO_UNTRACKED ? UNTRACKED : INVALID;
  const { status } = connection;
  let bits = BY_INFO[packet.connectionInfo] ?? INVALID;
  if ((status & STATUS.SRC_NAT) !== 0) bits |= SNAT;
  if ((status & STATUS.DST_NAT) !== 0) bits |= DNAT;
  return bits;
}

/** Is the packet's state among these? (net/netfilter/xt_conntrack.c conntrack_mt) */
export function stateTest(option: string, { value, inverted }: Given<number>): FunctionTest {
  return {
    option,
    run: (packet) => ((stateBits(packet) & value) !== 0) !== inverted,
    explain: (packet) => bitText(ALL_STATES, stateBits(packet)),
  };
}

/** Why options about a connection fail without one. */
export function noConnection({ connectionInfo }: Packet): string {
  return connectionInfo === INFO_UNTRACKED ? 'the packet is not tracked' : 'the packet has no connection';
}

/** A rule that looks at connections has them tracked as long as it lives. */
export function track(environment: Environment): void {
  environment.onDestroy(environment.connections.acquire(environment.family));
}
