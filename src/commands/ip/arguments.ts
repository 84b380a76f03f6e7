import { type Prefix, parsePrefix } from './prefix.ts';

/** What ends an `ip` command: its message and exit status. */
export class IpProblem extends Error {
  readonly exit: number;
  /** The program ends on the spot, also in the middle of a batch (iproute2 calls exit). */
  readonly ends: boolean;

  constructor(message: string, exit: number, ends = exit === 255) {
    super(message);
    this.name = 'IpProblem';
    this.exit = exit;
    this.ends = ends;
  }
}

/** The kernel's answer without a text of its own (exit status 2). */
export function kernelSays(what: string): IpProblem {
  return new IpProblem(`RTNETLINK answers: ${what}\n`, 2);
}

/** The kernel's answer with a text (extack). */
export function kernelError(text: string): IpProblem {
  return new IpProblem(`Error: ${text}\n`, 2);
}

/** The words of a command, taken one after the other. */
export class Arguments {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get more(): boolean {
    return this.#at < this.#words.length;
  }

  peek(): string | undefined {
    return this.#words[this.#at];
  }

  /** The next word; the command is not complete without it. */
  next(): string {
    const word = this.#words[this.#at];
    if (word === undefined) throw new IpProblem('Command line is not complete. Try option "help"\n', 255);
    this.#at++;
    return word;
  }

  /** Takes the next word if it is one of these, written out. */
  accept(...words: readonly string[]): boolean {
    if (!words.includes(this.#words[this.#at] ?? '')) return false;
    this.#at++;
    return true;
  }

  /** Takes the next word if one of these begins with it (iproute2's matches). */
  acceptShort(...words: readonly string[]): boolean {
    const typed = this.#words[this.#at];
    if (!typed || !words.some((word) => word.startsWith(typed))) return false;
    this.#at++;
    return true;
  }

  /** A whole number, decimal, hexadecimal or octal. `name` as the tool's message has it. */
  number(name: string, least = 0, most = 0xffffffff): number {
    const word = this.next();
    const value = wholeNumber(word);
    if (value === undefined || value < least || value > most) throw invalid(word, name);
    return value;
  }

  prefix(family: 4 | 6 | undefined): Prefix {
    const word = this.next();
    const prefix = parsePrefix(word, family);
    if (!prefix) {
      const kind = family === undefined ? 'any valid' : family === 4 ? 'inet' : 'inet6';
      throw new IpProblem(
        `Error: ${family === undefined ? 'any valid' : kind} prefix is expected rather than "${word}".\n`,
        1,
        true,
      );
    }
    return prefix;
  }

  address(family: 4 | 6 | undefined): Uint8Array {
    const word = this.next();
    const prefix = word.includes('/') ? undefined : parsePrefix(word, family);
    if (!prefix) {
      const kind = family === undefined ? 'any valid' : family === 4 ? 'inet' : 'inet6';
      throw new IpProblem(`Error: ${kind} address is expected rather than "${word}".\n`, 1, true);
    }
    return prefix.bytes;
  }
}

export function invalid(word: string, name: string): IpProblem {
  return new IpProblem(`Error: argument "${word}" is wrong: ${name}\n`, 255);
}

/** strtoul with base 0 over the whole word. */
export function wholeNumber(word: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(word)) return Number.parseInt(word.slice(2), 16);
  if (/^0[0-7]*$/.test(word)) return Number.parseInt(word, 8);
  return /^[1-9][0-9]*$/.test(word) ? Number(word) : undefined;
}

/** Finds the word that `typed` abbreviates; the first one in the list counts, as in iproute2. */
export function abbreviated<T extends string>(typed: string, words: readonly T[]): T | undefined {
  return words.find((word) => word === typed) ?? words.find((word) => typed !== '' && word.startsWith(typed));
}
