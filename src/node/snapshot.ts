import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { buildHost } from '../formats/build-host.ts';
import { readHostDescription } from '../formats/host-description.ts';
import { effectiveSysctls } from './effective-sysctls.ts';
import { writeTextFile } from './files.ts';
import { hostOfParts } from './host-parts.ts';
import { type RulesFrom, readMachine } from './snapshot-machine.ts';

const HELP = `
Takes interfaces, addresses, neighbours, routes, rules, settings, sets, rulesets, users and groups of this machine, or of
the network namespace it is called in, and writes them as a HOST file. It changes nothing. Sockets are not taken.

Rules come from iptables-legacy-save; if that has none, from iptables-nft-save (--rules says otherwise). Of /etc/passwd and
/etc/group names and numbers are taken, only if a rule looks at owners. What could not be taken is told on standard error.

Exit status: 0 if there is a file, even if parts are missing; 1 otherwise.`;

interface SnapshotOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly sysctls: boolean;
  readonly rules: RulesFrom;
}

export function define(command: Command): void {
  command
    .option('-o, --output <file>', 'write to this file instead of standard output')
    .option('--json', 'write JSON instead of YAML')
    .option('--no-sysctls', 'leave the settings out')
    .addOption(
      new Option('--rules <which>', 'whose rules to take').choices(['legacy', 'nft', 'both']).default('both'),
    )
    .addHelpText('after', HELP)
    .action((options: SnapshotOptions) => {
      const { value, notes } = snapshot(options);
      for (const note of notes) process.stderr.write(`fivehooks: note: ${note}\n`);
      const text = options.json ? `${JSON.stringify(value, null, 1)}\n` : yamlText(value, notes);
      if (options.output === undefined) process.stdout.write(text);
      else writeTextFile(options.output, text);
    });
}

function snapshot(options: SnapshotOptions): { value: Record<string, unknown>; notes: readonly string[] } {
  const { parts, missing } = readMachine(options.rules);
  for (const part of ['users', 'groups'] as const) {
    const found = parts.get(part);
    const owners = ['iptables', 'ip6tables'].some((each) =>
      /-m owner/.test(parts.get(each as 'iptables')?.text ?? ''),
    );
    if (found && owners) parts.set(part, { ...found, text: namesAndNumbers(found.text) });
    else parts.delete(part);
  }
  const host = hostOfParts(parts);
  const notes = [...missing, ...host.notes];
  const { sysctls: _, ...value } = host.value;
  if (!options.sysctls) return { value: withoutEmpty(value), notes };
  const { sysctls, refused } = effectiveSysctls(value, machineSettings(value));
  for (const name of refused) notes.push(`sysctl ${name}: not followed, left out`);
  return { value: withoutEmpty({ ...value, sysctls }), notes };
}

/** This machine's values of the settings that the engine has. */
function* machineSettings(value: Readonly<Record<string, unknown>>): Generator<readonly [string, string]> {
  const names = (value.interfaces as { name: string }[]).map(({ name }) => ({ name }));
  const engine = buildHost(readHostDescription({ interfaces: names }));
  for (const path of engine.sysctl.paths()) {
    if (!path.startsWith('net/')) continue;
    let text: string;
    try {
      text = readFileSync(`/proc/sys/${path}`, 'utf8').trim();
    } catch {
      continue;
    }
    // In the form with dots, a dot of an interface's name is a slash.
    yield [path.replace(/[./]/g, (each) => (each === '/' ? '.' : '/')), text];
  }
}

function namesAndNumbers(text: string): string {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 3)
    .map(([name, , number]) => `${name}:x:${number}:\n`)
    .join('');
}

function withoutEmpty(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, entry]) => typeof entry !== 'object' || Object.keys(entry ?? {}).length > 0,
    ),
  );
}

function yamlText(value: Record<string, unknown>, notes: readonly string[]): string {
  const comments = notes.map((note) => `# ${note.replace(/[\r\n]+/g, ' ')}\n`).join('');
  return `# What 'fivehooks snapshot' took from this machine.\n${comments}${stringify(value, { lineWidth: 0 })}`;
}
