import type { Family } from '../../netfilter/constants.ts';
import { EXIT_PARAMETER, EXIT_RESOURCE, EXIT_VERSION, Problem } from '../../xtables/problem.ts';
import type { CommandResult } from '../command.ts';
import type { Failure } from './handle.ts';
import { Exit, Output } from './output.ts';

/** The name that a program calls itself by. */
export function toolName(family: Family, suffix = ''): string {
  return `${family === 4 ? 'iptables' : 'ip6tables'}${suffix}`;
}

/**
 * Runs a program that writes to `output` and answers its exit status, and turns what it throws into a result. `line` is
 * the line of the input that is being read, 0 before the first, -1 if the program reads no lines.
 */
export function runProgram(
  program: string,
  run: (output: Output) => number,
  line: () => number,
): CommandResult {
  const output = new Output();
  const result = (exit: number): CommandResult => ({ exit, stdout: output.stdout, stderr: output.stderr });
  try {
    return result(run(output));
  } catch (error) {
    if (error instanceof Exit) return result(error.status);
    if (error instanceof Problem) return result(complain(output, program, error, line()));
    throw error;
  }
}

/** xtables_error and exit_tryhelp. A problem without text has been spoken of already. */
function complain(output: Output, program: string, problem: Problem, line: number): number {
  if (problem.message !== '' || problem.exit !== 0) {
    output.complain(`${program} v1.8.9 (legacy): ${problem.message}\n`);
  }
  const exit = problem.exit === 0 ? EXIT_PARAMETER : problem.exit;
  if (exit === EXIT_PARAMETER) {
    if (line >= 0) output.complain(`Error occurred at line: ${line}\n`);
    output.complain(`Try \`${program} -h' or '${program} --help' for more information.\n`);
  }
  if (exit === EXIT_VERSION) {
    output.complain(`Perhaps ${program} or your kernel needs to be upgraded.\n`);
  }
  return exit;
}

/** The message of a failed operation; answers the exit status. */
export function reportFailure(output: Output, program: string, failure: Failure): number {
  const hint = failure.invalid ? " Run `dmesg' for more information." : '';
  output.complain(`${program}: ${failure.text}.${hint}\n`);
  return failure.text === 'Resource temporarily unavailable' ? EXIT_RESOURCE : 1;
}
