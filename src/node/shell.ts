import type { Command } from 'commander';
import type { CommandResult } from '../commands/command.ts';
import { runLine, runWords } from '../commands/shell.ts';
import { freshHost } from '../formats/build-host.ts';
import { bytesOfText, textOfBytes } from '../formats/bytes-text.ts';
import type { Host } from '../host/host.ts';
import { hostFromFile } from './host-file.ts';
import { faultText } from './problem.ts';

const HELP = `
Reads one command line after the other from standard input: words with quotes as in a shell, comments (#), and
'> FILE' for files below /proc/sys. The commands are those that 'help' lists; 'exit' ends it.

With --json a line is a command line or an object {"argv": ["iptables-restore"], "stdin": "…"}, or the same as a JSON
string; each is answered at once by one line {"exit": 0, "stdout": "", "stderr": ""}. Blank lines and lines with only a
comment are answered too.

Without --host it is a fresh host: one interface, eth0, which is up and has no address; Linux's default settings; empty
tables.

Exit status: that of the last command; 0 with --json; 2 if the command line of the shell itself is wrong.`;

export function define(command: Command): void {
  command
    .option('--host <file>', 'the host: YAML or JSON with the fields of a scenario’s "host"')
    .option('--json', 'answer every line by one line of JSON')
    .addHelpText('after', HELP)
    .action(async (options: { host?: string; json?: boolean }) => {
      const clock = { epoch: Date.now() * 1000 };
      const host = options.host === undefined ? freshHost(clock) : await hostFromFile(options.host, clock);
      const shell = options.json ? new JsonShell(host) : new PlainShell(host);
      process.exitCode = await feed(shell, host);
    });
}

const NOTHING: CommandResult = { exit: 0, stdout: '', stderr: '' };

/** What is to be written for a line. */
interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

interface Shell {
  take(line: string): Printed;
  /** `exit` was called. */
  readonly ended: boolean;
  readonly exit: number;
}

/**
 * Feeds standard input to a shell, line by line; everything that came at once is answered at once. The host's clock goes
 * with this machine's. Answers the exit status.
 */
async function feed(shell: Shell, host: Host): Promise<number> {
  const prompt = process.stdin.isTTY ? 'fivehooks# ' : '';
  let rest = '';
  let last = performance.now();
  process.stdin.setEncoding('utf8');
  await write(prompt);
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    rest += chunk;
    if (!chunk.includes('\n')) continue;
    const now = performance.now();
    host.advance((now - last) / 1000);
    last = now;
    const lines = rest.split('\n');
    rest = lines.pop()!;
    await takeAll(shell, lines);
    if (shell.ended) return shell.exit;
    await write(prompt);
  }
  if (rest !== '') await takeAll(shell, [rest]);
  return shell.exit;
}

async function takeAll(shell: Shell, lines: readonly string[]): Promise<void> {
  let answer = '';
  for (const line of lines) {
    const { stdout, stderr } = shell.take(line.replace(/\r$/, ''));
    answer += stdout;
    if (shell.ended) break;
    if (stderr === '') continue;
    await write(answer);
    answer = '';
    process.stderr.write(stderr);
  }
  await write(answer);
}

function write(text: string): Promise<void> | undefined {
  if (text === '' || process.stdout.write(text)) return undefined;
  return new Promise((resolve) => process.stdout.once('drain', () => resolve()));
}

/** Prints what the commands print, as a terminal would. */
class PlainShell implements Shell {
  readonly #host: Host;
  ended = false;
  exit = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  take(line: string): Printed {
    const exit = /^\s*exit(?:\s+(\d{1,3}))?\s*(#.*)?$/.exec(line);
    if (exit) {
      this.ended = true;
      this.exit = Number(exit[1] ?? this.exit) & 255;
      return { stdout: '', stderr: '' };
    }
    const result = guarded(() => runLine(this.#host, bytesOfText(line)));
    if (!result) return { stdout: '', stderr: '' };
    this.exit = result.exit;
    return { stdout: textOfBytes(result.stdout), stderr: textOfBytes(result.stderr) };
  }
}

/** A fault in one command ends that command, not the shell. */
function guarded<R extends CommandResult | undefined>(run: () => R): R | CommandResult {
  try {
    return run();
  } catch (error) {
    return { exit: 1, stdout: '', stderr: `fivehooks: ${faultText(error)}\n` };
  }
}

/** Answers every line by one object on one line. */
class JsonShell implements Shell {
  readonly #host: Host;
  readonly ended = false;
  readonly exit = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  take(line: string): Printed {
    const { exit, stdout, stderr } = guarded(() => this.#run(line));
    const answer = { exit, stdout: textOfBytes(stdout), stderr: textOfBytes(stderr) };
    return { stdout: `${JSON.stringify(answer)}\n`, stderr: '' };
  }

  #run(line: string): CommandResult {
    const first = line.trimStart()[0];
    if (first !== '{' && first !== '"') return this.#runLine(line);
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      // A line such as "my command" with quotes around its first word is a command line too.
      if (first === '"') return this.#runLine(line);
      return malformed(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (typeof value === 'string') return this.#runLine(value);
    const { argv, stdin = '', ...others } = value as Record<string, unknown>;
    const unknown = Object.keys(others)[0];
    if (unknown !== undefined) return malformed(`unknown field '${unknown}'; there are argv and stdin`);
    if (!Array.isArray(argv) || argv.length === 0 || !argv.every((word) => typeof word === 'string'))
      return malformed('argv must be a list of at least one text');
    if (typeof stdin !== 'string') return malformed('stdin must be a text');
    return runWords(this.#host, argv.map(bytesOfText), bytesOfText(stdin));
  }

  #runLine(line: string): CommandResult {
    return runLine(this.#host, bytesOfText(line)) ?? NOTHING;
  }
}

function malformed(problem: string): CommandResult {
  return { exit: 2, stdout: '', stderr: `fivehooks: ${problem}\n` };
}
