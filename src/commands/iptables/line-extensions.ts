import type { Extension, Match, RuleContext, Target } from '../../xtables/extension.ts';
import { Problem } from '../../xtables/problem.ts';
import { findMatch, findTarget } from '../../xtables/registry.ts';
import type { Action, MatchUse } from '../../xtables/rule.ts';
import { type ExtensionOption, ExtensionUse, longOptionsOf } from './extension-options.ts';
import type { Getopt, LongOption } from './getopt.ts';
import { CORE_OPTIONS, type CoreLetter } from './options.ts';
import { MAX_NAME, type Reader } from './reader.ts';
import { protocolMatchName } from './words.ts';

/** What getopt answers for an option: the letter of a core option, or an extension's. */
export type AnyOption = CoreLetter | ExtensionOption;

/** The matches and the target that a command line names, and their options. */
export class LineExtensions {
  readonly #reader: Reader;
  readonly #matches: ExtensionUse<Match>[] = [];
  #target: ExtensionUse<Target> | undefined;
  /** Options of the extensions named so far, the newest first. */
  #added: readonly LongOption<AnyOption>[] = [];
  #protocolMatchLoaded = false;
  /** All options that are known now. */
  options: readonly LongOption<AnyOption>[];

  constructor(reader: Reader) {
    this.#reader = reader;
    this.options = CORE_OPTIONS[reader.family];
  }

  /** `-m name` */
  match(name: string): void {
    const match = findMatch(this.#reader.family, name);
    if (match === undefined) {
      throw new Problem(`Couldn't load match \`${name}':No such file or directory\n`);
    }
    this.#useMatch(match);
  }

  /** `-j name`: a target, or a chain, of which nothing is known yet. */
  jump(name: string): void {
    checkTargetName(name);
    const { family, isChain } = this.#reader;
    if (isChain?.(name)) return;
    const target = findTarget(family, name);
    if (target === undefined) return;
    this.#target = new ExtensionUse(target);
    this.#load(target);
    this.#addOptions(target);
  }

  /** An option of an extension. */
  option(
    { extension, key }: ExtensionOption,
    argument: string | undefined,
    inverted: boolean,
    context: RuleContext,
    words: Getopt<AnyOption>,
  ): void {
    const use =
      extension.kind === 'target'
        ? this.#target!
        : this.#matches.find((one) => one.extension === extension && !one.completed)!;
    use.parse(key, argument, inverted, context, words, (line) => this.#reader.output.complain(line));
  }

  /**
   * An option that nobody knows may belong to the match that has the protocol's name (load_proto); true if that was loaded
   * now, and the option is to be tried again.
   */
  loadProtocolMatch(protocolWord: string | undefined, numeric: boolean): boolean {
    if (protocolWord === undefined) return false;
    const name = protocolMatchName(protocolWord, numeric, this.#reader.names);
    if (name === undefined) return false;
    const { family, loaded } = this.#reader;
    const known = findMatch(family, name);
    if (known !== undefined && loaded.has(known) && this.#protocolMatchLoaded) return false;
    const match = findMatch(this.#reader.family, name);
    if (match === undefined) return false;
    this.#protocolMatchLoaded = true;
    if (!this.#useMatch(match)) {
      // `-m` has added its options before; as others again: an abbreviation of one then fits two, and is not known.
      this.#add(longOptionsOf(match).map((option) => ({ ...option, value: { ...option.value } })));
    }
    return true;
  }

  /** For `-p tcp -h`: the match of the protocol, if no match was named. */
  loadForHelp(protocolWord: string | undefined): void {
    if (this.#matches.length > 0 || protocolWord === undefined) return;
    const match = findMatch(this.#reader.family, protocolWord);
    if (match) this.#useMatch(match);
  }

  /** Those named so far, the target first. */
  get all(): readonly Extension[] {
    const target = this.#target ? [this.#target.extension] : [];
    return [...target, ...this.#matches.map((use) => use.extension)];
  }

  settleMatches(context: RuleContext): readonly MatchUse[] {
    return this.#matches.map((use) => ({ extension: use.extension, values: this.#settle(use, context) }));
  }

  settleTarget(context: RuleContext): Extract<Action, { kind: 'target' }> | undefined {
    const use = this.#target;
    return use && { kind: 'target', extension: use.extension, values: this.#settle(use, context) };
  }

  /** The target as far as it was read, for a line that ends early. */
  get namedTarget(): Extract<Action, { kind: 'target' }> | undefined {
    return this.#target && { kind: 'target', extension: this.#target.extension, values: {} };
  }

  #settle(use: ExtensionUse, context: RuleContext): MatchUse['values'] {
    return use.settle(context, (line) => this.#reader.output.complain(line));
  }

  /** Remembers that an extension was loaded; the first time says so if the kernel lacks it. */
  #load(extension: Extension): void {
    const { loaded, output } = this.#reader;
    if (extension.missing && !loaded.has(extension)) {
      const revision = extension.revision ?? 0;
      output.complain(
        `Warning: Extension ${extension.name} revision ${revision} not supported, missing kernel module?\n`,
      );
    }
    loaded.add(extension);
  }

  /** True if its options came to be known by that. */
  #useMatch(match: Match): boolean {
    const again = this.#matches.filter((use) => use.extension === match);
    for (const use of again) use.completed = true;
    this.#matches.push(new ExtensionUse(match));
    this.#load(match);
    if (again.length === 0) this.#addOptions(match);
    return again.length === 0;
  }

  #addOptions(extension: Extension): void {
    this.#add(longOptionsOf(extension));
  }

  #add(options: readonly LongOption<AnyOption>[]): void {
    this.#added = [...options, ...this.#added];
    this.options = [...CORE_OPTIONS[this.#reader.family], ...this.#added];
  }
}

/** What `-j` and `-g` refuse before they look anything up (xt_parse_target). */
export function checkTargetName(word: string): void {
  if (word.length < 1) throw new Problem('Invalid target name (too short)');
  if (word.length >= MAX_NAME) {
    throw new Problem(`Invalid target name \`${word}' (${MAX_NAME - 1} chars max)`);
  }
  if (/[ \t\n\v\f\r]/.test(word)) throw new Problem(`Invalid target name \`${word}'`);
}
