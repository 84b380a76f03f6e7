/** A long option: 0 no argument, 1 one, 2 an optional one that must be attached with `=`. */
export interface LongOption<T> {
  readonly name: string;
  readonly argument: 0 | 1 | 2;
  readonly value: T;
}

/** What {@link Getopt.next} found. */
export type Found<T> =
  | { readonly kind: 'option'; readonly value: T; readonly argument: string | undefined }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'unknown';
      readonly letter: string;
      readonly why: 'unknown' | 'ambiguous' | 'takes none';
    };

/** Letters and whether they take an argument, as for long options. */
export type ShortOptions = ReadonlyMap<string, 0 | 1 | 2>;

/** Reads an option string as getopt does: `nL::s:`. */
export function shortOptions(text: string): ShortOptions {
  const letters = [...text.matchAll(/([A-Za-z0-9])(:{0,2})/g)];
  return new Map(letters.map(([, letter, colons]) => [letter!, colons!.length as 0 | 1 | 2]));
}

/**
 * GNU getopt_long, which decides much of how the iptables commands read their words: options may be abbreviated where that
 * is unambiguous, short ones may be joined (`-nvL`), their argument attached (`-w5`). Words that are no options are
 * given in their place. `--` ends the options.
 */
export class Getopt<T> {
  readonly argv: readonly string[];
  /** Index of the next word (glibc's optind). Callers that take words themselves move it. */
  index = 1;
  readonly #short: ShortOptions;
  readonly #valueOf: (letter: string) => T;
  #rest = '';

  /** `short`: what {@link shortOptions} made; `valueOfLetter` gives the value of a letter. */
  constructor(argv: readonly string[], short: ShortOptions, valueOfLetter: (letter: string) => T) {
    this.argv = argv;
    this.#short = short;
    this.#valueOf = valueOfLetter;
  }

  /** The next option or word; undefined at the end or behind `--`. */
  next(options: readonly LongOption<T>[]): Found<T> | undefined {
    if (this.#rest === '') {
      const word = this.argv[this.index];
      if (word === undefined) return undefined;
      if (word === '--') {
        this.index++;
        return undefined;
      }
      if (word[0] !== '-' || word === '-') {
        this.index++;
        return { kind: 'word', word };
      }
      if (word[1] === '-') return this.#long(word.slice(2), options);
      this.#rest = word.slice(1);
    }
    return this.#letter();
  }

  #letter(): Found<T> {
    const letter = this.#rest[0]!;
    this.#rest = this.#rest.slice(1);
    const takes = this.#short.get(letter);
    const last = this.#rest === '';
    if (last) this.index++;
    if (takes === undefined) return { kind: 'unknown', letter, why: 'unknown' };
    if (takes === 0) return { kind: 'option', value: this.#valueOf(letter), argument: undefined };
    let argument: string | undefined;
    if (!last) {
      argument = this.#rest;
      this.#rest = '';
      this.index++;
    } else if (takes === 1) {
      if (this.index >= this.argv.length) return { kind: 'missing' };
      argument = this.argv[this.index++];
    }
    return { kind: 'option', value: this.#valueOf(letter), argument };
  }

  #long(text: string, options: readonly LongOption<T>[]): Found<T> {
    this.index++;
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    let found = options.find((option) => option.name === name);
    if (!found) {
      for (const option of options) {
        if (!option.name.startsWith(name)) continue;
        if (found && (found.argument !== option.argument || found.value !== option.value)) {
          return { kind: 'unknown', letter: '', why: 'ambiguous' };
        }
        found ??= option;
      }
    }
    if (!found) return { kind: 'unknown', letter: '', why: 'unknown' };
    let argument: string | undefined;
    if (equals >= 0) {
      if (found.argument === 0) {
        return { kind: 'unknown', letter: '', why: 'takes none' };
      }
      argument = text.slice(equals + 1);
    } else if (found.argument === 1) {
      if (this.index >= this.argv.length) return { kind: 'missing' };
      argument = this.argv[this.index++];
    }
    return { kind: 'option', value: found.value, argument };
  }

  /** The word before the next one (argv[optind - 1]). */
  get previous(): string {
    return this.argv[this.index - 1] ?? '';
  }

  /** The next word, if it is no option and no `!` (xs_has_arg). */
  hasWord(): boolean {
    const word = this.argv[this.index];
    return word !== undefined && word[0] !== '-' && word[0] !== '!';
  }
}
