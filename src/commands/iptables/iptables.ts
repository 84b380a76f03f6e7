import { Sets } from '../../ipset/sets.ts';
import type { Family } from '../../netfilter/constants.ts';
import type { Xtables } from '../../xtables/xtables.ts';
import type { Command, CommandResult } from '../command.ts';
import { CommandLine } from './command-line.ts';
import { Execution, openTable } from './execute.ts';
import { reportFailure, runProgram, toolName } from './program.ts';
import type { Reader } from './reader.ts';

/** Runs one command line of iptables or ip6tables on the tables of a host. */
export function runIptables(xtables: Xtables, family: Family, argv: readonly string[]): CommandResult {
  const program = toolName(family);
  return runProgram(
    program,
    (output) => {
      const reader: Reader = {
        family,
        names: xtables.names,
        sets: xtables.shared(Sets),
        output,
        program,
        restoring: false,
        loaded: new Set(),
      };
      const line = new CommandLine(argv, reader).read();
      const execution = new Execution(line, reader, openTable(xtables, line.table, reader));
      const failure = execution.run() ?? execution.handle.commit();
      return failure ? reportFailure(output, program, failure) : 0;
    },
    () => -1,
  );
}

export const iptables: Command = (host, argv) => runIptables(host.xtables, 4, argv);
export const ip6tables: Command = (host, argv) => runIptables(host.xtables, 6, argv);
