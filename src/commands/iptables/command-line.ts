import type { RuleContext } from '../../xtables/extension.ts';
import { Problem } from '../../xtables/problem.ts';
import type { Action, InterfaceName, MatchUse } from '../../xtables/rule.ts';
import { CORE_HANDLERS } from './core-options.ts';
import { Getopt } from './getopt.ts';
import { ANY_NETWORKS, type Network, parseNetworks } from './hosts.ts';
import { type AnyOption, LineExtensions } from './line-extensions.ts';
import { ALLOWED, CORE_LETTERS, type CommandName, RULE_COMMANDS } from './options.ts';
import { MAX_NAME, type Reader, tooLong } from './reader.ts';

/** What a command line of iptables says, read word by word: do_parse of xshared.c. */
export class CommandLine {
  readonly reader: Reader;
  readonly words: Getopt<AnyOption>;
  readonly extensions: LineExtensions;
  commands: readonly CommandName[] = [];
  table = 'filter';
  tableSet = false;
  chain: string | undefined;
  newName = '';
  policy: string | undefined;
  /** From 1; 0 if none was given. */
  ruleNumber = 0;
  verbose = 0;
  waits = false;
  waitInterval = false;
  /** Letters of the options given, and of those behind a `!`. */
  given = '';
  inverted = '';
  /** The word behind `-p` in small letters. */
  protocolWord: string | undefined;
  protocol = 0;
  inInterface: InterfaceName = { text: '', inverted: false };
  outInterface: InterfaceName = { text: '', inverted: false };
  sourceWord: string | undefined;
  destinationWord: string | undefined;
  jump = '';
  goto = false;
  packets = 0n;
  bytes = 0n;
  sources: readonly Network[] = [];
  destinations: readonly Network[] = [];
  matches: readonly MatchUse[] = [];
  /** The target if `-j` names an extension. */
  target: Extract<Action, { kind: 'target' }> | undefined;
  /**
   * In iptables-restore: `-6`, or `-4` of ip6tables, ends the line there. What stands before it is still done, but a rule
   * without addresses is none.
   */
  cutOff = false;

  constructor(argv: readonly string[], reader: Reader) {
    this.reader = reader;
    this.words = new Getopt<AnyOption>(argv, CORE_LETTERS, (letter) => letter);
    this.extensions = new LineExtensions(reader);
  }

  /** Reads all words. @throws {Problem} {@link Exit} */
  read(): this {
    const { words, extensions } = this;
    let inverted = false;
    for (;;) {
      const found = words.next(extensions.options);
      if (found === undefined) break;
      if (found.kind === 'word') {
        if (found.word !== '!') this.#badArgument(found.word);
        if (inverted) throw new Problem('multiple consecutive ! not allowed');
        inverted = true;
        continue;
      }
      if (found.kind === 'option' && typeof found.value !== 'string') {
        extensions.option(found.value, found.argument, inverted, this.context, words);
      } else {
        const handle = found.kind === 'option' ? CORE_HANDLERS[found.value as string] : undefined;
        if (handle === undefined) {
          // The protocol's match may know it: then the word is read again.
          if (!extensions.loadProtocolMatch(this.protocolWord, this.given.includes('n')))
            this.#unknown(found);
          words.index--;
          continue;
        }
        handle(this, found.kind === 'option' ? found.argument : undefined, inverted);
        if (this.cutOff) {
          this.target = extensions.namedTarget;
          return this;
        }
      }
      inverted = false;
    }
    this.#finish(inverted);
    return this;
  }

  /** What extensions know of the rule so far. */
  get context(): RuleContext {
    return {
      family: this.reader.family,
      protocol: this.protocol,
      protocolInverted: this.inverted.includes('p'),
      names: this.reader.names,
      sets: this.reader.sets,
    };
  }

  /** The command takes a rule. */
  get isRule(): boolean {
    return this.commands.some((name) => RULE_COMMANDS.includes(name));
  }

  #unknown(found: { readonly kind: 'missing' | 'unknown' | 'option' }): never {
    const word = this.words.previous;
    if (found.kind === 'missing') throw new Problem(`option "${word}" requires an argument`);
    if (found.kind === 'option') throw new Problem('Unknown arg "(null)"');
    throw new Problem(`unknown option "${word}"`);
  }

  #badArgument(word: string): never {
    this.reader.output.complain(`Bad argument \`${word}'\n`);
    throw new Problem('', 0);
  }

  // What is checked at the end, in the real tool's order.

  #finish(inverted: boolean): void {
    if (this.waitInterval && !this.waits) throw new Problem('--wait-interval only makes sense with --wait\n');
    if (this.table === 'nat' && (this.policy === 'DROP' || this.jump === 'DROP')) {
      throw new Problem(
        '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n',
      );
    }
    this.matches = this.extensions.settleMatches(this.context);
    this.target = this.extensions.settleTarget(this.context);
    if (this.words.index < this.words.argv.length) {
      throw new Problem('unknown arguments found on commandline');
    }
    if (this.commands.length === 0) throw new Problem('no command specified');
    if (inverted) throw new Problem('nothing appropriate following !');
    this.#addresses();
    for (const [letter, allowed] of ALLOWED) {
      if (this.given.includes(letter) && !allowed.some((name) => this.commands.includes(name))) {
        throw new Problem(`Illegal option \`-${letter}' with this command`);
      }
    }
    if (this.chain !== undefined && this.chain.length >= MAX_NAME) throw tooLong(this.chain);
    if (this.isRule) this.#checkInterfaces();
  }

  #addresses(): void {
    const { family, names } = this.reader;
    const parse = (word: string | undefined) =>
      word === undefined ? ANY_NETWORKS[family] : parseNetworks(word, family, names);
    this.sources = parse(this.sourceWord);
    this.destinations = parse(this.destinationWord);
    const several = this.sources.length > 1 || this.destinations.length > 1;
    if (several && (this.inverted.includes('s') || this.inverted.includes('d'))) {
      throw new Problem('! not allowed with multiple source or destination IP addresses');
    }
    if (several && this.commands.includes('replace')) {
      throw new Problem('Replacement rule does not specify a unique address');
    }
  }

  #checkInterfaces(): void {
    const { chain } = this;
    if ((chain === 'PREROUTING' || chain === 'INPUT') && this.given.includes('o')) {
      throw new Problem(`Can't use -o with ${chain}\n`);
    }
    if ((chain === 'POSTROUTING' || chain === 'OUTPUT') && this.given.includes('i')) {
      throw new Problem(`Can't use -i with ${chain}\n`);
    }
  }
}
