import { type Field, setField, type Value } from './field.ts';
import type { Header } from './layer.ts';
import { BadValue, PacketLanguageError } from './problem.ts';
import type { Token } from './tokens.ts';

/** Words being read: a place in a list of tokens, and the errors that name it. */
export class Reader {
  readonly tokens: readonly Token[];
  /** Headers between IP and the transport so far; a layer may add one. */
  extensions: Header[] = [];
  at = 0;
  /** Column behind the last token, where a missing word would stand. */
  readonly #end: number;

  constructor(tokens: readonly Token[], end: number) {
    this.tokens = tokens;
    this.#end = end;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  /** The next token. `wanted` says what should stand there: `a source, as in 192.0.2.1:40000`. */
  next(wanted: string): Token {
    const token = this.tokens[this.at];
    if (!token) throw new PacketLanguageError(this.#end, 1, `something is missing: ${wanted}`);
    this.at++;
    return token;
  }

  /** Takes the next token if it is `text`. */
  skip(text: string): boolean {
    if (this.peek()?.text !== text) return false;
    this.at++;
    return true;
  }

  fail(token: Token, problem: string): never {
    throw new PacketLanguageError(token.column, token.length, problem);
  }

  /** Reads the next token with `read`, which throws BadValue; the error then names `word`, the token and its place. */
  value<T>(word: string, read: (text: string) => T): T {
    const token = this.next(`a value for '${word}'`);
    return this.part(word, token, token.text, 0, read);
  }

  /** The same for a part of a token that begins `offset` characters into it. */
  part<T>(word: string, token: Token, text: string, offset: number, read: (text: string) => T): T {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw new PacketLanguageError(
        token.column + offset,
        text.length,
        `${word} ${text || 'missing'}: ${error.message}`,
      );
    }
  }

  /** Is the next token one that `read` takes? */
  nextFits(read: (text: string) => unknown): boolean {
    const token = this.peek();
    if (!token || token.bytes) return false;
    try {
      read(token.text);
      return true;
    } catch {
      return false;
    }
  }

  /** Gives a field of a header its value; it is not computed then. */
  give(header: Header, field: Field, value: Value): void {
    header.given.add(field);
    setField(header.bytes, field, value);
  }
}
