/** The control groups of a host (cgroup2), by their paths. Without their description there is the root alone. */
export class Cgroups {
  /** The key for `environment.shared`. */
  static create(): Cgroups {
    return new Cgroups();
  }

  readonly #paths = new Set(['']);

  /** Adds a group and those above it. */
  add(path: string): void {
    let made = '';
    for (const name of path.split('/')) {
      if (name === '') continue;
      made += `/${name}`;
      this.#paths.add(made);
    }
  }

  /** The path without what is not needed: '' for the root. Undefined if there is no such group. */
  find(path: string): string | undefined {
    const plain = plainCgroup(path);
    return this.#paths.has(plain) ? plain : undefined;
  }
}

/** A group's path as it is compared: `/a/b`, '' for the root; `//a/` is `/a` (fs/kernfs/dir.c kernfs_walk_ns). */
export function plainCgroup(path: string): string {
  return path
    .split('/')
    .filter((name) => name !== '')
    .map((name) => `/${name}`)
    .join('');
}
