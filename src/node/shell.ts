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
'> FILE' for files below /proc/sys. The commands are those that 'help' lists.

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

/** Takes lines; `take` answers what is to be written to standard output. */
interface Shell {
  take(line: string): string;
  readonly exit: number;
}

/**
 * Feeds standard input to a shell, line by line; everything that came at once is answered at once. The host's clock goes
 * with this machine's.
 */
async function feed(shell: Shell, host: Host): Promise<number> {
  let rest = '';
  let last = performance.now();
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    const now = performance.now();
    host.advance((now - last) / 1000);
    last = now;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    let answer = '';
    for (const line of lines) answer += shell.take(line);
    await write(answer);
  }
  if (rest !== '') await write(shell.take(rest));
  return shell.exit;
}

function write(text: string): Promise<void> | undefined {
  if (text === '' || process.stdout.write(text)) return undefined;
  return new Promise((resolve) => process.stdout.once('drain', () => resolve()));
}

/** Prints what the commands print, as a terminal would. */
class PlainShell implements Shell {
  readonly #host: Host;
  exit = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  take(line: string): string {
    const result = guarded(() => runLine(this.#host, bytesOfText(line.replace(/\r$/, ''))));
    if (!result) return '';
    this.exit = result.exit;
    if (result.stderr !== '') process.stderr.write(textOfBytes(result.stderr));
    return textOfBytes(result.stdout);
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

const NOTHING: CommandResult = { exit: 0, stdout: '', stderr: '' };

/** Answers every line by one object on one line. */
class JsonShell implements Shell {
  readonly #host: Host;
  readonly exit = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  take(line: string): string {
    const { exit, stdout, stderr } = guarded(() => this.#run(line.replace(/\r$/, '')));
    return `${JSON.stringify({ exit, stdout: textOfBytes(stdout), stderr: textOfBytes(stderr) })}\n`;
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
