import { Fingerprints } from '../xtables/osf/fingerprints.ts';
import { FingerprintProblem, readFingerprints } from '../xtables/osf/pf-os.ts';
import type { Command, CommandResult } from './command.ts';

const USAGE = 'Usage: nfnl_osf -f fingerprints [-d]\n';
/** Names of standard input, the only file there is. */
const INPUTS: ReadonlySet<string> = new Set(['-', '/dev/stdin']);
/** What the real program's errors come out as: -ENOENT, -1 and -EINVAL, of which 8 bits are left. */
const NO_FILE = 254;
const FAILED = 255;
const BAD_LINE = 234;

/**
 * Loads fingerprints for the match `osf`, or with `-d` removes them. The file is standard input: `nfnl_osf -f /dev/stdin`. All
 * of it is read before anything changes. The real program also writes each line down, with the time; this one does not.
 */
export const nfnlOsf: Command = (host, argv, stdin) => {
  const fail = (exit: number, stderr: string): CommandResult => ({ exit, stdout: '', stderr });
  let file: string | undefined;
  let remove = false;
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '-d') remove = true;
    else if (word === '-f' && argv[i + 1] !== undefined) file = argv[++i];
    else if (word.startsWith('-f') && word.length > 2) file = word.slice(2);
    else return fail(FAILED, USAGE);
  }
  if (file === undefined) return fail(NO_FILE, 'Missing fingerprints file argument.\n');
  if (!INPUTS.has(file))
    return fail(FAILED, `Failed to open file '${file}': No such file or directory [2].\n`);
  try {
    const prints = host.xtables.shared(Fingerprints);
    for (const print of readFingerprints(stdin)) {
      if (remove) prints.remove(print);
      else prints.add(print);
    }
  } catch (error) {
    if (!(error instanceof FingerprintProblem)) throw error;
    return fail(BAD_LINE, `nfnl_osf: ${error.message}\n`);
  }
  return { exit: 0, stdout: '', stderr: '' };
};
