import type { Family } from '../../netfilter/constants.ts';
import { NotSupportedYet } from '../../netfilter/unsupported.ts';
import type { Match, RuleContext, Target } from '../../xtables/extension.ts';
import type { Names } from '../../xtables/names.ts';
import { Problem } from '../../xtables/problem.ts';
import { findMatch, findTarget, isNotYet } from '../../xtables/registry.ts';
import type { Action, InterfaceName, MatchUse } from '../../xtables/rule.ts';
import { unsigned } from '../../xtables/values.ts';
import { wrap } from './counters-text.ts';
import { type ExtensionOption, ExtensionUse, longOptionsOf } from './extension-options.ts';
import { Getopt, type LongOption } from './getopt.ts';
import { printHelp } from './help.ts';
import { ANY_NETWORKS, type Network, parseNetworks } from './hosts.ts';
import {
  ALLOWED,
  COMMAND_LETTER,
  CORE_LETTERS,
  CORE_OPTIONS,
  type CommandName,
  type CoreLetter,
  INVERTIBLE,
  RULE_COMMANDS,
} from './options.ts';
import { Exit, type Output } from './output.ts';
import { checkInterval, checkWait } from './wait.ts';
import { interfaceName, isExtensionHeader, parseProtocol, protocolMatchName } from './words.ts';

/** Longest name of a chain or a target plus one (XT_EXTENSION_MAXNAMELEN). */
export const MAX_NAME = 29;
/** The library's name for plain verdicts and jumps: a target by name, though nothing can lead to it. */
export const STANDARD = 'standard';

type AnyOption = CoreLetter | ExtensionOption;
type Warn = (line: string) => void;

/** What the words of a command are read with. */
export interface Reader {
  readonly family: Family;
  readonly names: Names;
  readonly output: Output;
  /** Name of the program, for messages: `iptables`, `iptables-restore`. */
  readonly program: string;
  /** A line of iptables-restore. */
  readonly restoring: boolean;
  /** Matches that earlier lines of the same process have loaded. */
  readonly loaded: Set<Match>;
  /** In iptables-restore: there is a chain of this name, which then goes before a target of the same name. */
  readonly isChain?: (name: string) => boolean;
}

const BLANK = /[ \t\n\v\f\r]/;

/** A command line of iptables, read word by word: do_parse of xshared.c. */
export class CommandLine {
  readonly #reader: Reader;
  readonly #words: Getopt<AnyOption>;
  readonly #warn: Warn;
  /** Options of the extensions named so far, the newest first. */
  #extensionOptions: readonly LongOption<AnyOption>[] = [];
  #options: readonly LongOption<AnyOption>[];
  readonly #matchUses: ExtensionUse<Match>[] = [];
  #targetUse: ExtensionUse<Target> | undefined;
  #protocolWord: string | undefined;
  #protocolMatchLoaded = false;
  #sourceWord: string | undefined;
  #destinationWord: string | undefined;
  #tableSet = false;
  #waits = false;
  #waitInterval = false;

  readonly commands = new Set<CommandName>();
  table = 'filter';
  chain: string | undefined;
  newName = '';
  policy: string | undefined;
  ruleNumber = 0;
  verbose = 0;
  /** Letters of the options given. */
  readonly given = new Set<string>();
  readonly inverted = new Set<string>();
  protocol = 0;
  inInterface: InterfaceName = { text: '', inverted: false };
  outInterface: InterfaceName = { text: '', inverted: false };
  jump = '';
  goto = false;
  packets = 0n;
  bytes = 0n;
  sources: readonly Network[] = [];
  destinations: readonly Network[] = [];
  matches: readonly MatchUse[] = [];
  /** The target if `-j` names an extension. */
  target: Extract<Action, { kind: 'target' }> | undefined;
  /** The line is for the other family and means nothing here. */
  ignored = false;

  constructor(argv: readonly string[], reader: Reader) {
    this.#reader = reader;
    this.#words = new Getopt<AnyOption>(argv, CORE_LETTERS, (letter) => letter);
    this.#options = CORE_OPTIONS[reader.family];
    this.#warn = (line) => reader.output.complain(line);
  }

  /** Reads all words. @throws {Problem} {@link Exit} {@link NotSupportedYet} */
  read(): this {
    let inverted = false;
    for (;;) {
      const found = this.#words.next(this.#options);
      if (found === undefined) break;
      if (found.kind === 'word') {
        if (found.word !== '!') this.#badArgument(found.word);
        if (inverted) throw new Problem('multiple consecutive ! not allowed');
        inverted = true;
        continue;
      }
      if (found.kind !== 'option') {
        if (this.#loadProtocolMatch()) continue;
        this.#complain(found);
      } else if (typeof found.value === 'string') {
        if (!this.#core(found.value, found.argument, inverted)) continue;
        if (this.ignored) return this;
      } else {
        this.#extension(found.value, found.argument, inverted);
      }
      inverted = false;
    }
    if (this.#waitInterval && !this.#waits)
      throw new Problem('--wait-interval only makes sense with --wait\n');
    this.#finish(inverted);
    return this;
  }

  #complain(found: { kind: 'missing' } | { kind: 'unknown'; letter: string }): never {
    const word = this.#words.previous;
    if (found.kind === 'missing') throw new Problem(`option "${word}" requires an argument`);
    throw new Problem(`unknown option "${found.letter ? `-${found.letter}` : word}"`);
  }

  #badArgument(word: string): never {
    this.#reader.output.complain(`Bad argument \`${word}'\n`);
    throw new Problem('', 0);
  }

  /** What extensions know of the rule so far. */
  get context(): RuleContext {
    return {
      family: this.#reader.family,
      protocol: this.protocol,
      protocolInverted: this.inverted.has('p'),
      names: this.#reader.names,
    };
  }

  // -- extensions ---------------------------------------------------------------------------------------------------

  #extension({ extension, key }: ExtensionOption, argument: string | undefined, inverted: boolean): void {
    const use =
      extension.kind === 'target'
        ? this.#targetUse!
        : this.#matchUses.find((one) => one.extension === extension && !one.completed)!;
    use.parse(key, argument, inverted, this.context, this.#words, this.#warn);
  }

  #addOptions(extension: Match | Target): void {
    this.#extensionOptions = [...longOptionsOf(extension), ...this.#extensionOptions];
    this.#options = [...CORE_OPTIONS[this.#reader.family], ...this.#extensionOptions];
  }

  #useMatch(match: Match): void {
    const again = this.#matchUses.filter((use) => use.extension === match);
    for (const use of again) use.completed = true;
    this.#matchUses.push(new ExtensionUse(match));
    this.#reader.loaded.add(match);
    if (again.length === 0) this.#addOptions(match);
  }

  #matchNamed(name: string): Match | undefined {
    if (isNotYet('match', this.#reader.family, name)) throw new NotSupportedYet(`match ${name}`);
    return findMatch(this.#reader.family, name);
  }

  /** An option that nobody knows may belong to the match of the protocol (load_proto). */
  #loadProtocolMatch(): boolean {
    if (this.#protocolWord === undefined) return false;
    const name = protocolMatchName(this.#protocolWord, this.given.has('n'), this.#reader.names);
    if (name === undefined) return false;
    const { family, loaded } = this.#reader;
    const known = findMatch(family, name);
    if (known !== undefined && loaded.has(known) && this.#protocolMatchLoaded) return false;
    const match = this.#matchNamed(name);
    if (match === undefined) return false;
    this.#protocolMatchLoaded = true;
    this.#useMatch(match);
    this.#words.index--;
    return true;
  }

  #jumpTo(word: string): void {
    if (word.length < 1) throw new Problem('Invalid target name (too short)');
    if (word.length >= MAX_NAME) {
      throw new Problem(`Invalid target name \`${word}' (${MAX_NAME - 1} chars max)`);
    }
    if (BLANK.test(word)) throw new Problem(`Invalid target name \`${word}'`);
    this.jump = word;
  }

  // -- core options -------------------------------------------------------------------------------------------------

  /** False if the word is to be read again. */
  #core(letter: string, argument: string | undefined, inverted: boolean): boolean {
    const words = this.#words;
    const attached = words.previous;
    switch (letter) {
      case 'A':
      case 'C':
        this.#command(letter === 'A' ? 'append' : 'check', inverted);
        this.chain = argument;
        break;
      case 'D':
        this.#command('delete', inverted);
        this.chain = argument;
        if (words.hasWord()) {
          this.ruleNumber = this.#number();
          this.commands.delete('delete');
          this.commands.add('deleteNumber');
        }
        break;
      case 'R':
      case 'I':
        this.#command(letter === 'R' ? 'replace' : 'insert', inverted);
        this.chain = argument;
        if (words.hasWord()) this.ruleNumber = this.#number();
        else if (letter === 'I') this.ruleNumber = 1;
        else throw new Problem('-R requires a rule number');
        break;
      case 'L':
      case 'S':
        this.#command(letter === 'L' ? 'list' : 'listRules', inverted, ['zero', 'zeroNumber']);
        this.#optionalChain(argument);
        if (words.hasWord()) this.ruleNumber = this.#number();
        break;
      case 'F':
      case 'X':
        this.#command(letter === 'F' ? 'flush' : 'deleteChain', inverted);
        this.#optionalChain(argument);
        break;
      case 'Z':
        this.#command('zero', inverted, ['list', 'listRules']);
        this.#optionalChain(argument);
        if (words.hasWord()) {
          this.ruleNumber = this.#number();
          this.commands.clear();
          this.commands.add('zeroNumber');
        }
        break;
      case 'N':
        this.#checkNewChain(argument!);
        this.#command('newChain', inverted);
        this.chain = argument;
        break;
      case 'E':
        this.#command('renameChain', inverted);
        this.chain = argument;
        if (!words.hasWord()) throw new Problem('-E requires old-chain-name and new-chain-name');
        this.newName = words.argv[words.index++]!;
        break;
      case 'P':
        this.#command('setPolicy', inverted);
        this.chain = argument;
        if (!words.hasWord()) throw new Problem('-P requires a chain and a policy');
        this.policy = words.argv[words.index++]!;
        break;
      case 'h':
        this.#help();
        break;
      case 'p':
        this.#option('p', inverted);
        this.#protocol(attached);
        break;
      case 's':
        this.#option('s', inverted);
        this.#sourceWord = attached;
        break;
      case 'd':
        this.#option('d', inverted);
        this.#destinationWord = attached;
        break;
      case 'g':
        this.#option('j', inverted);
        this.goto = true;
        this.#jumpTo(argument!);
        break;
      case 'j':
        this.#option('j', inverted);
        this.#jump(attached);
        break;
      case 'i':
      case 'o': {
        this.#checkNotEmpty(argument!);
        this.#option(letter, inverted);
        const name = { text: interfaceName(attached, this.#warn), inverted };
        if (letter === 'i') this.inInterface = name;
        else this.outInterface = name;
        break;
      }
      case 'f':
        if (this.#reader.family === 6)
          throw new Problem("`-f' is not supported in IPv6, use -m frag instead");
        this.#option('f', inverted);
        break;
      case 'v':
        if (this.verbose === 0) this.#option('v', inverted);
        this.verbose++;
        break;
      case 'm':
        this.#match(argument!, inverted);
        break;
      case 'n':
      case 'x':
      case '0':
        this.#option(letter, inverted);
        break;
      case 't':
        if (inverted) throw new Problem('unexpected ! flag before --table');
        if (this.#reader.restoring && this.#tableSet) {
          throw new Problem(`The -t option cannot be used in ${this.#reader.program}.\n`);
        }
        this.table = argument!;
        this.#tableSet = true;
        break;
      case 'V':
        this.#version(inverted);
        break;
      case 'w':
        if (this.#reader.restoring) throw new Problem(`You cannot use \`-w' from iptables-restore`);
        checkWait(words, argument);
        this.#waits = true;
        break;
      case 'W':
        if (this.#reader.restoring) throw new Problem(`You cannot use \`-W' from iptables-restore`);
        checkInterval(words, argument, this.#warn);
        this.#waitInterval = true;
        break;
      case 'M':
        break;
      case 'c':
        this.#option('c', inverted);
        this.#counters(argument!);
        break;
      case '4':
      case '6':
        if (Number(letter) === this.#reader.family) break;
        if (!this.#reader.restoring) throw new Problem('', 0);
        this.ignored = true;
        break;
      default:
        if (this.#loadProtocolMatch()) return false;
        throw new Problem('Unknown arg "(null)"');
    }
    return true;
  }

  #command(name: CommandName, inverted: boolean, beside: readonly CommandName[] = []): void {
    if (inverted) throw new Problem("unexpected '!' flag");
    const other = [...this.commands].find((one) => !beside.includes(one));
    if (other) throw new Problem(`Cannot use -${COMMAND_LETTER[name]} with -${COMMAND_LETTER[other]}`);
    this.commands.add(name);
  }

  #option(letter: string, inverted: boolean): void {
    if (this.given.has(letter)) throw new Problem(`multiple -${letter} flags not allowed`);
    this.given.add(letter);
    if (!inverted) return;
    if (!INVERTIBLE.has(letter)) throw new Problem(`cannot have ! before -${letter}`);
    this.inverted.add(letter);
  }

  #optionalChain(argument: string | undefined): void {
    if (argument !== undefined) this.chain = argument;
    else if (this.#words.hasWord()) this.chain = this.#words.argv[this.#words.index++];
  }

  #number(): number {
    const word = this.#words.argv[this.#words.index++]!;
    const number = unsigned(word, 1, 0x7fffffff);
    if (number === undefined) throw new Problem(`Invalid rule number \`${word}'`);
    return number;
  }

  #checkNewChain(name: string): void {
    const { family } = this.#reader;
    if (name.length >= MAX_NAME) throw tooLong(name);
    if (name[0] === '-' || name[0] === '!') {
      throw new Problem(`chain name not allowed to start with \`${name[0]}'`);
    }
    if (name === '' || findTarget(family, name) || isNotYet('target', family, name) || name === STANDARD) {
      throw new Problem('chain name may not clash with target name');
    }
    if (BLANK.test(name)) throw new Problem(`Invalid chain name \`${name}'`);
  }

  #checkNotEmpty(name: string): void {
    if (name === '') throw new Problem('Empty interface is likely to be undesired');
  }

  #help(): never {
    const { family, output, program, names } = this.#reader;
    if (this.#matchUses.length === 0 && this.#protocolWord !== undefined) {
      const match = findMatch(family, this.#protocolWord);
      if (match) this.#useMatch(match);
    }
    const extensions = [
      ...(this.#targetUse ? [this.#targetUse.extension] : []),
      ...this.#matchUses.map((use) => use.extension),
    ];
    printHelp(output, program, family, extensions, names);
    throw new Exit(0);
  }

  #version(inverted: boolean): never {
    const { output, program } = this.#reader;
    output.print(inverted ? `Not ${VERSION} ;-)\n` : `${program} v${VERSION}\n`);
    throw new Exit(0);
  }

  #protocol(word: string): void {
    const lower = word.toLowerCase();
    this.#protocolWord = lower;
    this.protocol = parseProtocol(lower, this.#reader.names);
    const inverted = this.inverted.has('p');
    if (this.protocol === 0 && inverted) throw new Problem('rule would never match protocol');
    if (this.#reader.family === 6 && isExtensionHeader(this.protocol) && !inverted) {
      this.#warn(`Warning: never matched protocol: ${lower}. use extension match instead.\n`);
    }
  }

  #jump(word: string): void {
    this.#jumpTo(word);
    const { family, isChain } = this.#reader;
    if (isChain?.(word)) return;
    if (isNotYet('target', family, word)) throw new NotSupportedYet(`target ${word}`);
    const target = findTarget(family, word);
    if (target === undefined) return;
    this.#targetUse = new ExtensionUse(target);
    this.#addOptions(target);
  }

  #match(name: string, inverted: boolean): void {
    if (inverted) throw new Problem('unexpected ! flag before --match');
    const match = this.#matchNamed(name);
    if (match === undefined) {
      throw new Problem(`Couldn't load match \`${name}':No such file or directory\n`);
    }
    this.#useMatch(match);
  }

  #counters(argument: string): void {
    const words = this.#words;
    const comma = argument.indexOf(',', 1);
    let bytes = comma < 0 ? undefined : argument.slice(comma + 1);
    if (bytes === undefined && words.hasWord()) bytes = words.argv[words.index++];
    if (bytes === undefined) throw new Problem('-c requires packet and byte counter');
    this.packets = counter(argument, 'packet');
    this.bytes = counter(bytes, 'byte');
  }

  // -- at the end ---------------------------------------------------------------------------------------------------

  #finish(inverted: boolean): void {
    if (this.table === 'nat' && (this.policy === 'DROP' || this.jump === 'DROP')) {
      throw new Problem(
        '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n',
      );
    }
    this.matches = this.#matchUses.map((use) => ({
      extension: use.extension,
      values: use.settle(this.context, this.#warn),
    }));
    if (this.#targetUse) {
      const { extension } = this.#targetUse;
      this.target = {
        kind: 'target',
        extension,
        values: this.#targetUse.settle(this.context, this.#warn),
      };
    }
    if (this.#words.index < this.#words.argv.length) {
      throw new Problem('unknown arguments found on commandline');
    }
    if (this.commands.size === 0) throw new Problem('no command specified');
    if (inverted) throw new Problem('nothing appropriate following !');
    this.#addresses();
    for (const [letter, allowed] of ALLOWED) {
      if (this.given.has(letter) && !allowed.some((name) => this.commands.has(name))) {
        throw new Problem(`Illegal option \`-${letter}' with this command`);
      }
    }
    if (this.chain !== undefined && this.chain.length >= MAX_NAME) throw tooLong(this.chain);
    this.#checkInterfaces();
  }

  get isRule(): boolean {
    for (const name of this.commands) if (RULE_COMMANDS.includes(name)) return true;
    return false;
  }

  #addresses(): void {
    const { family, names } = this.#reader;
    const parse = (word: string | undefined) =>
      word === undefined ? ANY_NETWORKS[family] : parseNetworks(word, family, names);
    this.sources = parse(this.#sourceWord);
    this.destinations = parse(this.#destinationWord);
    if (
      (this.sources.length > 1 || this.destinations.length > 1) &&
      (this.inverted.has('s') || this.inverted.has('d'))
    ) {
      throw new Problem('! not allowed with multiple source or destination IP addresses');
    }
    if (this.commands.has('replace') && (this.sources.length !== 1 || this.destinations.length !== 1)) {
      throw new Problem('Replacement rule does not specify a unique address');
    }
  }

  #checkInterfaces(): void {
    if (!this.isRule) return;
    const { chain } = this;
    if ((chain === 'PREROUTING' || chain === 'INPUT') && this.given.has('o')) {
      throw new Problem(`Can't use -o with ${chain}\n`);
    }
    if ((chain === 'POSTROUTING' || chain === 'OUTPUT') && this.given.has('i')) {
      throw new Problem(`Can't use -i with ${chain}\n`);
    }
  }
}

/** What the commands call themselves. */
export const VERSION = '1.8.9 (legacy)';

function tooLong(name: string): Problem {
  return new Problem(`chain name \`${name}' too long (must be under ${MAX_NAME} chars)`);
}

/** What sscanf("%llu") reads at the beginning. */
function counter(text: string, what: string): bigint {
  const found = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/.exec(text);
  if (!found) throw new Problem(`-c ${what} counter not numeric`);
  return wrap(found[1]!);
}
