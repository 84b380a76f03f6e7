/** Something that a tool's output says and a host description cannot, or that was left out. */
export interface Note {
  /** Line of the output, from 1. */
  readonly line: number;
  readonly text: string;
}

/** A value and the line of the output that it was read from. */
export interface Placed<T> {
  readonly line: number;
  readonly value: T;
}

/** What was read from a tool's output. */
export interface ToolOutput<T> {
  readonly values: readonly Placed<T>[];
  readonly notes: readonly Note[];
}

/** Output that is not of the tool that it is said to be from. */
export class ToolOutputProblem extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'ToolOutputProblem';
    this.line = line;
  }
}

/** The most lines that are read; the largest tables of the Internet have a million routes. */
const MAX_LINES = 2_000_000;

/** Lines that say something: no blank ones, no comments (`#`). */
export function usefulLines(text: string): readonly Placed<string>[] {
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) throw new ToolOutputProblem(MAX_LINES, `more than ${MAX_LINES} lines`);
  return lines
    .map((value, index) => ({ line: index + 1, value: value.trimEnd() }))
    .filter(({ value }) => value !== '' && !/^\s*#/.test(value));
}

/** The objects that a tool printed with `-json`; undefined if the text is no JSON list. */
export function jsonObjects(text: string): readonly Placed<Readonly<Record<string, unknown>>>[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new ToolOutputProblem(1, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const objects = (list as unknown[]).filter(
    (entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null,
  );
  // `ip -j` prints all on one line.
  return objects.map((value) => ({ line: 1, value }));
}

/** A member of a JSON object as a word; '' if it is not there or no text or number. */
export function word(object: Readonly<Record<string, unknown>>, key: string): string {
  const value = object[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
