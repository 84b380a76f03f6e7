import type { Family } from '../../netfilter/constants.ts';
import { type LongOption, shortOptions } from './getopt.ts';

/** A letter of the core options; the long ones stand for their letter. */
export type CoreLetter = string;

const COMMON =
  'append=A delete=D check=C insert=I replace=R list?L list-rules?S flush?F zero?Z new-chain=N delete-chain?X ' +
  'rename-chain=E policy=P source=s destination=d src=s dst=d protocol=p in-interface=i jump=j table=t match=m ' +
  'numeric-n out-interface=o verbose-v wait?w wait-interval?W exact-x';
const AFTER = 'version-V help?h line-numbers-0 modprobe=M set-counters=c goto=g ipv4-4 ipv6-6';

const ARGUMENT: Readonly<Record<string, 0 | 1 | 2>> = { '-': 0, '=': 1, '?': 2 };

function parse(text: string): readonly LongOption<CoreLetter>[] {
  return text.split(' ').map((word) => ({
    name: word.slice(0, -2),
    argument: ARGUMENT[word.at(-2)!]!,
    value: word.at(-1)!,
  }));
}

/** The long options of iptables and ip6tables; what stands behind a name says whether it takes an argument. */
export const CORE_OPTIONS: Readonly<Record<Family, readonly LongOption<CoreLetter>[]>> = {
  4: parse(`${COMMON} fragments-f ${AFTER}`),
  6: parse(`${COMMON} ${AFTER}`),
};

/** Letters as getopt takes them: `:` one argument, `::` one that must be attached. */
export const CORE_LETTERS = shortOptions(
  'A:C:D:R:I:L::S::M:F::Z::N:X::E:P:Vh::o:p:s:d:j:i:fbvw::W::nt:m:xc:g:46',
);

/** What a command line asks for. `list` and `zero` may come together. */
export const COMMAND_LETTER = {
  append: 'A',
  check: 'C',
  delete: 'D',
  deleteNumber: 'D',
  insert: 'I',
  replace: 'R',
  list: 'L',
  listRules: 'S',
  flush: 'F',
  zero: 'Z',
  zeroNumber: 'Z',
  newChain: 'N',
  deleteChain: 'X',
  renameChain: 'E',
  setPolicy: 'P',
} as const;
export type CommandName = keyof typeof COMMAND_LETTER;

/** Commands that take a rule. */
export const RULE_COMMANDS: readonly CommandName[] = ['append', 'check', 'delete', 'insert', 'replace'];
const LIST_COMMANDS: readonly CommandName[] = ['list'];

/** Commands each option may stand beside, in the order in which the real tool checks them; -v is good for all. */
export const ALLOWED: readonly (readonly [string, readonly CommandName[]])[] = [
  ['n', LIST_COMMANDS],
  ['s', RULE_COMMANDS],
  ['d', RULE_COMMANDS],
  ['p', RULE_COMMANDS],
  ['j', RULE_COMMANDS],
  ['x', LIST_COMMANDS],
  ['i', RULE_COMMANDS],
  ['o', RULE_COMMANDS],
  ['0', LIST_COMMANDS],
  ['c', ['append', 'insert', 'replace', 'setPolicy']],
  ['f', RULE_COMMANDS],
];

/** Options that a `!` may stand before. */
export const INVERTIBLE = new Set(['s', 'd', 'p', 'i', 'o', 'f']);
