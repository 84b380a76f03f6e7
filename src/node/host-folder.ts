import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { effectiveSysctls } from './effective-sysctls.ts';
import { readTextFile } from './files.ts';
import { type HostParts, hostOfParts, type Part, type PartText } from './host-parts.ts';
import { UserProblem } from './problem.ts';

const output = (name: string) => [`${name}.txt`, `${name}.json`];

/** The files that are looked for in a folder, by part of the host; docs/snapshot.md has the list. */
const FILES: Readonly<Record<Part, readonly string[]>> = {
  iptables: ['iptables.save', 'iptables-save.txt', 'ruleset.save', 'rules.v4'],
  ip6tables: ['ip6tables.save', 'ip6tables-save.txt', 'ruleset6.save', 'rules.v6'],
  ipset: ['ipset.restore', 'ipset.save', 'ipset.txt'],
  link: output('ip-link'),
  addr: output('ip-addr'),
  route: output('ip-route'),
  route6: output('ip6-route'),
  rule: output('ip-rule'),
  rule6: output('ip6-rule'),
  neigh: output('ip-neigh'),
  sysctl: ['sysctl.txt'],
  tables: ['rt_tables'],
  users: ['passwd'],
  groups: ['group'],
  hosts: ['hosts'],
  services: ['services'],
  protocols: ['protocols'],
};

/**
 * Reads a folder with what the tools printed.
 * @throws {UserProblem} if nothing in it is known, or two files say the same.
 */
export function readHostFolder(folder: string): HostParts {
  const present = readdirSync(folder).sort();
  const parts = new Map<Part, PartText>();
  for (const [part, names] of Object.entries(FILES) as [Part, readonly string[]][]) {
    const found = names.filter((name) => present.includes(name));
    if (found.length > 1)
      throw new UserProblem(`${folder}: has ${found.join(' and ')}, which say the same; leave one`);
    const name = found[0];
    if (name !== undefined)
      parts.set(part, { from: join(folder, name), text: readTextFile(join(folder, name)) });
  }
  if (parts.size === 0)
    throw new UserProblem(
      `${folder}: no host in it; it may have host.yaml, or any of ${Object.values(FILES).flat().join(', ')}`,
    );
  const known = new Set(Object.values(FILES).flat());
  const unknown = present.filter((name) => !known.has(name));
  const host = hostOfParts(parts);
  const { sysctls, refused } = effectiveSysctls(
    host.value,
    Object.entries(host.value.sysctls as Record<string, string>),
  );
  const notes = [...host.notes];
  if (refused.length > 0)
    notes.push(`${parts.get('sysctl')?.from}: not followed, left out: ${refused.join(', ')}`);
  if (unknown.length > 0) notes.push(`${folder}: not read: ${unknown.join(', ')}`);
  return { ...host, value: { ...host.value, sysctls }, notes };
}
