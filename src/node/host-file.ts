import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildHost, HostLoadProblem } from '../formats/build-host.ts';
import { bytesOfText } from '../formats/bytes-text.ts';
import { type FieldPath, FieldProblem } from '../formats/fields.ts';
import { type HostDescription, readHostDescription } from '../formats/host-description.ts';
import type { Host, HostOptions } from '../host/host.ts';
import { placed, readDocument } from './document.ts';
import { readHostFolder } from './host-folder.ts';
import { UserProblem } from './problem.ts';

/** What a file or a folder says of a host, and where it says it. */
export interface DescribedHost {
  readonly description: HostDescription;
  /** `FILE:LINE:COLUMN` of a field; `lineOffset` lines into it if it is a text of several lines. */
  place(path: FieldPath, lineOffset?: number): string;
  /** What a folder says and the host does not have. */
  readonly notes: readonly string[];
}

/**
 * Reads the host that a YAML or JSON file describes, or a folder with what the tools print (docs/snapshot.md).
 * @throws {UserProblem} with file, line, field and what would be right.
 */
export async function describeHost(file: string): Promise<DescribedHost> {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    const inside = join(file, 'host.yaml');
    if (!existsSync(inside)) return describeFolder(file);
    file = inside;
  }
  const document = await readDocument(file);
  const place = (path: FieldPath, lineOffset = 0) => document.place(path, false, lineOffset);
  try {
    return { description: withBytes(readHostDescription(document.value)), place, notes: [] };
  } catch (error) {
    if (error instanceof FieldProblem) throw placed(document, error);
    throw error;
  }
}

function describeFolder(folder: string): DescribedHost {
  const parts = readHostFolder(folder);
  const place = (path: FieldPath, lineOffset?: number) => parts.place(path, lineOffset);
  try {
    return { description: withBytes(readHostDescription(parts.value)), place, notes: parts.notes };
  } catch (error) {
    if (error instanceof FieldProblem)
      throw new UserProblem(`${place(error.path, error.lineOffset)}: ${error.message}`);
    throw error;
  }
}

/**
 * Builds the host of a file or folder. What a folder says and the host does not have is told on standard error, a line each.
 * @throws {UserProblem} with file, line, field and what would be right.
 */
export async function hostFromFile(file: string, options: HostOptions = {}): Promise<Host> {
  const described = await describeHost(file);
  const host = building(described, () => buildHost(described.description, options));
  for (const note of described.notes) process.stderr.write(`fivehooks: note: ${note}\n`);
  return host;
}

/** Does what builds a described host. What the host refuses is told with its place. @throws {UserProblem} */
export function building<T>({ place }: Pick<DescribedHost, 'place'>, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof HostLoadProblem)) throw error;
    const at = error.line > 0 ? place(error.path, error.line - 1) : place(error.path);
    throw new UserProblem(`${at}: ${error.message}`);
  }
}

/** The rules' texts as the tools would read them from a UTF-8 file. */
function withBytes(description: HostDescription): HostDescription {
  const { ipset, iptables, ip6tables } = description;
  return {
    ...description,
    ipset: bytesOfText(ipset),
    iptables: bytesOfText(iptables),
    ip6tables: bytesOfText(ip6tables),
  };
}
