import { dirname, resolve } from 'node:path';
import { bytesOfText } from '../formats/bytes-text.ts';
import type { HostDescription } from '../formats/host-description.ts';
import { HostTemplate } from '../formats/host-template.ts';
import type { HostSource, TestFile } from '../testing/cases/model.ts';
import type { Document } from './document.ts';
import { readTextFile } from './files.ts';
import { building, type DescribedHost, describeHost } from './host-file.ts';
import { UserProblem } from './problem.ts';

/** Makes the hosts of cases; each description is read once. Paths are relative to the file of cases. */
export class TestHosts {
  readonly #made = new Map<string, Promise<HostTemplate>>();

  /** The host of a case: its own, or the file's. @throws {UserProblem} */
  find(document: Document, file: TestFile, own: HostSource | undefined): Promise<HostTemplate> {
    const source = own ?? file.host;
    if (!source) {
      throw new UserProblem(
        `${document.place(['tests'])}: there is no host: write 'host: FILE' at the top, or in the case`,
      );
    }
    const name = source.kind === 'file' ? this.#path(document, source.file) : document.place(source.path);
    const key = JSON.stringify([
      name,
      ...Object.entries(file.rulesets).map(([kind, path]) => [kind, this.#path(document, path)]),
    ]);
    const made = this.#made.get(key) ?? this.#make(document, file, source);
    this.#made.set(key, made);
    return made;
  }

  #path(document: Document, file: string): string {
    return resolve(dirname(document.file), file);
  }

  async #make(document: Document, file: TestFile, source: HostSource): Promise<HostTemplate> {
    const described: DescribedHost =
      source.kind === 'file'
        ? await describeHost(this.#path(document, source.file))
        : {
            description: source.description,
            place: (path, offset) => document.place(path, false, offset),
            notes: [],
          };
    for (const note of described.notes) process.stderr.write(`fivehooks: note: ${note}\n`);
    const texts: Partial<Record<keyof TestFile['rulesets'], string>> = {};
    for (const kind of ['iptables', 'ip6tables', 'ipset'] as const) {
      const name = file.rulesets[kind];
      if (name !== undefined) texts[kind] = bytesOfText(readTextFile(this.#path(document, name)));
    }
    const description: HostDescription = { ...described.description, ...texts };
    const place: DescribedHost['place'] = (path, offset = 0) => {
      const last = path.at(-1);
      const replaced =
        last === 'iptables' || last === 'ip6tables' || last === 'ipset' ? file.rulesets[last] : undefined;
      return replaced === undefined ? described.place(path, offset) : `${replaced}:${offset + 1}`;
    };
    return building(
      { place },
      () => new HostTemplate(description, source.kind === 'described' ? source.path : []),
    );
  }
}
