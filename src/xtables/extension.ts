/**
 * How a match or a target is written: one file each, one call of `defineMatch` or `defineTarget`, one line in the
 * folder's index. From the declaration come parsing, `-S`/`-save` and `-L` text, help, reference and completion.
 *
 * A guide, with `matches/tcp.ts`, `matches/comment.ts`, `matches/mark.ts`, `targets/MARK.ts`, `targets/ACCEPT.ts` as
 * worked examples:
 *
 * 1. **Options.** `options` is a record; the key is the option's first long name (the one the real tool puts in "can
 *    only be used once"), `aliases` are the other names (`source-port` has `sport`), `saveAs` the one that `-S` prints.
 *    Write them in the order in which `-S` prints them. `type` is a {@link ValueType}, from `values.ts` where one fits:
 *    it parses the argument (throws {@link Problem} with the real tool's words) and prints it. Other flags of an
 *    option: see {@link Option}. An extension with options whose use the real tool does not restrict
 *    (older style, no "can only be used once" message) uses `repeated`.
 * 2. **Values.** What was parsed is `Values<O>`: for each option given `{ value, inverted, order }`; an array of those if
 *    the option is `multiple`. After the last word the core calls `verify`, checks required / excludes / needs in the
 *    order of declaration as libxtables does, then calls `settle`, which may refuse (throw Problem), and answers the
 *    canonical values: `--set-mark 1/255` becomes `set-xmark`, defaults that are not printed are left out. Two rules are
 *    equal (`-C`, `-D`) if the settled values are (`order` does not count), so values must be plain data: numbers,
 *    bigints, strings, booleans, arrays, plain objects, Uint8Array.
 * 3. **Text.** `-S` prints ` [! ]--NAME VALUE` of each value that `omit` does not hide. Where the real tool's text is not of
 *    that form, override `save`. `list` gives the `-L` text exactly as the real tool prints it behind the destination
 *    column, with its leading blank (` tcp dpt:22`). Both return '' for nothing.
 * 4. **Behaviour of a match.** Best: each option has `test`, which answers a {@link FieldTest}: data (a field of
 *    `fields.ts`, mask, ranges, inverted) that the compiler packs, explanations and analysis read. `requires` names a
 *    field that must be there even if no option is given (`tcp.header`). A field that is absent fails the test, inverted
 *    or not; one that is malformed drops the packet (hotdrop). Where that is not enough an option's
 *    `test` answers a {@link FunctionTest}; a match with state, or whose options work together, overrides `tests`. It is
 *    called once for each rule whenever its table is committed, so state lives in the closure and is new with every
 *    replacement, as in the kernel. State with a name that outlives tables (recent, hashlimit): `environment.shared`, and
 *    `environment.onDestroy` to let go of it. Everything in `tests` must hold (AND, in order).
 * 5. **Behaviour of a target.** `verdict` (data) for plain verdicts, else `create`, which answers a function of the packet
 *    giving {@link CONTINUE} or a verdict of `netfilter/verdict.ts`.
 * 6. **Kernel's refusals.** `table`, `hooks`, `protocol` are what struct xt_match / xt_target declares (EINVAL); `check` is
 *    the checkentry function: it answers the name of an error or undefined. The command reports it at commit. What only
 *    the *command* refuses belongs in `settle` or the value's `parse`.
 * 7. **Families.** One definition for both if they agree; else two definitions of the same `name` with different
 *    `families`, both in the same file, exported as an array.
 *
 * Nothing outside the extension's file asks for its name.
 */
import type { Conntrack } from '../conntrack/conntrack.ts';
import type { Sets } from '../ipset/sets.ts';
import type { Nat } from '../nat/nat.ts';
import type { ErrnoName, Family, Hook } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import type { Verdict } from '../netfilter/verdict.ts';
import type { FieldName } from './fields.ts';
import type { Names } from './names.ts';
import type { Place } from './place.ts';

/** What a target answers to let the next rule be asked (XT_CONTINUE). Verdicts are not negative. */
export const CONTINUE = -1;
/** Back to the calling chain (XT_RETURN). */
export const RETURN = -5;

/** What is known of the rule while its extensions are parsed, checked or printed. */
export interface RuleContext {
  readonly family: Family;
  /** Protocol number of `-p`, 0 for any; and whether it is inverted. */
  readonly protocol: number;
  readonly protocolInverted: boolean;
  readonly names: Names;
  /** The host's sets of `ipset`, whose names rules say; undefined where there is no host. */
  readonly sets?: Sets | undefined;
}

/** Where an argument stands. */
export interface ParseContext extends RuleContext {
  /** Name of the extension and key of the option, as error messages name them. */
  readonly extension: string;
  readonly option: string;
  /** A `!` stands before the option. */
  readonly inverted: boolean;
  /** Whether an option of this extension stood before this one. */
  has(option: string): boolean;
  /** What stood before this one, by the option's key. */
  readonly before: AnyValues;
  /** The next word of the command line without taking it; undefined at the end. */
  peek(): string | undefined;
  /** Takes the next word, for options with several arguments. */
  take(): string | undefined;
  /** A line for standard error that refuses nothing, written as it is. */
  warn(line: string): void;
}

export interface SettleContext extends RuleContext {
  readonly extension: string;
  warn(line: string): void;
}

export interface PrintContext extends RuleContext {
  /** `-n`: numbers instead of names. Always true in `save`. */
  readonly numeric: boolean;
  /** A line for standard error, if the text is for a command. */
  warn?(line: string): void;
}

/** How an argument is read and written. */
export interface ValueType<T> {
  /** In help and reference: `port[:port]`; '' if there is none. */
  readonly syntax: string;
  /** `none`: the option stands alone (getopt's no_argument). */
  readonly argument: 'none' | 'required' | 'optional';
  /** Words worth completing. */
  readonly choices?: readonly string[];
  /** Values as one writes them, each as a list of words; for the reference, and for rules that tests make up. */
  readonly examples?: readonly (readonly string[])[];
  /** @throws {Problem} in the real tool's words. An optional argument that is missing is ''. */
  parse(text: string, context: ParseContext): T;
  /** The text in `-S`, quoted if need be. */
  print(value: T, context: PrintContext): string;
}

/** An option that was given. */
export interface Given<T> {
  readonly value: T;
  readonly inverted: boolean;
  /** Place among the options of the command line, from 0; for extensions where the order matters. */
  readonly order?: number;
}

/** An option's declaration. Built directly, or by a helper such as `ports.ts`. */
export interface Option<T> {
  readonly type: ValueType<T>;
  /** Further long names. */
  readonly aliases?: readonly string[];
  /** The name that `-S` prints; the key if left out. */
  readonly saveAs?: string;
  /** One line of help and reference, in our own words. */
  readonly help: string;
  /** May stand behind `!`; if not: `option "--x" cannot be inverted`. */
  readonly invert?: boolean;
  /** Refused if missing: `option "--x" must be specified`. */
  readonly required?: boolean;
  /** May be given several times; the value is then an array. */
  readonly multiple?: boolean;
  /** Given twice: 'replace' takes the last one, any other text is the error message instead of "can only be used once". */
  readonly repeated?: string;
  /** Keys of options that cannot stand beside it, in the order in which the real tool complains; '*' for all others. */
  readonly excludes?: readonly string[];
  /** Keys of options that it also requires. */
  readonly needs?: readonly string[];
  /** Not printed by `-S` (a default, or text that the real tool loses). */
  omit?(given: Given<T>): boolean;
  /** The test this option makes. */
  test?(given: Given<T>, family: Family): Test;
}

/** Options by key. Methods are bivariant, so every Option<T> is an Option<unknown>. */
export type Options = Readonly<Record<string, Option<unknown>>>;

type ValueOf<P> = P extends { readonly type: ValueType<infer T> } ? T : never;

/** What was given on the command line, by the options' keys. */
export type Values<O extends Options> = {
  readonly [K in keyof O]?: NonNullable<O[K]['multiple']> extends true
    ? readonly Given<ValueOf<O[K]>>[]
    : Given<ValueOf<O[K]>>;
};

/** Values without their types, as the core carries them. */
export type AnyValues = Readonly<Record<string, Given<unknown> | readonly Given<unknown>[] | undefined>>;

/** Value of some of the fields, masked, lies in some of the ranges; or in none, if inverted. */
export interface FieldTest {
  /** The field; of several, one that fits is enough (multiport --ports). */
  readonly field: FieldName | readonly FieldName[];
  /** Bits that count; all if left out. */
  readonly mask?: number;
  /** Ranges with both ends included, unsigned. Left out: the field only has to be there. */
  readonly ranges?: readonly (readonly [number, number])[];
  readonly inverted?: boolean;
  /** Key of the option it comes from; set by the core for an option's own `test`. */
  readonly option?: string;
}

/** A test that is code: opaque to the compiler and to analysis. */
export interface FunctionTest {
  /** True if it holds (inversion included). May set `place.drop`. */
  run(packet: Packet, place: Place): boolean;
  /** The packet's value in the command line's words, or why there is none. Called when `run` answered false. */
  explain(packet: Packet, place: Place): string;
  readonly option?: string;
}

export type Test = FieldTest | FunctionTest;

/** What a rule's extension knows of the place it is committed to. */
export interface Environment {
  readonly family: Family;
  readonly table: string;
  /** Bit `1 << hook` for each hook from which the rule can be reached (0 if from none). */
  readonly hooks: number;
  readonly protocol: number;
  readonly protocolInverted: boolean;
  readonly services: Services;
  /**
   * Connection tracking. A rule that needs it says so: `onDestroy(connections.acquire(family))`. The packet's connection is
   * `connectionOf(packet)` of conntrack/connection.ts.
   */
  readonly connections: Conntrack;
  /** Address translation: targets call its `setup` with a range. It needs connection tracking, which the rule acquires. */
  readonly translation: Nat;
  /** What the rule's matches ask of a field, in order, for targets that rely on it. */
  fieldTests(field: FieldName): readonly FieldTest[];
  /** Something that all rules of this host share, made when first asked for. */
  shared<T>(key: { readonly create: () => T }): T;
  /** Called when the rule is gone: its table was replaced or its commit failed. */
  onDestroy(run: () => void): void;
}

/** The parts that matches and targets have in common. */
interface Declaration<O extends Options> {
  readonly name: string;
  /** Other names that `-m`, `-j` or `-p` find it by (`icmpv6` for icmp6). */
  readonly aliases?: readonly string[];
  /** The kernel's name for it, which `-L` shows, where that differs (NOTRACK is CT). */
  readonly kernelName?: string;
  /** Both if left out. */
  readonly families?: readonly Family[];
  readonly revision?: number;
  /** The command knows it, but the kernel lacks it: the command warns, and the kernel refuses the rule (ENOENT). */
  readonly missing?: true;
  /** One line for lists and completion. */
  readonly summary: string;
  /** Paragraphs of the reference page: what it does, limits, surprises. */
  readonly about?: string;
  /** Where the kernel does it: `net/netfilter/xt_mark.c mark_mt`. */
  readonly source: string;
  readonly options: O;
  /** The kernel allows it only in this table. */
  readonly table?: string;
  /** The kernel allows it only in rules reached from these hooks alone. */
  readonly hooks?: readonly Hook[];
  /** The kernel allows it only with this `-p` (not inverted). */
  readonly protocol?: number;
  /**
   * What it refuses by itself, before the options' own rules (required, excludes, needs) are checked: libxtables' x6_fcheck.
   * @throws {Problem}
   */
  verify?(values: Values<O>, context: SettleContext): void;
  settle?(values: Values<O>, context: SettleContext): Values<O>;
  /**
   * What the kernel makes of the values when it takes a rule, where it changes them. `-S` then shows these, and `-D` does not
   * find the rule by what was given.
   */
  taken?(values: Values<O>): Values<O>;
  /** Text behind `-m name` or `-j NAME`, with its leading blank. */
  save?(values: Values<O>, context: PrintContext): string;
  /** Text in the last column of `-L`, with its leading blank. */
  list?(values: Values<O>, context: PrintContext): string;
  /** checkentry: the error's name, or undefined. */
  check?(values: Values<O>, environment: Environment): ErrnoName | undefined;
}

export interface MatchSpec<O extends Options> extends Declaration<O> {
  /** A field that must be there. */
  readonly requires?: FieldName;
  /** Keys of the options in the order in which the kernel tests them, where that is not the order of `-S`. */
  readonly testOrder?: readonly (keyof O & string)[];
  /** All tests of a rule, instead of those of the options. */
  tests?(values: Values<O>, environment: Environment): readonly Test[];
}

/** Answers {@link CONTINUE} or a verdict. */
export type TargetFunction = (packet: Packet, place: Place) => number;

export interface TargetSpec<O extends Options> extends Declaration<O> {
  /** The rule never lets the next one be asked. */
  readonly terminal: boolean;
  /** A plain verdict (or {@link RETURN}): the kernel's standard target. */
  readonly verdict?: Verdict;
  create?(values: Values<O>, environment: Environment): TargetFunction;
}

/** The options of an extension as a list of key and declaration. */
export type OptionList = readonly (readonly [string, Option<unknown>])[];

/** A match as the core sees it. */
export interface Match extends MatchSpec<Options> {
  readonly kind: 'match';
  readonly optionList: OptionList;
}

/** A target as the core sees it. */
export interface Target extends TargetSpec<Options> {
  readonly kind: 'target';
  readonly optionList: OptionList;
}

export type Extension = Match | Target;

/** A match; the types of its options are known inside the specification and erased outside. */
export function defineMatch<const O extends Options>(spec: MatchSpec<O>): Match {
  // Values always come from the extension's own options, so the erasure is sound.
  const { options } = spec;
  return { ...(spec as unknown as MatchSpec<Options>), kind: 'match', optionList: Object.entries(options) };
}

export function defineTarget<const O extends Options>(spec: TargetSpec<O>): Target {
  const { options } = spec;
  return { ...(spec as unknown as TargetSpec<Options>), kind: 'target', optionList: Object.entries(options) };
}

/** An option; the call lets TypeScript infer T and keeps `multiple` in the type. */
export function option<T, const M extends boolean = false>(
  type: ValueType<T>,
  rest: Omit<Option<T>, 'type' | 'multiple'> & { readonly multiple?: M },
): Option<T> & { readonly multiple?: M } {
  return { ...rest, type };
}
