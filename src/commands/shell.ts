import type { Host } from '../host/host.ts';
import { cat, echo } from './cat-echo.ts';
import type { Command, CommandResult } from './command.ts';
import { commandNames, runCommand } from './index.ts';
import { readCommandLine } from './line.ts';
import { ERROR_TEXTS, writeProc } from './proc/proc.ts';
import { WordsProblem } from './words.ts';

/** What a shell has besides the commands of the host. */
const BUILTINS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['cat', cat],
  ['echo', echo],
  ['true', () => ({ exit: 0, stdout: '', stderr: '' })],
  ['false', () => ({ exit: 1, stdout: '', stderr: '' })],
  ['help', help],
]);

function help(): CommandResult {
  const names = [...commandNames(), ...BUILTINS.keys()].sort();
  return { exit: 0, stdout: `${names.join('\n')}\n`, stderr: '' };
}

/** Runs a command or a builtin by its words. */
export function runWords(host: Host, argv: readonly string[], stdin = ''): CommandResult {
  const builtin = BUILTINS.get(argv[0] ?? '');
  return builtin ? builtin(host, argv, stdin) : runCommand(host, argv, stdin);
}

/** Runs one line as a shell does; undefined if there is no command on it. Its output may go to a file of /proc. */
export function runLine(host: Host, line: string, stdin = ''): CommandResult | undefined {
  try {
    const { argv, output } = readCommandLine(line);
    if (argv.length === 0 && output === undefined) return undefined;
    const result = argv.length > 0 ? runWords(host, argv, stdin) : { exit: 0, stdout: '', stderr: '' };
    return output === undefined ? result : redirected(host, argv[0] ?? '', result, output);
  } catch (error) {
    if (error instanceof WordsProblem)
      return { exit: 2, stdout: '', stderr: `syntax error: ${error.message}\n` };
    throw error;
  }
}

function redirected(host: Host, name: string, result: CommandResult, file: string): CommandResult {
  if (file === '/dev/null') return { ...result, stdout: '' };
  const error = writeProc(host, file, result.stdout);
  if (error === undefined) return { ...result, stdout: '' };
  // What the file's opening refuses the shell says, what its writing refuses the command says.
  const text = error === 'EINVAL' ? `${name}: write error` : file;
  return { exit: 1, stdout: '', stderr: `${result.stderr}${text}: ${ERROR_TEXTS[error]}\n` };
}
