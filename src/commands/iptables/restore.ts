import { Sets } from '../../ipset/sets.ts';
import type { Family } from '../../netfilter/constants.ts';
import type { Extension } from '../../xtables/extension.ts';
import { EXIT_OTHER, Problem } from '../../xtables/problem.ts';
import type { Xtables } from '../../xtables/xtables.ts';
import type { Command, CommandResult } from '../command.ts';
import { CommandLine } from './command-line.ts';
import { parseCounters } from './counters-text.ts';
import { Execution } from './execute.ts';
import { Getopt, type LongOption, shortOptions } from './getopt.ts';
import { type Failure, Handle } from './handle.ts';
import type { Output } from './output.ts';
import { runProgram, toolName } from './program.ts';
import { MAX_NAME, type Reader, VERSION } from './reader.ts';
import { addWord, inputLines, leadingCounters, splitLine, tokens } from './restore-words.ts';
import { getoptComplaint } from './save.ts';
import { checkInterval, checkWait } from './wait.ts';

const LETTERS = shortOptions('bcvVthnw::W::M:T:');

const OPTIONS: readonly LongOption<string>[] = [
  { name: 'counters', argument: 0, value: 'c' },
  { name: 'verbose', argument: 0, value: 'v' },
  { name: 'version', argument: 0, value: 'V' },
  { name: 'test', argument: 0, value: 't' },
  { name: 'help', argument: 0, value: 'h' },
  { name: 'noflush', argument: 0, value: 'n' },
  { name: 'modprobe', argument: 1, value: 'M' },
  { name: 'table', argument: 1, value: 'T' },
  { name: 'wait', argument: 2, value: 'w' },
  { name: 'wait-interval', argument: 2, value: 'W' },
];

/** What the options of iptables-restore say. */
interface Options {
  counters: boolean;
  verbose: boolean;
  test: boolean;
  noflush: boolean;
  table: string | undefined;
  file: string | undefined;
}

/**
 * Runs iptables-restore on `stdin`. `readFile` gives the text of a file named on the command line, or undefined if there is
 * none.
 */
export function runRestore(
  xtables: Xtables,
  family: Family,
  argv: readonly string[],
  stdin: string,
  readFile: (name: string) => string | undefined = () => undefined,
): CommandResult {
  const program = toolName(family, '-restore');
  let restore: Restore | undefined;
  return runProgram(
    program,
    (output) => {
      const options = readOptions(argv, program, output);
      if (typeof options === 'number') return options;
      const text = options.file === undefined ? stdin : readFile(options.file);
      if (text === undefined) {
        output.complain(`Can't open ${options.file}: No such file or directory\n`);
        return 1;
      }
      restore = new Restore(xtables, family, program, options, output);
      return restore.run(text);
    },
    () => restore?.line ?? 0,
  );
}

class Restore {
  readonly #xtables: Xtables;
  readonly #program: string;
  readonly #options: Options;
  readonly #reader: Reader;
  readonly #loaded = new Set<Extension>();
  #handle: Handle | undefined;
  #tableName = '';
  #inTable = false;
  /** Number of the line that is read, from 1. */
  line = 0;

  constructor(xtables: Xtables, family: Family, program: string, options: Options, output: Output) {
    this.#xtables = xtables;
    this.#program = program;
    this.#options = options;
    this.#reader = {
      family,
      names: xtables.names,
      sets: xtables.shared(Sets),
      output,
      program,
      restoring: true,
      loaded: this.#loaded,
      isChain: (name) => this.#handle?.isChain(name) ?? false,
    };
  }

  run(text: string): number {
    const { output } = this.#reader;
    for (const text_ of inputLines(text)) {
      this.line++;
      if (text_[0] === '\n') continue;
      if (text_[0] === '#') {
        if (this.#options.verbose) output.print(text_);
        continue;
      }
      const done = this.#one(text_);
      if (this.#options.table !== undefined && this.#options.table !== this.#tableName) continue;
      if (!done) {
        output.complain(`${this.#program}: line ${this.line} failed\n`);
        return 1;
      }
    }
    if (!this.#inTable) return 0;
    output.complain(`${this.#program}: COMMIT expected at line ${this.line + 1}\n`);
    return 1;
  }

  /** One line that is no comment; false if it failed. */
  #one(text: string): boolean {
    if (text === 'COMMIT\n' && this.#inTable) {
      this.#inTable = false;
      return this.#options.test || this.#handle!.commit() === undefined;
    }
    if (text[0] === '*' && !this.#inTable) {
      this.#begin(text.slice(1));
      return true;
    }
    if (!this.#inTable) return false;
    if (text[0] === ':') {
      this.#chain(text.slice(1));
      return true;
    }
    return this.#rule(text);
  }

  #begin(text: string): void {
    const [name] = tokens(text, ' \t\n');
    if (name === undefined) throw new Problem(`${this.#program}: line ${this.line} table name invalid`);
    this.#tableName = name.slice(0, 32);
    if (this.#options.table !== undefined && this.#options.table !== name) return;
    const table = this.#xtables.table(this.#reader.family, name);
    if (!table) throw new Problem(`${this.#program}: unable to initialize table '${name}'`);
    this.#handle = new Handle(table);
    this.#inTable = true;
    if (this.#options.noflush) return;
    const { chains } = this.#handle.image;
    for (const { name: chain } of chains) {
      if (this.#options.verbose) this.#reader.output.print(`Flushing chain \`${chain}'\n`);
      this.#handle.flush(chain);
    }
    for (const { name: chain, hook } of chains) {
      if (hook !== undefined) continue;
      if (this.#options.verbose) this.#reader.output.print(`Deleting chain \`${chain}'\n`);
      this.#handle.deleteChain(chain);
    }
  }

  #chain(text: string): void {
    const handle = this.#handle!;
    const [name, afterName] = tokens(text, ' \t\n');
    if (name === undefined) throw new Problem(`${this.#program}: line ${this.line} chain name invalid`);
    if (name.length >= MAX_NAME) {
      throw new Problem(`Invalid chain name \`${name}' (${MAX_NAME - 1} chars max)`);
    }
    if (handle.image.chain(name)?.hook === undefined) {
      const failed = this.#options.noflush && handle.isChain(name) ? handle.flush(name) : handle.create(name);
      if (failed) throw new Problem(`error creating chain '${name}':${cause(failed)}`);
    }
    const [policy, afterPolicy] = tokens(afterName, ' \t\n');
    if (policy === undefined) throw new Problem(`${this.#program}: line ${this.line} policy invalid`);
    if (policy === '-') return;
    let count = { packets: 0n, bytes: 0n };
    if (this.#options.counters) {
      const [counters] = tokens(afterPolicy, ' \t\n');
      const read = counters === undefined ? undefined : parseCounters(counters);
      if (!read) throw new Problem(`invalid policy counters for chain '${name}'`);
      count = read;
    }
    const failed = handle.setPolicy(name, policy, count);
    if (failed) {
      throw new Problem(
        `Can't set policy \`${policy}' on \`${name}' line ${this.line}: ${failed.text}`,
        EXIT_OTHER,
      );
    }
  }

  #rule(text: string): boolean {
    const counters = leadingCounters(text, this.line);
    const words = [this.#program, '-t', this.#tableName];
    if (this.#options.counters && counters) {
      for (const word of ['--set-counters', counters.packets, counters.bytes]) addWord(words, word);
    }
    splitLine(counters ? counters.rest : text, words);
    // With --noflush the real tool does not hand it on.
    if (this.#options.verbose && !this.#options.noflush) addWord(words, '-v');
    const line = new CommandLine(words, this.#reader).read();
    if (line.commands.length === 0) return true;
    this.#handle!.line = this.line;
    return new Execution(line, this.#reader, this.#handle!).run() === undefined;
  }
}

/** What strerror says of it. */
function cause(failure: Failure): string {
  return failure.plain ?? failure.text;
}

function readOptions(argv: readonly string[], program: string, output: Output): Options | number {
  const options: Options = {
    counters: false,
    verbose: false,
    test: false,
    noflush: false,
    table: undefined,
    file: undefined,
  };
  const words = new Getopt<string>(argv, LETTERS, (letter) => letter);
  const stray: string[] = [];
  let waits = false;
  let interval = false;
  for (;;) {
    const found = words.next(OPTIONS);
    if (found === undefined) break;
    if (found.kind === 'word') {
      stray.push(found.word);
      continue;
    }
    if (found.kind !== 'option') {
      output.complain(`${getoptComplaint(program, words, found, OPTIONS)}\n`);
      output.complain(`Try \`${program} -h' for more information.\n`);
      return 1;
    }
    switch (found.value) {
      case 'b':
        output.complain('-b/--binary option is not implemented\n');
        break;
      case 'c':
        options.counters = true;
        break;
      case 'v':
        options.verbose = true;
        break;
      case 'V':
        output.print(`${program} v${VERSION}\n`);
        return 0;
      case 't':
        options.test = true;
        break;
      case 'h':
        output.complain(usage(program));
        return 0;
      case 'n':
        options.noflush = true;
        break;
      case 'T':
        options.table = found.argument;
        break;
      case 'w':
        waits = true;
        checkWait(words, found.argument);
        break;
      case 'W':
        checkInterval(words, found.argument, (line) => output.complain(line));
        interval = true;
        break;
    }
  }
  stray.push(...argv.slice(words.index));
  if (stray.length > 1) {
    output.complain('Unknown arguments found on commandline\n');
    return 1;
  }
  options.file = stray[0];
  if (interval && !waits) {
    output.complain('Option --wait-interval requires option --wait\n');
    return 1;
  }
  return options;
}

function usage(program: string): string {
  const short = '[-c] [-v] [-V] [-t] [-h] [-n] [-w secs] [-W usecs] [-T table] [-M command] [file]';
  const long = [
    '[ --counters ]',
    '[ --verbose ]',
    '[ --version]',
    '[ --test ]',
    '[ --help ]',
    '[ --noflush ]',
    '[ --wait=<seconds>',
    '[ --table=<TABLE> ]',
    '[ --modprobe=<command> ]',
  ];
  return `Usage: ${program} ${short}\n${long.map((line) => `\t   ${line}\n`).join('')}`;
}

export const iptablesRestore: Command = (host, argv, stdin) => runRestore(host.xtables, 4, argv, stdin);
export const ip6tablesRestore: Command = (host, argv, stdin) => runRestore(host.xtables, 6, argv, stdin);
