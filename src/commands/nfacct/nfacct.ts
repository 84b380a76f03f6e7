import type { ErrnoName } from '../../netfilter/constants.ts';
import { type Account, Accounts, type Quota } from '../../xtables/accounts.ts';
import type { Command, CommandResult } from '../command.ts';
import { type Format, printAccounts } from './print.ts';

const NAME = 'nfacct v1.0.2';
const USAGE = 'Usage: nfacct command [parameters]...\n';
const HELP = `${NAME}: accounts of Netfilter
${USAGE}
Commands:
  list [reset] [xml|json]	Lists all accounts (and sets them back)
  add NAME [packet|byte QUOTA]	Makes an account
  delete NAME			Removes an account that no rule uses
  get NAME [reset] [xml|json]	Shows one account
  flush				Removes all accounts that no rule uses
  restore			Makes the accounts that \`list\` printed, from standard input
  version			Says the version
  help				Says this
`;

const LARGEST = 0xffff_ffff_ffff_ffffn;
const MESSAGES: Partial<Record<ErrnoName, string>> = {
  EBUSY: 'Device or resource busy',
  ENOENT: 'No such file or directory',
  EINVAL: 'Invalid argument',
};

/** What ends a command with status 1; the whole line for standard error. */
class Refusal extends Error {}
const refuse = (what: string): never => {
  throw new Refusal(`${NAME}: ${what}\n`);
};

/** What a command works on. */
interface Machine {
  readonly accounts: Accounts;
  /** Since 1970. */
  readonly seconds: number;
}

type Action = (machine: Machine, words: readonly string[], stdin: string) => string;

/** In the order in which a shortened name is looked up. */
const ACTIONS: readonly (readonly [string, Action])[] = [
  ['list', ({ accounts, seconds }, words) => show(() => accounts.list(), words, seconds, true)],
  ['add', add],
  [
    'delete',
    ({ accounts }, words) => {
      const name = onlyName(words);
      succeed(accounts.delete(name));
      return '';
    },
  ],
  ['get', get],
  [
    'flush',
    ({ accounts }, words) => {
      if (words.length > 0) refuse('too many arguments');
      accounts.flush();
      return '';
    },
  ],
  ['restore', ({ accounts }, _words, stdin) => restore(accounts, stdin)],
  ['version', () => `${NAME}: accounts of Netfilter\n`],
  ['help', () => HELP],
];

/** `nfacct` 1.0.2. A command may be shortened to any of its beginnings. `monitor` is refused. */
export const nfacct: Command = (host, argv, stdin) =>
  runNfacct(host.xtables.shared(Accounts), argv, stdin, Math.floor(host.services.wallClock() / 1_000_000));

/** The same for accounts alone. `seconds`: since 1970, for `json`. */
export function runNfacct(
  accounts: Accounts,
  [, command, ...words]: readonly string[],
  stdin: string,
  seconds: number,
): CommandResult {
  if (command === undefined) return failed(USAGE);
  if (command !== '' && 'monitor'.startsWith(command)) {
    return { ...failed('not supported yet: nfacct monitor\n'), unsupported: 'command nfacct monitor' };
  }
  const found = ACTIONS.find(([name]) => name.startsWith(command));
  if (!found) return failed(`${NAME}: Unknown command: ${command}\n${USAGE}`);
  try {
    const stdout = found[1]({ accounts, seconds }, words, stdin);
    return { exit: 0, stdout, stderr: '' };
  } catch (error) {
    if (error instanceof Refusal) return failed(error.message);
    throw error;
  }
}

const failed = (stderr: string): CommandResult => ({ exit: 1, stdout: '', stderr });

function succeed(error: ErrnoName | undefined): void {
  if (error) refuse(`error: ${MESSAGES[error] ?? error}`);
}

function nameOf(words: readonly string[]): string {
  return words[0] ?? refuse('missing object name');
}

function onlyName(words: readonly string[]): string {
  const name = nameOf(words);
  if (words.length > 1) refuse('too many arguments');
  return name;
}

/** As C's strtoull with base 10 reads it: digits at the start count, too large ones saturate. */
function readQuota(text: string): bigint {
  const found = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)/.exec(text);
  if (!found) return refuse('error reading quota');
  const value = BigInt(found[2]!);
  if (value > LARGEST) return LARGEST;
  return found[1] === '-' ? BigInt.asUintN(64, -value) : value;
}

function add({ accounts }: Machine, words: readonly string[]): string {
  const name = nameOf(words);
  const [, mode, limit, ...more] = words;
  let quota: Quota | undefined;
  if (mode !== undefined) {
    if (mode !== 'packet' && mode !== 'byte') return refuse('argument must "byte" or "packet"');
    if (limit === undefined) return refuse('missing quota value');
    quota = { mode, limit: readQuota(limit) };
    if (more.length > 0) refuse('too many arguments');
  }
  succeed(accounts.add(name, quota));
  return '';
}

function get({ accounts, seconds }: Machine, words: readonly string[]): string {
  const name = nameOf(words);
  const find = () => {
    const account = accounts.find(name);
    return account ? [account] : refuse(`error: ${MESSAGES.ENOENT}`);
  };
  return show(find, words.slice(1), seconds, false);
}

/** @param oneFormat several are refused; `get` takes the last one. */
function show(
  find: () => readonly Account[],
  words: readonly string[],
  seconds: number,
  oneFormat: boolean,
): string {
  let reset = false;
  let format: Format = 'plain';
  for (const word of words) {
    const full = ['reset', 'xml', 'json'].find((option) => option.startsWith(word));
    if (full === undefined) return refuse('unknown argument');
    if (full === 'reset') reset = true;
    else if (oneFormat && format !== 'plain') {
      throw new Refusal(`Error: duplicate "${full}" or collision with another option \n`);
    } else format = full as Format;
  }
  const found = find();
  const text = printAccounts(found, format, seconds);
  if (reset) for (const account of found) account.reset();
  return text;
}

const RESTORED = /^\{\s*pkts\s*=\s*([+-]?[0-9]+),\s*bytes\s*=\s*([+-]?[0-9]+)\s*\}\s*=\s*(\S+)/;

/** Lines that `list` printed; those with a quota it cannot read itself. What went before a bad line stays. */
function restore(accounts: Accounts, stdin: string): string {
  for (const line of stdin.match(/[^\n]+\n?|\n/g) ?? []) {
    const end = line.indexOf(';');
    if (end < 0) refuse('invalid line');
    const found = RESTORED.exec(line.slice(0, end));
    if (!found) return refuse('error reading input');
    const [, packets, bytes, name] = found;
    succeed(accounts.add(name!, undefined, readQuota(packets!), readQuota(bytes!)));
  }
  return '';
}
