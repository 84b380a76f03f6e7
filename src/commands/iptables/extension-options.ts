import type {
  AnyValues,
  Extension,
  Given,
  Option,
  OptionList,
  ParseContext,
  RuleContext,
} from '../../xtables/extension.ts';
import { Problem } from '../../xtables/problem.ts';
import type { Getopt, LongOption } from './getopt.ts';

/** An option of an extension, as getopt answers it: who declared it and under which key. */
export interface ExtensionOption {
  readonly extension: Extension;
  readonly key: string;
}

const longOptions = new Map<Extension, readonly LongOption<ExtensionOption>[]>();

/** The long options of an extension for getopt; aliases answer the same value. */
export function longOptionsOf(extension: Extension): readonly LongOption<ExtensionOption>[] {
  const known = longOptions.get(extension);
  if (known) return known;
  const options: LongOption<ExtensionOption>[] = [];
  for (const [key, option] of extension.optionList) {
    const value = { extension, key };
    const argument = option.type.argument === 'none' ? 0 : option.type.argument === 'required' ? 1 : 2;
    for (const name of [key, ...(option.aliases ?? [])]) options.push({ name, argument, value });
  }
  longOptions.set(extension, options);
  return options;
}

/** What the value of an option is read with; takes further words from the command line. */
class OptionContext implements ParseContext {
  readonly family: ParseContext['family'];
  readonly protocol: number;
  readonly protocolInverted: boolean;
  readonly names: ParseContext['names'];
  readonly sets: ParseContext['sets'];
  readonly extension: string;
  readonly option: string;
  readonly inverted: boolean;
  readonly #words: Getopt<unknown>;
  readonly before: AnyValues;
  readonly warn: (line: string) => void;

  constructor(
    rule: RuleContext,
    extension: string,
    option: string,
    inverted: boolean,
    words: Getopt<unknown>,
    before: AnyValues,
    warn: (line: string) => void,
  ) {
    this.family = rule.family;
    this.protocol = rule.protocol;
    this.protocolInverted = rule.protocolInverted;
    this.names = rule.names;
    this.sets = rule.sets;
    this.extension = extension;
    this.option = option;
    this.inverted = inverted;
    this.#words = words;
    this.before = before;
    this.warn = warn;
  }

  has(option: string): boolean {
    return this.before[option] !== undefined;
  }

  peek(): string | undefined {
    return this.#words.argv[this.#words.index];
  }

  take(): string | undefined {
    return this.#words.argv[this.#words.index++];
  }
}

/** An extension on a command line, while its options are read. */
export class ExtensionUse<E extends Extension = Extension> {
  readonly extension: E;
  /** A later use of the same extension has taken over its options. */
  completed = false;
  readonly #values: Record<string, Given<unknown> | readonly Given<unknown>[] | undefined> = {};
  #order = 0;

  constructor(extension: E) {
    this.extension = extension;
  }

  /** Reads an option's argument (xtables_option_parse). */
  parse(
    key: string,
    argument: string | undefined,
    inverted: boolean,
    rule: RuleContext,
    words: Getopt<unknown>,
    warn: (line: string) => void,
  ): void {
    const option = this.extension.options[key]!;
    const { name } = this.extension;
    const earlier = this.#values[key];
    if (earlier !== undefined && !option.multiple && option.repeated !== 'replace') {
      throw new Problem(option.repeated ?? `${name}: option "--${key}" can only be used once.\n`);
    }
    if (inverted && !option.invert) throw new Problem(`${name}: option "--${key}" cannot be inverted.\n`);
    const context = new OptionContext(rule, name, key, inverted, words, this.#values, warn);
    const value = option.type.parse(argument ?? '', context);
    const given = { value, inverted, order: this.#order++ };
    this.#values[key] = option.multiple ? [...((earlier ?? []) as readonly Given<unknown>[]), given] : given;
  }

  /** What holds of the options together, once all are read; answers the settled values. */
  settle(rule: RuleContext, warn: (line: string) => void): AnyValues {
    const { extension } = this;
    const { name, verify, settle } = extension;
    const values = this.#values;
    const context = verify || settle ? { ...rule, extension: name, warn } : undefined;
    if (verify) verify(values as never, context!);
    for (const [key, option] of dependentOptions(extension)) {
      checkTogether(name, extension.optionList, key, option, values);
    }
    return settle ? settle(values as never, context!) : values;
  }
}

const dependent = new Map<Extension, OptionList>();

/** The options of an extension that ask for something beside themselves: most ask for nothing. */
function dependentOptions(extension: Extension): OptionList {
  const known = dependent.get(extension);
  if (known) return known;
  const options = extension.optionList.filter(
    ([, { required, needs, excludes }]) => required || needs || excludes,
  );
  dependent.set(extension, options);
  return options;
}

/** Required, needed and excluded options, in the order in which libxtables complains (xtables_options_fcheck). */
function checkTogether(
  name: string,
  options: OptionList,
  key: string,
  option: Option<unknown>,
  values: AnyValues,
): void {
  const given = values[key] !== undefined;
  if (option.required && !given) throw new Problem(`${name}: option "--${key}" must be specified\n`);
  if (!given) return;
  const { needs = [], excludes = [] } = option;
  for (const other of needs) {
    if (values[other] === undefined) {
      throw new Problem(`${name}: option "--${key}" also requires "--${other}".\n`);
    }
  }
  for (const other of excludes[0] === '*' ? options.map(([one]) => one) : excludes) {
    if (other !== key && values[other] !== undefined) {
      throw new Problem(`${name}: option "--${key}" cannot be used together with "--${other}".\n`);
    }
  }
}
