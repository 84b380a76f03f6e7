import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { UserProblem } from './problem.ts';

/** Reads a text file; `-` is standard input. */
export function readTextFile(path: string): string {
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    return text.startsWith('\ufeff') ? text.slice(1) : text;
  } catch (error) {
    throw new UserProblem(`${path}: cannot be read: ${reason(error)}`);
  }
}

/** Reads a file's bytes; `-` is standard input. */
export function readBinaryFile(path: string): Uint8Array {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    throw new UserProblem(`${path}: cannot be read: ${reason(error)}`);
  }
}

/** Writes a text file, making its folders. */
export function writeTextFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new UserProblem(`${path}: cannot be written: ${reason(error)}`);
  }
}

/** A file that was named, or found in a folder that was; `inside` is its path in that folder. */
export interface FoundFile {
  readonly path: string;
  readonly inside: string | undefined;
}

/** The files that arguments name: themselves, or all below a folder whose name ends in `ending`, sorted. */
export function findFiles(args: readonly string[], ending: string): readonly FoundFile[] {
  return args.flatMap((path): FoundFile[] => {
    if (!isFolder(path)) return [{ path, inside: undefined }];
    const files = [...walk(path)].filter((file) => file.endsWith(ending));
    if (files.length === 0) throw new UserProblem(`${path}: has no file *${ending}`);
    return files.map((file) => ({ path: file, inside: relative(path, file) }));
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new UserProblem(`${path}: cannot be read: ${reason(error)}`);
  }
}

/** Files of a folder, then those of its folders, each sorted by name; links to folders are not followed. */
function* walk(folder: string): Generator<string> {
  let entries: ReturnType<typeof list>;
  try {
    entries = list(folder);
  } catch (error) {
    throw new UserProblem(`${folder}: cannot be read: ${reason(error)}`);
  }
  for (const entry of entries) if (!entry.isDirectory()) yield join(folder, entry.name);
  for (const entry of entries) if (entry.isDirectory()) yield* walk(join(folder, entry.name));
}

function list(folder: string) {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'is a folder',
  ENOTDIR: 'a part of the path is no folder',
  ENOSPC: 'no space left',
  EROFS: 'read-only file system',
};

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
