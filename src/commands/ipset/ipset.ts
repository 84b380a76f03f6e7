import type { Host } from '../../host/host.ts';
import { createSet } from '../../ipset/set.ts';
import { Sets, type Slot } from '../../ipset/sets.ts';
import { featuresOf, setType } from '../../ipset/types.ts';
import type { CommandResult } from '../command.ts';
import { answer, type Change, type ChangeName, must, readChange, setName } from './change.ts';
import { countWords, findCommand } from './command-names.ts';
import { isSame, parseSettings, settle } from './create.ts';
import { helpText } from './help.ts';
import { type Format, printSets } from './output.ts';
import { IpsetProblem, misuse, syntax } from './problem.ts';
import { splitLine } from './words.ts';

const PROGRAM = 'ipset v7.17: ';
const NO_SET = 'The set with the given name does not exist';
const PROMPT = 'ipset> ';
/** Exit status of the tool where it says nothing. */
const SILENT = 255;

/** What the command needs of a host. */
type Machine = Pick<Host, 'xtables' | 'timers' | 'services'>;

/** `ipset`: makes, changes and shows the host's sets, as ipset 7.17 does. */
export function ipset(machine: Machine, argv: readonly string[], stdin: string): CommandResult {
  return new Session(machine, stdin).start(argv.slice(1));
}

/** Where the commands of a session come from. */
type Mode = 'one' | 'restore' | 'interactive';

/** One call. Options hold for all commands that follow. */
class Session {
  readonly #host: Machine;
  readonly #sets: Sets;
  readonly #stdin: string;
  #stdout = '';
  #stderr = '';
  #exist = false;
  #quiet = false;
  #sorted = false;
  #terse = false;
  #namesOnly = false;
  #file: string | undefined;
  #kind: Format['kind'] | undefined;
  #mode: Mode = 'one';
  #line = 0;
  #hasQuit = false;
  /** Additions or deletions of one set that restore sends together; what is wrong in a later line drops them. */
  #waiting: { readonly change: Change; readonly line: number; readonly exist: boolean }[] = [];

  constructor(host: Machine, stdin: string) {
    this.#host = host;
    this.#sets = host.xtables.shared(Sets);
    this.#stdin = stdin;
  }

  start(argv: readonly string[]): CommandResult {
    const exit = this.#attempt(() => this.#run(argv));
    return { exit, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Says what went wrong. @returns the exit status */
  #attempt(run: () => number): number {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof IpsetProblem)) throw error;
      const where = this.#mode === 'restore' && error.exit === 1 ? `Error in line ${this.#line}: ` : '';
      if (!this.#quiet) this.#stderr += `${PROGRAM}${where}${error.message}\n`;
      return error.exit;
    }
  }

  #run(argv: readonly string[]): number {
    const words = this.#takeOptions(argv);
    if (words[0] === '-' && this.#mode === 'one') return this.#interactive();
    const command = findCommand(words);
    if (command === undefined) {
      if (this.#mode === 'interactive') {
        this.#stdout += 'No command specified\n';
        return 0;
      }
      throw misuse(
        words.length === 0 ? 'No command specified.' : `No command specified: unknown argument ${words[0]}`,
      );
    }
    const rest = words.slice(1);
    countWords(command, rest);
    return this.#do(command, rest);
  }

  /** @returns the words that are no options */
  #takeOptions(argv: readonly string[]): readonly string[] {
    const words: string[] = [];
    for (let i = 0; i < argv.length; i++) {
      const word = argv[i]!;
      const value = () => {
        if (argv[i + 1] === undefined)
          throw misuse(`Missing mandatory argument to option ${shortOption(word)}`);
        return argv[++i]!;
      };
      switch (shortOption(word)) {
        case '-!':
          this.#exist = true;
          break;
        case '-q':
          this.#quiet = true;
          break;
        case '-s':
          this.#sorted = true;
          break;
        case '-t':
          this.#terse = true;
          break;
        case '-n':
          this.#namesOnly = true;
          break;
        case '-r':
          break;
        case '-f':
          this.#file = value();
          break;
        case '-o':
          this.#kind = outputKind(value());
          break;
        default:
          words.push(word);
      }
    }
    return words;
  }

  #do(command: string, words: readonly string[]): number {
    const [first, second] = words;
    switch (command) {
      case 'create':
        this.#create(words);
        return 0;
      case 'add':
      case 'del':
      case 'test':
        return this.#change(command, words);
      case 'destroy':
        this.#destroy(first);
        return 0;
      case 'flush':
        for (const { set } of this.#chosen(first)) set.flush();
        return 0;
      case 'list':
      case 'save':
        this.#show(command === 'save', first);
        return 0;
      case 'rename':
        this.#rename(first!, second!);
        return 0;
      case 'swap':
        this.#swap(first!, second!);
        return 0;
      case 'restore':
        return this.#restore();
      case 'quit':
        this.#hasQuit = true;
        return 0;
      case 'version':
        this.#notInRestore(command);
        this.#stdout += 'ipset v7.17, protocol version: 7\n';
        return 0;
      default: {
        this.#notInRestore(command);
        const { text, problem } = helpText(first);
        this.#stdout += text;
        if (problem) throw problem;
        return 0;
      }
    }
  }

  #notInRestore(command: string): void {
    if (this.#mode === 'restore') throw misuse(`Command \`${command}' is invalid in restore mode.`);
  }

  get #now(): number {
    return this.#host.timers.now;
  }

  #slot(name: string): Slot {
    const slot = this.#sets.find(setName(name));
    if (!slot) throw new IpsetProblem(NO_SET);
    return slot;
  }

  #chosen(name: string | undefined): readonly Slot[] {
    if (name !== undefined) setName(name);
    this.#send();
    return name === undefined ? this.#sets.all : [this.#slot(name)];
  }

  #create([name, typeName, ...options]: readonly string[]): void {
    setName(name!);
    const type = setType(typeName!);
    if (!type) throw syntax(`typename '${typeName}' is unknown`);
    const ignored: string[] = [];
    const asked = parseSettings(type, options, this.#host.xtables.names, (text) => ignored.push(text));
    this.#send();
    const seed = this.#host.services.random();
    const settings = settle(type, asked, seed);
    const existing = this.#sets.find(name!);
    if (!existing) this.#sets.add(name!, createSet(type, settings, seed));
    else if (!this.#exist || existing.set.type !== type || !isSame(existing.set.settings, settings))
      throw new IpsetProblem('Set cannot be created: set with the same name already exists');
    if (ignored.length > 0 && !this.#quiet) this.#stderr += `Warning: ${ignored.join('\n')}\n`;
  }

  #destroy(name: string | undefined): void {
    const slots = this.#chosen(name);
    if (slots.some(({ references }) => references > 0))
      throw new IpsetProblem('Set cannot be destroyed: it is in use by a kernel component');
    for (const slot of slots) this.#sets.remove(slot);
  }

  #rename(name: string, other: string): void {
    setName(other);
    const [slot] = this.#chosen(name);
    if (slot!.references > 0) throw new IpsetProblem('Set cannot be renamed: it is in use by another system');
    if (this.#sets.find(other))
      throw new IpsetProblem('Set cannot be renamed: a set with the new name already exists');
    this.#sets.rename(slot!, other);
  }

  #swap(name: string, other: string): void {
    setName(other);
    const [one] = this.#chosen(name);
    const two = this.#sets.find(other);
    if (!two) throw new IpsetProblem('Sets cannot be swapped: the second set does not exist');
    const isAlike =
      featuresOf(one!.set.type) === featuresOf(two.set.type) &&
      one!.set.settings.family === two.set.settings.family;
    if (!isAlike) throw new IpsetProblem('The sets cannot be swapped: their type does not match');
    [one!.set, two.set] = [two.set, one!.set];
  }

  #show(isSave: boolean, name: string | undefined): void {
    // The first such command decides the form of all.
    this.#kind ??= isSave ? 'save' : 'plain';
    const slots = this.#chosen(name);
    if (this.#file !== undefined)
      throw new IpsetProblem(`Cannot open ${this.#file} for writing: No such file or directory`);
    const format: Format = {
      kind: this.#kind,
      terse: this.#terse,
      sorted: this.#sorted,
      namesOnly: this.#namesOnly,
    };
    this.#stdout += printSets(slots, format, isSave, this.#host.xtables.names, this.#now);
  }

  #change(command: ChangeName, [name, ...words]: readonly string[]): number {
    setName(name!);
    const change = readChange(command, this.#slot(name!), words, this.#sets, this.#host.xtables.names);
    const [first] = this.#waiting;
    if (first && (first.change.command !== command || first.change.set !== name)) this.#send();
    if (command === 'test') {
      const error = change.run(this.#exist, this.#now);
      if (!this.#quiet) this.#stderr += answer(change, error);
      return error === undefined ? 0 : 1;
    }
    if (this.#mode === 'restore') this.#waiting.push({ change, line: this.#line, exist: this.#exist });
    else must(change.run(this.#exist, this.#now));
    return 0;
  }

  /** Sends what waits. */
  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const line = this.#line;
    for (const { change, line: itsLine, exist } of waiting) {
      this.#line = itsLine;
      must(change.run(exist, this.#now));
    }
    this.#line = line;
  }

  #restore(): number {
    if (this.#mode === 'interactive') {
      this.#stdout += 'Restore command is not supported in interactive mode\n';
      return 0;
    }
    this.#notInRestore('restore');
    // A simulated host has no files.
    if (this.#file !== undefined) return SILENT;
    this.#mode = 'restore';
    for (const [index, line] of inputLines(this.#stdin).entries()) {
      this.#line = index + 1;
      const text = line.trim();
      if (text === '' || text.startsWith('#')) continue;
      if (text.startsWith('COMMIT')) {
        this.#send();
        continue;
      }
      const exit = this.#run(splitLine(`${text}\n`));
      if (exit !== 0 || this.#hasQuit) return exit;
    }
    this.#send();
    return 0;
  }

  #interactive(): number {
    this.#mode = 'interactive';
    this.#stdout += PROMPT;
    for (const line of inputLines(this.#stdin)) {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) this.#stdout += PROMPT;
      else this.#attempt(() => this.#run(splitLine(`${text}\n`)));
      if (this.#hasQuit) return 0;
      this.#stdout += PROMPT;
    }
    return 0;
  }
}

/** Lines as the tool reads them: what is longer goes on in the next. */
function inputLines(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.flatMap((line) => line.match(/.{1,1023}/gs) ?? ['']);
}

const OPTIONS: readonly (readonly string[])[] = [
  ['-!', '-exist', '--exist'],
  ['-q', '-quiet', '--quiet'],
  ['-s', '-sorted', '--sorted'],
  ['-t', '-terse', '--terse'],
  ['-n', '-name', '--name'],
  ['-r', '-resolve', '--resolve'],
  ['-o', '-output', '--output'],
  ['-f', '-file', '--file'],
];

function shortOption(word: string): string {
  return OPTIONS.find((names) => names.includes(word))?.[0] ?? word;
}

function outputKind(text: string): Format['kind'] {
  if (text === 'plain' || text === 'save' || text === 'xml') return text;
  throw syntax(`unknown output mode '${text}'`);
}
