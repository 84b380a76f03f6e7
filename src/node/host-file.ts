import { buildHost, HostLoadProblem } from '../formats/build-host.ts';
import { bytesOfText } from '../formats/bytes-text.ts';
import { FieldProblem } from '../formats/fields.ts';
import { type HostDescription, readHostDescription } from '../formats/host-description.ts';
import type { Host, HostOptions } from '../host/host.ts';
import { placed, readDocument } from './document.ts';
import { UserProblem } from './problem.ts';

/**
 * Builds the host that a YAML or JSON file describes.
 * @throws {UserProblem} with file, line, field and what would be right.
 */
export async function hostFromFile(file: string, options: HostOptions = {}): Promise<Host> {
  const document = await readDocument(file);
  try {
    return buildHost(withBytes(readHostDescription(document.value)), options);
  } catch (error) {
    if (error instanceof FieldProblem) throw placed(document, error);
    if (error instanceof HostLoadProblem) {
      const place = document.place(error.path, false, Math.max(0, error.line - 1));
      throw new UserProblem(`${place}: ${error.message}`);
    }
    throw error;
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
