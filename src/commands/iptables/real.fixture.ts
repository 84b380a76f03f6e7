/** The real iptables in a network namespace of its own, beside the simulated one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { afterAll, beforeAll } from 'vitest';
import type { CommandResult } from '../command.ts';
import { freshXtables, run } from './cases.fixture.ts';

/** Whether this machine has one, and lets us. */
export const works =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-n', 'iptables-legacy', '-S'], { stdio: 'ignore' }).status === 0;

let namespace: ChildProcess | undefined;

/** A namespace for the tests of the file that calls this. */
export function useNamespace(): void {
  beforeAll(async () => {
    if (!works) return;
    namespace = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 3600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => namespace!.stdout!.once('data', resolve));
  });
  afterAll(() => {
    namespace?.kill();
  });
}

/** Runs the real program. */
export function real(argv: readonly string[], stdin: string): CommandResult {
  const [name, ...words] = argv;
  const program = name!.replace('tables', 'tables-legacy');
  const done = spawnSync('nsenter', ['-t', String(namespace!.pid), '-n', program, ...words], {
    input: stdin,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  return { exit: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

const CHAINS = {
  filter: 'INPUT FORWARD OUTPUT',
  nat: 'PREROUTING INPUT OUTPUT POSTROUTING',
  mangle: 'PREROUTING INPUT FORWARD OUTPUT POSTROUTING',
  raw: 'PREROUTING OUTPUT',
  security: 'INPUT FORWARD OUTPUT',
};

/** Both begin with all tables empty, and two chains. */
export function begin(program: string): ReturnType<typeof freshXtables> {
  for (const [table, hooks] of Object.entries(CHAINS)) {
    // In this order the tables come to be; then each is emptied, policies and all.
    real([program, '-t', table, '-S'], '');
    const policies = hooks.split(' ').map((hook) => `:${hook} ACCEPT [0:0]\n`);
    real([`${program}-restore`], `*${table}\n${policies.join('')}COMMIT\n`);
  }
  const xtables = freshXtables();
  for (const chain of ['foo', 'bar']) {
    real([program, '-N', chain], '');
    run(xtables, [program, '-N', chain]);
  }
  return xtables;
}

/** Without dates, help texts (ours are our own) and the name that getopt takes from the file. */
export function comparable({ exit, stdout, stderr }: CommandResult): object {
  const dated = stdout.replace(/ on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/gm, '');
  return {
    exit,
    stdout: dated.includes('\nUsage: ip') ? 'help' : dated,
    stderr: stderr.replaceAll('tables-legacy', 'tables'),
  };
}
