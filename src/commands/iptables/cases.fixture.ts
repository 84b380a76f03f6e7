/** Plays the recorded cases of the real iptables (their README says what the fields mean) on simulated tables. */
import { Conntrack } from '../../conntrack/conntrack.ts';
import { Nat } from '../../nat/nat.ts';
import { Hooks } from '../../netfilter/hooks.ts';
import { LogGroups } from '../../netfilter/log-groups.ts';
import { Packet } from '../../netfilter/packet.ts';
import { NumberedQueues } from '../../netfilter/queues.ts';
import type { Services } from '../../netfilter/services.ts';
import { Timers } from '../../netfilter/timers.ts';
import { Accounts } from '../../xtables/accounts.ts';
import { Xtables } from '../../xtables/xtables.ts';
import type { CommandResult } from '../command.ts';
import { ipset } from '../ipset/ipset.ts';
import { runNfacct } from '../nfacct/nfacct.ts';
import { splitWords } from '../words.ts';
import { runIptables } from './iptables.ts';
import { runRestore } from './restore.ts';
import { runSave } from './save.ts';

/** Services of a host without network: enough for tables and commands. */
export function fakeServices(): Services {
  const timers = new Timers();
  const names = ['', 'lo', 'eth0', 'eth1', 'wlan0'];
  return {
    interfaces: { nameOf: (index) => names[index] ?? '', groupOf: () => 0, generation: 1 },
    timers,
    now: () => timers.now,
    wallClock: () => timers.now,
    minutesWest: () => 0,
    cpu: () => 0,
    random: () => 4,
    log: () => {},
    logPacket: () => {},
    attach: () => {},
    sourceAddress: () => undefined,
    ownAddress: () => undefined,
    addressType: () => 1,
    broadcastMask: () => 0,
    sendLocal: () => 0,
    sendIcmpError: () => {},
    reroute: () => 0,
    logGroups: new LogGroups(),
    duplicate: () => {},
    bothWaysMtu: () => 1500,
    reversePath: () => 0,
    proxyAddress: () => undefined,
    sockets: { connected: () => undefined, listening: () => undefined },
    defragment: () => () => {},
    replyMark: () => 0,
    hopLimit: () => 64,
    acquire: () => new Packet(),
    release: () => {},
  };
}

/** Tables with all that they need, on services without network. */
export function makeXtables(hooks: Hooks, services: Services = fakeServices()): Xtables {
  const conntrack = new Conntrack({ hooks, services, defragment: () => () => {} });
  return new Xtables(hooks, services, conntrack, new Nat(conntrack, hooks, services));
}

/** Tables as the recorder had them: all five, in this order. */
export function freshXtables(): Xtables {
  const xtables = makeXtables(new Hooks(new NumberedQueues()));
  for (const family of [4, 6] as const) {
    for (const name of ['filter', 'nat', 'mangle', 'raw', 'security']) xtables.table(family, name);
  }
  return xtables;
}

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const utf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8');

/** Runs a command by its words; undefined if it is none of these. */
export function run(
  xtables: Xtables,
  argv: readonly string[],
  stdin = '',
  files: Readonly<Record<string, string>> = {},
): CommandResult | undefined {
  const words = argv.map(latin1);
  const family = argv[0]?.startsWith('ip6') ? 6 : 4;
  const file = (name: string) => (Object.hasOwn(files, name) ? latin1(files[name]!) : undefined);
  let result: CommandResult;
  if (/^ip6?tables$/.test(argv[0] ?? '')) result = runIptables(xtables, family, words);
  else if (/^ip6?tables-save$/.test(argv[0] ?? '')) result = runSave(xtables, family, words, 0);
  else if (/^ip6?tables-restore$/.test(argv[0] ?? '')) {
    result = runRestore(xtables, family, words, latin1(stdin), file);
  } else if (argv[0] === 'nfacct') result = runNfacct(xtables.shared(Accounts), words, stdin, 0);
  else if (argv[0] === 'ipset') {
    const services = fakeServices();
    result = ipset({ xtables, services, timers: services.timers as Timers }, words, stdin);
  } else return undefined;
  return { ...result, stdout: utf8(result.stdout), stderr: utf8(result.stderr) };
}

export interface Step {
  readonly cmd: string;
  readonly argv?: readonly string[];
  readonly stdin?: string;
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly waits?: boolean;
}

export interface Case {
  readonly family: 'ipv4' | 'ipv6';
  readonly kind: string;
  readonly name?: string;
  readonly table: string;
  readonly chain: string;
  readonly args: string;
  readonly argv?: readonly string[];
  readonly setup?: readonly string[];
  readonly exit: number;
  readonly stderr: string;
  readonly stdout?: string;
  readonly save?: string;
  readonly S?: string;
  readonly list?: string;
  readonly check_exit?: number;
  readonly check_stderr?: string;
  readonly delete_exit?: number;
  readonly delete_stderr?: string;
  readonly list_stderr?: string;
  readonly S_stderr?: string;
  readonly accepted?: readonly string[];
  readonly rejected?: Readonly<Record<string, readonly [number, string]>>;
  readonly commands?: readonly Step[];
  readonly files?: Readonly<Record<string, string>>;
}

/** How a case went: as recorded, refused for a cause, or not as recorded. */
export type Verdict =
  | { readonly kind: 'equal' }
  | { readonly kind: 'refused'; readonly cause: string }
  | { readonly kind: 'different'; readonly where: string; readonly expected: string; readonly got: string };

class Refused extends Error {}
class Different extends Error {
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  constructor(where: string, expected: string, got: string) {
    super(where);
    this.where = where;
    this.expected = expected;
    this.got = got;
  }
}

export function play(one: Case): Verdict {
  try {
    if (one.kind === 'sequence') playSequence(one);
    else if (one.kind === 'hooks') playHooks(one);
    else playRule(one);
    return { kind: 'equal' };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', cause: error.message };
    if (error instanceof Different) {
      return { kind: 'different', where: error.where, expected: error.expected, got: error.got };
    }
    throw error;
  }
}

function must(
  xtables: Xtables,
  argv: readonly string[],
  stdin?: string,
  files?: Readonly<Record<string, string>>,
): CommandResult {
  const result = run(xtables, argv, stdin, files);
  if (result === undefined) throw new Refused(`command ${argv[0]}`);
  if (result.unsupported !== undefined) throw new Refused(result.unsupported);
  return result;
}

function expectSame(where: string, expected: string | number, got: string | number): void {
  if (expected !== got) throw new Different(where, String(expected), String(got));
}

const dated = (text: string) => text.replace(/ on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/gm, ' on @DATE@');
const isHelp = (text: string) => text.includes('\nUsage: ip');

function playSequence(one: Case): void {
  const xtables = freshXtables();
  for (const step of one.commands!) {
    if (step.waits || step.exit === null || step.exit === 4)
      throw new Refused('another process holds the lock');
    if (step.stderr.includes('Permission denied')) throw new Refused('a user who is not root');
    const argv = step.argv ?? splitWords(step.cmd);
    const result = must(xtables, argv, step.stdin, one.files);
    expectSame(`${step.cmd}: stderr`, step.stderr, result.stderr);
    if (isHelp(step.stdout)) expectSame(`${step.cmd}: help`, 'true', String(isHelp(result.stdout)));
    else expectSame(`${step.cmd}: stdout`, step.stdout, dated(result.stdout));
    expectSame(`${step.cmd}: exit`, step.exit, result.exit);
  }
}

function playHooks(one: Case): void {
  const program = one.family === 'ipv4' ? 'iptables' : 'ip6tables';
  const places = [
    // What was warned of was not recorded where the rule was accepted.
    ...one.accepted!.map((place) => [place, 0, undefined] as const),
    ...Object.entries(one.rejected!).map(([place, [exit, stderr]]) => [place, exit, stderr] as const),
  ];
  for (const [place, exit, stderr] of places) {
    const [table, chain] = place.split(' ') as [string, string];
    const xtables = freshXtables();
    setUp(xtables, one);
    const argv = [program, '-t', table, '-A', chain, ...(one.argv ?? splitWords(one.args))];
    const result = must(xtables, argv);
    if (stderr !== undefined) expectSame(`${place}: stderr`, stderr, result.stderr);
    expectSame(`${place}: exit`, exit, result.exit);
  }
}

function setUp(xtables: Xtables, one: Case): void {
  for (const command of one.setup ?? []) must(xtables, splitWords(command));
}

function playRule(one: Case): void {
  const xtables = freshXtables();
  const program = one.family === 'ipv4' ? 'iptables' : 'ip6tables';
  const words = one.argv ?? splitWords(one.args);
  const own = (text: string) =>
    linesOf(text)
      .filter((line) => line.startsWith(`-A ${one.chain}`))
      .join('\n');
  setUp(xtables, one);
  const before =
    one.setup === undefined ? '' : own(must(xtables, [program, '-t', one.table, '-S', one.chain]).stdout);
  const rest = (text: string) => (before === '' ? text : text.replace(`${before}\n`, ''));
  const result = must(xtables, [program, '-t', one.table, '-A', one.chain, ...words]);
  expectSame('stderr', one.stderr, result.stderr);
  if (isHelp(one.stdout ?? '')) expectSame('help', 'true', String(isHelp(result.stdout)));
  else expectSame('stdout', one.stdout ?? '', result.stdout);
  expectSame('exit', one.exit, result.exit);
  if (one.exit !== 0) return;
  if (one.save !== undefined) {
    const save = must(xtables, [`${program}-save`, '-t', one.table]);
    expectSame('save', one.save, rest(own(save.stdout)));
  }
  const listed = must(xtables, [program, '-t', one.table, '-S', one.chain]);
  if (one.save !== undefined) expectSame('-S', one.S ?? one.save, rest(own(listed.stdout)));
  if (one.list !== undefined) {
    const listing = must(xtables, [
      ...[program, '-t', one.table, '-L', one.chain, '-n', '-v', '--line-numbers', '-x'],
    ]);
    const skip = before === '' ? 0 : linesOf(before).length;
    expectSame(
      '-L',
      one.list,
      linesOf(listing.stdout)
        .slice(2 + skip)
        .join('\n'),
    );
    expectSame('-L stderr', one.list_stderr ?? '', listing.stderr);
  }
  for (const [letter, exit, stderr] of [
    ['-C', one.check_exit, one.check_stderr],
    ['-D', one.delete_exit, one.delete_stderr],
  ] as const) {
    if (exit === undefined) continue;
    const answer = must(xtables, [program, '-t', one.table, letter, one.chain, ...words]);
    expectSame(`${letter} exit`, exit, answer.exit);
    expectSame(`${letter} stderr`, stderr ?? one.stderr, answer.stderr);
  }
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}
