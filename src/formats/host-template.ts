import type { Host, HostOptions } from '../host/host.ts';
import { buildHost } from './build-host.ts';
import type { FieldPath } from './fields.ts';
import type { HostDescription } from './host-description.ts';

/** Makes hosts that are described alike, each fresh: the rules are read once. */
export class HostTemplate {
  readonly description: HostDescription;
  readonly #path: FieldPath;
  /** Its tables are lent; no packet reaches it. */
  readonly #lender: Host;

  /** @throws {HostLoadProblem} if a part of the description is refused. */
  constructor(description: HostDescription, path: FieldPath = []) {
    this.description = description;
    this.#path = path;
    this.#lender = buildHost(description, {}, path);
  }

  make(options: HostOptions = {}): Host {
    return buildHost(this.description, options, this.#path, this.#lender);
  }

  /** A host to look at: its rules, sets and interfaces. It must not be changed, nor given packets. */
  get model(): Host {
    return this.#lender;
  }
}
