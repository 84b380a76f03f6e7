import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { UserProblem } from './problem.ts';

/** A subcommand's own file, loaded only when it is called. */
interface Subcommand {
  /** Adds arguments, options, help and the action. */
  define(command: Command): void;
}

const SUBCOMMANDS: Readonly<Record<string, { readonly summary: string; load(): Promise<Subcommand> }>> = {
  trace: {
    summary: 'show the journey of packets through a host: every rule that matched, and why others did not',
    load: () => import('./trace.ts'),
  },
  test: {
    summary: 'test a ruleset: what must become of packets and conversations',
    load: () => import('./test.ts'),
  },
  replay: {
    summary: 'carry captures through a host: what left, what was dropped, and by which rule',
    load: () => import('./replay.ts'),
  },
  play: { summary: 'play scenarios and write down what the host did', load: () => import('./play.ts') },
  shell: { summary: "an administrator's shell on a simulated host", load: () => import('./shell.ts') },
  snapshot: {
    summary: "write this machine's interfaces, routes, settings and rules into a HOST file",
    load: () => import('./snapshot.ts'),
  },
  demo: {
    summary: 'carry the bundled capture of real traffic through the bundled rules',
    load: () => import('./demo.ts'),
  },
};

const EXIT_STATUS_HELP = `
Exit status: 0 if all went well, 1 if something failed, 2 if the command line is wrong.
\`fivehooks COMMAND --help\` says more about a command.`;

/** Runs the program; answers its exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  stopQuietlyWhenNobodyReads();
  const program = new Command('fivehooks')
    .description(
      "Linux's packet path: frames, routing, Netfilter's five hooks and iptables, exact to the byte",
    )
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', EXIT_STATUS_HELP)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'fivehooks: ')) });
  const wanted = argv[0] === 'help' ? argv[1] : argv[0];
  for (const [name, { summary, load }] of Object.entries(SUBCOMMANDS)) {
    const command = program.command(name).description(summary).helpOption('-h, --help', 'print this help');
    if (wanted === name) (await load()).define(command);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof UserProblem) {
      process.stderr.write(`fivehooks: ${error.message}\n`);
      return error.exit;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** `fivehooks … | head` ends without a word. */
function stopQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(Number(process.exitCode ?? 0));
    throw error;
  });
}

function ownVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  const fromSources = new URL('../../package.json', import.meta.url);
  const text = readFileSync(import.meta.url.endsWith('.ts') ? fromSources : file, 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
