import type { Host } from '../host/host.ts';
import type { CommandResult } from './command.ts';
import { commandNames, runCommand } from './index.ts';
import { readCommandLine } from './line.ts';
import { ERROR_TEXTS, writeProc } from './proc/proc.ts';
import { WordsProblem } from './words.ts';

/** Runs a command by its words; `help` lists them. */
export function runWords(host: Host, argv: readonly string[], stdin = ''): CommandResult {
  if (argv[0] !== 'help') return runCommand(host, argv, stdin);
  return { exit: 0, stdout: `${commandNames().join('\n')}\n`, stderr: '' };
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
