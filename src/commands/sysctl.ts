import type { Host } from '../host/host.ts';
import type { Command, CommandResult } from './command.ts';

const USAGE =
  '\nUsage:\n sysctl [options] [variable[=value] ...]\n\nOptions:\n' +
  '  -a, --all       shows every setting\n  -n, --values    shows values without names\n' +
  '  -N, --names     shows names without values\n  -e, --ignore    says nothing of unknown names\n' +
  '  -q, --quiet     says nothing of what was set\n  -w, --write     only sets\n' +
  '  -b, --binary    shows a value without a line break\n  -r, --pattern   only names that fit an expression\n';

const FLAGS: Readonly<Record<string, string>> = {
  all: 'a',
  values: 'n',
  names: 'N',
  ignore: 'e',
  quiet: 'q',
  write: 'w',
  binary: 'b',
};

const MESSAGES: Readonly<Record<string, string>> = {
  EINVAL: 'Invalid argument',
  EACCES: 'Permission denied',
  ENOENT: 'No such file or directory',
};

/** What one call asked for, and what it has said so far. */
class Run {
  readonly #host: Host;
  readonly flags = new Set<string>();
  pattern: RegExp | undefined = undefined;
  stdout = '';
  stderr = '';
  exit = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  result(): CommandResult {
    return { exit: this.exit, stdout: this.stdout, stderr: this.stderr };
  }

  complain(text: string): void {
    this.stderr += `sysctl: ${text}\n`;
    this.exit = 1;
  }

  /** The path below /proc/sys of a name with dots or slashes: the first separator decides which it is. */
  #path(name: string): string {
    const slash = name.indexOf('/');
    const dot = name.indexOf('.');
    if (dot < 0 || (slash >= 0 && slash < dot)) return name;
    return name.replace(/[./]/g, (character) => (character === '.' ? '/' : '.'));
  }

  #name(path: string): string {
    return path.replace(/[./]/g, (character) => (character === '/' ? '.' : '/'));
  }

  #show(path: string): void {
    const value = this.#host.sysctl.get(path);
    if (value === undefined) return;
    const name = this.#name(path);
    if (this.pattern && !this.pattern.test(name)) return;
    if (this.flags.has('N')) this.stdout += `${name}\n`;
    else if (this.flags.has('b')) this.stdout += value;
    else this.stdout += this.flags.has('n') ? `${value}\n` : `${name} = ${value}\n`;
  }

  /** One setting, or all of a directory. */
  read(name: string): void {
    const path = this.#path(name);
    const { sysctl } = this.#host;
    if (sysctl.get(path) !== undefined) this.#show(path);
    else if (sysctl.isDirectory(path)) {
      for (const known of sysctl.paths()) if (known.startsWith(`${path}/`)) this.#show(known);
    } else this.#unknown(path);
  }

  #unknown(path: string): void {
    if (!this.flags.has('e')) this.complain(`cannot stat /proc/sys/${path}: No such file or directory`);
  }

  write(name: string, value: string): void {
    const path = this.#path(name);
    const error = this.#host.sysctl.set(path, value);
    if (error === 'ENOENT') this.#unknown(path);
    else if (error === 'EACCES') this.complain(`permission denied on key "${this.#name(path)}", ignoring`);
    else if (error) this.complain(`setting key "${this.#name(path)}": ${MESSAGES[error] ?? error}`);
    else if (!this.flags.has('q')) {
      this.stdout += this.flags.has('n') ? `${value}\n` : `${this.#name(path)} = ${value}\n`;
    }
  }

  all(): void {
    for (const path of this.#host.sysctl.paths()) this.#show(path);
  }
}

/** `sysctl`: reads and sets the settings of the host, as procps-ng 4.0 words it. */
export const sysctl: Command = (host, argv) => {
  const run = new Run(host);
  const names: string[] = [];
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at]!;
    if (!word.startsWith('-') || word === '-') {
      names.push(word);
      continue;
    }
    if (word === '-V' || word === '--version')
      return { exit: 0, stdout: 'sysctl from procps-ng 4.0.2\n', stderr: '' };
    if (word === '-h' || word === '-d' || word === '--help') return { exit: 0, stdout: USAGE, stderr: '' };
    if (word === '-r' || word === '--pattern') {
      try {
        run.pattern = new RegExp(argv[++at] ?? '');
      } catch {
        return { exit: 1, stdout: '', stderr: `sysctl: invalid pattern "${argv[at]}"\n` };
      }
      continue;
    }
    const long = word.startsWith('--') ? FLAGS[word.slice(2)] : undefined;
    const letters = word.startsWith('--') ? (long ? [long] : []) : [...word.slice(1)];
    if (letters.length === 0 || letters.some((letter) => !'aAXnNeqwbox'.includes(letter))) {
      const problem = word.startsWith('--')
        ? `unrecognized option '${word}'`
        : `invalid option -- '${word[1]}'`;
      return { exit: 1, stdout: '', stderr: `sysctl: ${problem}\n${USAGE}` };
    }
    for (const letter of letters) run.flags.add(letter === 'A' || letter === 'X' ? 'a' : letter);
  }
  if (run.flags.has('a')) {
    run.all();
    return run.result();
  }
  if (names.length === 0) return { exit: 1, stdout: '', stderr: USAGE };
  for (const [index, given] of names.entries()) {
    const equals = given.indexOf('=');
    if (equals > 0) run.write(given.slice(0, equals).trim(), given.slice(equals + 1).trim());
    else if (run.flags.has('w') || equals === 0)
      run.complain(`command line(${index}): invalid syntax, continuing...`);
    else run.read(given.trim());
  }
  return run.result();
};
