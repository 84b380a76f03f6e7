import { extname } from 'node:path';
import type { FieldPath, FieldProblem } from '../formats/fields.ts';
import { JsonProblem, lineAndColumn, locateJson, parseJson } from '../formats/json.ts';
import { readTextFile } from './files.ts';
import { UserProblem } from './problem.ts';

/** The plain value of a JSON or YAML file, and where each of its fields stands. */
export interface Document {
  readonly file: string;
  readonly value: unknown;
  /** `FILE:LINE:COLUMN` of a field; `lineOffset` lines into it if it is a text of several lines. */
  place(path: FieldPath, atKey?: boolean, lineOffset?: number): string;
}

/** Reads a JSON file. */
export function readJsonDocument(file: string): Document {
  return jsonDocument(file, readTextFile(file));
}

/** Reads a file that holds YAML, or JSON if it is called `.json` or begins with a brace. */
export async function readDocument(file: string): Promise<Document> {
  const text = readTextFile(file);
  if (extname(file) === '.json' || text.trimStart().startsWith('{')) return jsonDocument(file, text);
  const { yamlDocument } = await import('./yaml.ts');
  return yamlDocument(file, text);
}

function jsonDocument(file: string, text: string): Document {
  const at = (offset: number) => {
    const { line, column } = lineAndColumn(text, offset);
    return `${file}:${line}:${column}`;
  };
  try {
    return {
      file,
      value: parseJson(text),
      place: (path, atKey = false) => at(locateJson(text, path, atKey)),
    };
  } catch (error) {
    if (error instanceof JsonProblem)
      throw new UserProblem(`${at(error.offset)}: not JSON: ${error.message}`);
    throw error;
  }
}

/** A problem with a field, with the place of the field before it. */
export function placed(document: Document, problem: FieldProblem): UserProblem {
  const place = document.place(problem.path, problem.atKey, problem.lineOffset);
  return new UserProblem(`${place}: ${problem.message}`);
}
