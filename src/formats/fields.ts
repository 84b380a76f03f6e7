import { nearest } from './packet-language/problem.ts';

/** Where a value lies in a document: keys and places in lists. */
export type FieldPath = readonly (string | number)[];

/** A value of a document that is not what the format asks for. The message begins with the field: `host.interfaces[0].mac: …`. */
export class FieldProblem extends Error {
  readonly path: FieldPath;
  /** The key itself is wrong, not what it holds. */
  readonly atKey: boolean;
  /** In a text of several lines: how many come before the one that is wrong. */
  readonly lineOffset: number;

  constructor(path: FieldPath, problem: string, atKey = false, lineOffset = 0) {
    super(path.length === 0 ? problem : `${fieldName(path)}: ${problem}`);
    this.name = 'FieldProblem';
    this.path = path;
    this.atKey = atKey;
    this.lineOffset = lineOffset;
  }
}

/** `host.interfaces[0].mac`. */
export function fieldName(path: FieldPath): string {
  let text = '';
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : text === '' ? key : `.${key}`;
  return text;
}

/** What was found, for a message: the value itself if it is short. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = typeof value === 'string' ? `'${value}'` : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** An object whose keys are all among `known`; `what` names it in messages: `an interface`. */
export function readObject(
  value: unknown,
  path: FieldPath,
  what: string,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const object = readMap(value, path, what);
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near ? `; is it '${near}'?` : '';
    throw new FieldProblem(
      [...path, key],
      `${what} has no such field${hint} (it has ${known.join(', ')})`,
      true,
    );
  }
  return object;
}

/** An object with keys of any name. */
export function readMap(value: unknown, path: FieldPath, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FieldProblem(path, `must be ${what} (an object of fields), is ${shown(value)}`);
  return value as Record<string, unknown>;
}

/** A list, each entry read by `entry`; left out is empty. */
export function readList<T>(
  value: unknown,
  path: FieldPath,
  entry: (value: unknown, path: FieldPath) => T,
): readonly T[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new FieldProblem(path, `must be a list, is ${shown(value)}`);
  return value.map((item, index) => entry(item, [...path, index]));
}

/** A text; left out is ''. */
export function readText(value: unknown, path: FieldPath): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new FieldProblem(path, `must be a text, is ${shown(value)}`);
  return value;
}

/** A text that has to be there; `example` shows one. */
export function requireText(value: unknown, path: FieldPath, example: string): string {
  if (typeof value !== 'string' || value === '')
    throw new FieldProblem(path, `must be a text such as '${example}', is ${shown(value)}`);
  return value;
}

/** A whole number within bounds, both included. */
export function readInteger(value: unknown, path: FieldPath, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw new FieldProblem(path, `must be a whole number from ${least} to ${most}, is ${shown(value)}`);
  return value;
}
