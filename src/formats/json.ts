import type { FieldPath } from './fields.ts';

/** A text that is not JSON, and where. */
export class JsonProblem extends Error {
  /** Offset of the first character that does not fit. */
  readonly offset: number;

  constructor(offset: number, problem: string) {
    super(problem);
    this.name = 'JsonProblem';
    this.offset = offset;
  }
}

/**
 * The value of a JSON text (RFC 8259).
 * @throws {JsonProblem} with the place, which JSON.parse does not always tell.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    new Scanner(text).document();
    throw new JsonProblem(0, error instanceof Error ? error.message : 'is not JSON');
  }
}

/** Offset of the value at a path of a correct JSON text, or of its key; of the nearest value around it if there is none. */
export function locateJson(text: string, path: FieldPath, atKey: boolean): number {
  const scanner = new Scanner(text, path, atKey);
  scanner.document();
  return scanner.found;
}

/** Line and column, both from 1, of an offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: offset - lastBreak };
}

const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\r\n]*/y;
const MAX_DEPTH = 500;

/** Walks a JSON text for the places of things; used only when something is wrong. */
class Scanner {
  readonly #text: string;
  readonly #path: FieldPath;
  readonly #atKey: boolean;
  #at = 0;
  found = 0;

  constructor(text: string, path: FieldPath = [], atKey = false) {
    this.#text = text;
    this.#path = path;
    this.#atKey = atKey;
  }

  document(): void {
    this.#value(0, true);
    if (this.#at < this.#text.length) this.#fail('the end of the text');
  }

  #fail(wanted: string): never {
    const at = this.#at;
    const got = at < this.#text.length ? `'${this.#text[at]}'` : 'the end of the text';
    throw new JsonProblem(at, `expected ${wanted}, found ${got}`);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const word = pattern.exec(this.#text)?.[0];
    if (word !== undefined) this.#at += word.length;
    return word;
  }

  /** Reads a value and the blanks around it. `onPath`: all keys so far are those of the path. */
  #value(depth: number, onPath: boolean): void {
    this.#take(BLANK);
    if (onPath) this.found = this.#at;
    if (depth > MAX_DEPTH) throw new JsonProblem(this.#at, `more than ${MAX_DEPTH} levels deep`);
    const first = this.#text[this.#at];
    if (first === '{') this.#members('}', depth, onPath);
    else if (first === '[') this.#members(']', depth, onPath);
    else if (!(this.#take(STRING) ?? this.#take(NUMBER) ?? this.#take(WORD))) {
      this.#fail(first === '"' ? 'a text that is closed on its line, with correct escapes' : 'a value');
    }
    this.#take(BLANK);
  }

  #members(end: '}' | ']', depth: number, onPath: boolean): void {
    this.#at++;
    this.#take(BLANK);
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (let index = 0; ; index++) {
      let key: string | number = index;
      if (end === '}') {
        this.#take(BLANK);
        const from = this.#at;
        const word = this.#take(STRING);
        if (word === undefined) this.#fail("a key in '\"'");
        key = JSON.parse(word) as string;
        if (onPath && this.#atKey && depth === this.#path.length - 1 && key === this.#path[depth])
          this.found = from;
        this.#take(BLANK);
        if (this.#text[this.#at] !== ':') this.#fail("':'");
        this.#at++;
      }
      const wanted = onPath && depth < this.#path.length && key === this.#path[depth];
      const isKeyItself = this.#atKey && depth === this.#path.length - 1;
      this.#value(depth + 1, wanted && !isKeyItself);
      const next = this.#text[this.#at];
      if (next !== ',' && next !== end) this.#fail(`',' or '${end}'`);
      this.#at++;
      if (next === end) return;
    }
  }
}
